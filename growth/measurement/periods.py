"""The period a report is about, and the one it is compared with."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from growth.errors import InvalidError
from growth.locales import N_

LENGTHS = (7, 28, 90)
"""Days that a report until today may cover."""
LONGEST = 365
"""So that a period and the same days of the year before have no day in common."""
EARLIEST = date(2000, 1, 1)

Comparison = Literal["before", "year", "none"]
COMPARISONS: tuple[Comparison, ...] = ("before", "year", "none")
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both counted."""

    first: date
    last: date

    @property
    def length(self) -> int:
        """In days."""
        return (self.last - self.first).days + 1

    @property
    def days(self) -> list[date]:
        """Every day, the earliest first."""
        return [self.first + timedelta(days=number) for number in range(self.length)]

    @property
    def before(self) -> "Period":
        """The period of the same length that ends where this one begins."""
        return Period(self.first - timedelta(days=self.length), self.first - timedelta(days=1))

    @property
    def year_before(self) -> "Period":
        """The same days of the year before; of 29 February, the 28th."""
        return Period(_year_before(self.first), _year_before(self.last))

    def compared(self, comparison: Comparison) -> "Period | None":
        """The period that this one is compared with."""
        return {"before": self.before, "year": self.year_before, "none": None}[comparison]


def _year_before(day: date) -> date:
    last = 28 if (day.month, day.day) == (2, 29) else day.day
    return day.replace(year=day.year - 1, day=last)


def period_until(now: datetime, zone: ZoneInfo, length: int) -> Period:
    """The last `length` days in `zone`, today among them. Raises InvalidError, field `days`."""
    if length not in LENGTHS:
        raise InvalidError("days", N_("A report covers 7, 28 or 90 days."))
    today = now.astimezone(zone).date()
    return Period(today - timedelta(days=length - 1), today)


def month_of(text: str, today: date) -> Period:
    """The month `2026-10`; the present one until today. Raises InvalidError, field `month`."""
    try:
        first = date.fromisoformat(f"{text}-01") if _MONTH.fullmatch(text) else None
    except ValueError:
        first = None
    if first is None or not EARLIEST <= first <= today:
        raise InvalidError("month", N_("Give a month that has begun, such as 2026-10."))
    following = (first + timedelta(days=31)).replace(day=1)
    return Period(first, min(following - timedelta(days=1), today))


def between(first: str, last: str, today: date) -> Period:
    """From one day to another, both as `2026-10-31`. Raises InvalidError, field `from` or `to`."""
    period = Period(_day("from", first, today), _day("to", last, today))
    if period.first > period.last:
        raise InvalidError("to", N_("The last day isn't before the first."))
    if period.length > LONGEST:
        raise InvalidError("from", N_("A report covers %(most)s days at most."), most=LONGEST)
    return period


def _day(field: str, text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day <= today:
        raise InvalidError(field, N_("Give a day until today."))
    return day
