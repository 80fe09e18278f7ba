"""Who has reached a step of a funnel: one by one, those who entered last first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.measurement.funnels.steps import STEPS, place_of
from growth.measurement.periods import Period
from growth.measurement.sums import Cut

Place = tuple[date, str]
"""Day of the first step and who, after which the list goes on."""

# Of each step reached the latest few, in the order of their index; together these have the latest few of all.
_WALKERS = text("""
    select found.who, found.entered, found.reached, found.share, found.country
    from generate_series(cast(:least as int), cast(:most as int)) as of_step (place) cross join lateral (
        select who, entered, reached, cast(channels ->> :channel as bigint) as share, country from way
        where side = :side and reached = of_step.place and entered between :first and :last
            and jsonb_exists(channels, :channel) and (cast(:country as text) is null or country = :country)
            and (cast(:language as text) is null or language = :language)
            and (entered, who) < (cast(:day as date), cast(:who as text))
        order by entered desc, who desc limit :limit
    ) as found
    order by found.entered desc, found.who desc limit :limit
""")


@dataclass(frozen=True, slots=True)
class Walker:
    """One who has reached it; `share` of them counts for the channel, in millionths."""

    who: str
    """As `Way` has it."""
    entered: date
    reached: str
    """The furthest step."""
    share: int
    country: str

    @property
    def place(self) -> str:
        """Where a page after this goes on."""
        return f"{self.entered}~{self.who}"


def walkers(
    session: Session, channel: str, cut: Cut, period: Period, step: str, *, after: Place | None, limit: int
) -> Sequence[Walker]:
    """Those whose first step was in the period, who came by the channel and have reached the step."""
    names = list(STEPS[cut.side])
    day, who = after or (date.max, "")
    rows = session.execute(_WALKERS, {
        "side": cut.side, "channel": channel, "country": cut.country, "language": cut.language,
        "first": period.first, "last": period.last, "least": place_of(cut.side, step), "most": len(names),
        "day": day, "who": who, "limit": limit,
    })  # fmt: skip
    return [Walker(who, entered, names[reached - 1], share, country) for who, entered, reached, share, country in rows]
