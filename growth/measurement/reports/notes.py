"""What needed attention in a period, as it is kept with its report: facts, for which words are found later."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.measurement.attention import CostMissing, Dearer, RateMissing, attention
from growth.measurement.records import Anomaly
from growth.measurement.report import Report

MOST = 12
"""Of one report: nobody acts on more."""


@dataclass(frozen=True)
class Note:
    """One thing to look at; which fields say something depends on its kind."""

    kind: Literal["departed", "dearer", "cost_missing", "rate_missing"]
    channel: str = ""
    country: str = ""
    """Of a departure; `*` for all together."""
    measure: str = ""
    change: int = 0
    """In ten-thousandths: -6000 is a fall by 60 %."""
    day: date | None = None
    """Since when of a departure, the last one of days without a cost."""
    days: int = 0
    before_minor: int = 0
    now_minor: int = 0
    currency: str = ""

    @property
    def before_each(self) -> Decimal:
        """Minor units that one cost before."""
        return Decimal(self.before_minor)

    @property
    def now_each(self) -> Decimal:
        """Minor units that one costs now."""
        return Decimal(self.now_minor)


def notes_of(session: Session, found: Report) -> list[Note]:
    """What stands out in a report, departures from the usual course first."""
    return [*_departures(session, found), *_findings(found)][:MOST]


def _departures(session: Session, found: Report) -> Iterator[Note]:
    mine = select(Anomaly).where(
        Anomaly.side == found.side,
        Anomaly.day.between(found.period.first, found.period.last),
        Anomaly.state != "explained",
    )
    if found.country is not None:
        mine = mine.where(Anomaly.country == found.country)
    for one in session.scalars(mine.order_by(Anomaly.day.desc(), Anomaly.id.desc()).limit(MOST)):
        yield Note("departed", one.channel, one.country, one.measure, one.change, one.since)


def _findings(found: Report) -> Iterator[Note]:
    for one in attention(found):
        match one:
            case Dearer(line=line, change=change):
                each = [round(figures.cost_each or 0) for figures in (line.before, line.now)]
                yield Note(
                    "dearer", line.channel, change=round(change * 10_000), before_minor=each[0], now_minor=each[1]
                )
            case CostMissing(line=line, days=days):
                yield Note("cost_missing", line.channel, day=days[-1], days=len(days))
            case RateMissing(currency=currency):
                yield Note("rate_missing", currency=currency)
