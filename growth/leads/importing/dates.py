"""Moments in a file of leads: whether 03-04-2018 is in April or in March the whole file tells."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from growth.errors import InvalidError
from growth.locales import N_
from growth.people.importing.cells import bare, moment_of

_LOOSE = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[T,]?\s*(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_EARLIEST = 1990


@dataclass(frozen=True)
class Moments:
    """How a file's moments are read: those without an offset are meant in `zone`."""

    day_first: bool
    zone: str
    now: datetime

    def read(self, field: str, cell: str) -> datetime | None:
        """The moment, aware, in UTC; None for an empty cell. Raises InvalidError naming `field`."""
        text = bare(cell)
        if not text:
            return None
        try:
            moment = self._loose(text) or moment_of(text, self.zone)
        except (InvalidError, ValueError, OverflowError):
            raise InvalidError(
                field,
                N_("“%(text)s” can't be read as a date."),
                remedy=N_("Write it like 2026-11-24 15:30."),
                text=text[:60],
            ) from None
        if moment is None or moment.year < _EARLIEST or moment > self.now:
            raise InvalidError(
                field,
                N_("“%(text)s” lies in the future or before 1990."),
                remedy=N_("Check the year, and whether the day or the month comes first."),
                text=text[:60],
            )
        return moment

    def _loose(self, text: str) -> datetime | None:
        match = _LOOSE.fullmatch(text)
        if match is None:
            return None
        one, _, two, year, hour, minute, second = match.groups()
        day, month = (one, two) if self.day_first else (two, one)
        clock = int(hour or 0), int(minute or 0), int(second or 0)
        local = datetime(int(year), int(month), int(day), *clock, tzinfo=ZoneInfo(self.zone))
        return local.astimezone(UTC)


def day_comes_first(cells: Iterable[tuple[int, str, str]]) -> bool:
    """Whether the day comes before the month in moments such as 24-11-2026: parts above 12 tell, the most of them win.

    `cells` are row, field and text. Raises InvalidError, naming the first undecided row, when nothing tells.
    """
    days = months = 0
    undecided: tuple[int, str, str] | None = None
    for row, field, text in cells:
        match = _LOOSE.fullmatch(bare(text))
        if match is None:
            continue
        one, two = int(match[1]), int(match[3])
        days += one > 12
        months += two > 12
        # Two equal parts say the same either way.
        undecided = undecided or ((row, field, match[0]) if one != two else None)
    if days == months and undecided is not None:
        row, field, text = undecided
        raise InvalidError(
            field,
            N_("Row %(row)d: nothing in the file tells whether the day or the month comes first in “%(text)s”."),
            remedy=N_("Say it with --dates day-first or --dates month-first."),
            row=row,
            text=text[:60],
        )
    return days >= months
