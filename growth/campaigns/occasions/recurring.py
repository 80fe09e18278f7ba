"""Recurring campaigns: the moments at which one goes out, day by day, week by week or month by month. Pure."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from growth.errors import InvalidError
from growth.locales import N_
from growth.scheduling.when import WEEKDAYS, Daily

EVERY = {"day": N_("Every day"), "week": N_("Every week"), "month": N_("Every month")}
_LAST_DAY = 31


def checked_recurrence(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A recurrence as it is stored; raises InvalidError for the first field that isn't right.

    `{"every": "day" | "week" | "month", "day": "mon" … "sun" | 1 … 31 | None, "at": "10:00", "zone": IANA name,
    "until": "2027-01-31" | None}`. In a month that is shorter, its last day stands for a later one.
    """
    every = wanted.get("every")
    if every not in EVERY:
        raise InvalidError("every", N_("Choose how often it goes out."))
    return {
        "every": every,
        "day": _day(every, wanted.get("day")),
        "at": _time_of_day(str(wanted.get("at") or "")),
        "zone": _zone(str(wanted.get("zone") or "UTC")),
        "until": _until(wanted.get("until")),
    }


def _day(every: str, day: Any) -> str | int | None:
    if every == "week":
        if day not in WEEKDAYS:
            raise InvalidError("weekday", N_("Choose a day of the week."))
        return str(day)
    if every == "month":
        number = int(day) if str(day).isascii() and str(day).isdecimal() and len(str(day)) < 3 else 0
        if not 1 <= number <= _LAST_DAY:
            raise InvalidError("month_day", N_("Give a day of the month, from 1 to 31."))
        return number
    return None


def _time_of_day(text: str) -> str:
    try:
        found = Daily(text.strip())
    except InvalidError as error:
        raise InvalidError("time", error.message) from None
    return f"{found.hour:02}:{found.minute:02}"


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidError("zone", N_("There is no time zone “%(zone)s”."), zone=name[:80]) from None


def _until(day: Any) -> str | None:
    if not day:
        return None
    try:
        found = date.fromisoformat(str(day).strip())
    except ValueError:
        found = date.min
    if not 2000 <= found.year <= 2100:
        raise InvalidError("until", N_("Give a date, such as 2026-11-25."))
    return found.isoformat()


def next_occurrence(recurrence: Mapping[str, Any], after: datetime) -> datetime | None:
    """The first moment after `after` (aware; so is the answer, in UTC) at which it goes out; None when it is over.

    A time of day that the clocks leave out comes as much later as they are put forward; of one that comes twice,
    the first counts.
    """
    zone = ZoneInfo(recurrence["zone"])
    hour, _, minute = recurrence["at"].partition(":")
    last = date.fromisoformat(recurrence["until"]) if recurrence.get("until") else None
    # A day earlier than the local one, since a time that was put off may lie beyond midnight.
    for day in _days(recurrence, after.astimezone(zone).date() - timedelta(days=1)):
        if last is not None and day > last:
            return None
        moment = datetime.combine(day, time(int(hour), int(minute)), zone).astimezone(UTC)
        if moment > after:
            return moment
    return None


def _days(recurrence: Mapping[str, Any], first: date) -> Iterator[date]:
    """The days on which it goes out, from `first` on; enough of them to pass any moment of its own."""
    if recurrence["every"] == "month":
        for place in range(first.year * 12 + first.month - 1, first.year * 12 + first.month + 2):
            year, month = place // 12, place % 12 + 1
            yield date(year, month, min(int(recurrence["day"]), monthrange(year, month)[1]))
        return
    days = (first + timedelta(days=number) for number in range(10))
    weekly = recurrence["every"] == "week"
    yield from (day for day in days if not weekly or WEEKDAYS[day.weekday()] == recurrence["day"])
