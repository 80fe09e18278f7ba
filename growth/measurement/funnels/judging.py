"""What is known of one person, and how far they have come by it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from growth.attribution.channels import DIRECT, keys
from growth.measurement.figures import WHOLE
from growth.measurement.funnels.steps import ACQUIRED, ORDERED, TELLING, place_of

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Converted:
    """The earliest conversion of a kind."""

    id: int
    at: datetime
    country: str | None


@dataclass(slots=True)
class Known:
    """All that is known of somebody on a side."""

    side: str
    steps: dict[str, datetime] = field(default_factory=dict)
    """Step to the moment it was first reached."""
    converted: dict[str, Converted] = field(default_factory=dict)
    """By kind."""
    credited: Mapping[str, int] = field(default_factory=dict)
    """Channel to millionths, of the conversion that tells."""
    came_by: str | None = None
    """The channel of the first touch."""
    came_from: str | None = None
    """Its country."""
    lead_by: str | None = None
    """The channel of the lead."""
    country: str | None = None
    """Where they live."""
    language: str | None = None

    def reach(self, step: str, at: datetime) -> None:
        """Note that a step was reached; the earliest moment counts."""
        self.steps[step] = min(at, self.steps.get(step, at))

    @property
    def telling(self) -> Converted | None:
        """The conversion whose credit says by which channel they came."""
        return next((self.converted[kind] for kind in TELLING if kind in self.converted), None)


@dataclass(frozen=True, slots=True)
class Walked:
    """A way; the fields are the columns of `Way` but for whose it is."""

    entered: date
    reached: int
    channels: Mapping[str, int]
    country: str
    language: str
    week: date | None
    within: int | None


def walked(known: Known, zone: ZoneInfo) -> Walked | None:
    """How far somebody has come, in days of `zone`; None for one who hasn't begun."""
    if not known.steps:
        return None
    acquired, ordered = known.steps.get(ACQUIRED[known.side]), known.steps.get(ORDERED[known.side])
    joined = acquired.astimezone(zone).date() if acquired else None
    return Walked(
        entered=min(known.steps.values()).astimezone(zone).date(),
        reached=max(place_of(known.side, step) for step in known.steps),
        channels=channels_of(known),
        country=_country(known),
        language=known.language or "",
        week=joined - timedelta(days=joined.weekday()) if joined else None,
        within=max((ordered - acquired) // WEEK, 0) + 1 if acquired and ordered else None,
    )


def channels_of(known: Known) -> Mapping[str, int]:
    """The channels somebody came by, in millionths: one answer for the whole way, so that no step has more than before.

    The credit of the registration or opened shop says it, or that of the first order or of the subscription. Of one
    who did none of these the lead's channel does, then the first touch's.
    """
    if known.credited:
        return known.credited
    found = known.lead_by if known.lead_by not in {None, DIRECT} else known.came_by
    return {found if found in keys(known.side) else DIRECT: WHOLE}


def _country(known: Known) -> str:
    told = known.telling
    return (told.country if told else None) or known.came_from or known.country or ""
