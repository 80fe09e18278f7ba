"""The period a report is about, and the one of the same length before it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from growth.errors import InvalidError
from growth.locales import N_

LENGTHS = (7, 28, 90)
"""Days that a report may cover."""


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


def period_until(now: datetime, zone: ZoneInfo, length: int) -> Period:
    """The last `length` days in `zone`, today among them. Raises InvalidError, field `days`."""
    if length not in LENGTHS:
        raise InvalidError("days", N_("A report covers 7, 28 or 90 days."))
    today = now.astimezone(zone).date()
    return Period(today - timedelta(days=length - 1), today)
