"""What is judged, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

HISTORY = 56
"""Days that the baseline is fitted to, eight of each weekday."""
RECENT = 7
"""Days after them that are judged."""
ALL = "*"


@dataclass(frozen=True, order=True)
class Scope:
    """Whose figures: a channel in a country, `*` for all countries, and the measure."""

    channel: str
    country: str
    measure: str


@dataclass(frozen=True)
class Series:
    """Counts by day, HISTORY + RECENT of them with the latest last, and what they are counted for."""

    scope: Scope
    counts: Sequence[float]
    exposure: Sequence[float]


@dataclass(frozen=True)
class Departure:
    """A series that left its baseline."""

    scope: Scope
    since: date
    change: float
    """Of the measure against what was expected, as a share of 1; of a cost for each, how much dearer it is."""
    seen: float
    expected: float
    p: float

    @property
    def excess(self) -> float:
        """Counted beyond what was expected; fewer for the same cost is below nothing too."""
        return self.seen - self.expected


@dataclass(frozen=True)
class Judged:
    """The departures, the least likely first, and how far every series is from its baseline over two days."""

    departures: Sequence[Departure]
    changes: dict[Scope, float]
