"""When a job is due: every so often, hourly, daily, by a cron expression, or once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from growth.errors import InvalidError
from growth.locales import N_
from growth.scheduling.cron import Fields, parse

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_LONGEST = 366 * 86_400


@dataclass(frozen=True)
class Every:
    """At a steady pace, counted from a fixed moment (Monday 5 January 1970, UTC), so that all schedulers agree."""

    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0
    time_zone: ClassVar[None] = None
    """A pace has no time zone."""

    def __post_init__(self) -> None:
        if min(self.days, self.hours, self.minutes, self.seconds) < 0 or not 1 <= self.total_seconds <= _LONGEST:
            raise InvalidError("every", N_("A job can run at most every second and must run at least once a year."))

    @property
    def total_seconds(self) -> int:
        """Length of the pace."""
        return sum(size * int(getattr(self, unit)) for unit, size in _UNITS.items())

    def as_json(self) -> dict[str, Any]:
        """As kept in the database."""
        return {"every": {unit: getattr(self, unit) for unit in _UNITS if getattr(self, unit)}}


@dataclass(frozen=True)
class Hourly:
    """Every hour at this minute."""

    minute: int = 0
    time_zone: str | None = None
    """An IANA name; None means the workspace's."""

    def __post_init__(self) -> None:
        _whole("minute", self.minute, 59)
        _known_zone(self.time_zone)

    def as_json(self) -> dict[str, Any]:
        """As kept in the database."""
        return _with_zone({"hourly": self.minute}, self.time_zone)


@dataclass(frozen=True)
class Daily:
    """At `at` ("06:00") of every day, or only of the days of the week in `days` ("mon" … "sun")."""

    at: str
    days: tuple[str, ...] = ()
    time_zone: str | None = None

    def __post_init__(self) -> None:
        hour, _, minute = self.at.partition(":")
        if not (hour.isdecimal() and minute.isdecimal() and len(minute) == 2 and int(hour) < 24 and int(minute) < 60):
            raise InvalidError("at", N_("Write the time of day as hours and minutes, such as 06:30."))
        if not set(self.days) <= set(WEEKDAYS):
            raise InvalidError("days", N_("Choose days of the week."))
        _known_zone(self.time_zone)

    @property
    def hour(self) -> int:
        """0 to 23."""
        return int(self.at.partition(":")[0])

    @property
    def minute(self) -> int:
        """0 to 59."""
        return int(self.at.partition(":")[2])

    def as_json(self) -> dict[str, Any]:
        """As kept in the database."""
        days = {"days": [day for day in WEEKDAYS if day in self.days]} if self.days else {}
        return _with_zone({"daily": self.at} | days, self.time_zone)


@dataclass(frozen=True)
class Cron:
    """By a cron expression of five fields: minute, hour, day of the month, month, day of the week (0 is Sunday)."""

    expression: str
    time_zone: str | None = None

    def __post_init__(self) -> None:
        parse(self.expression)
        _known_zone(self.time_zone)

    @property
    def fields(self) -> Fields:
        """The five fields, the days of the week as names."""
        return parse(self.expression)

    def as_json(self) -> dict[str, Any]:
        """As kept in the database."""
        return _with_zone({"cron": self.expression}, self.time_zone)


@dataclass(frozen=True)
class Once:
    """At one moment, and never again."""

    at: datetime
    time_zone: ClassVar[None] = None

    def as_json(self) -> dict[str, Any]:
        """As kept in the database."""
        return {"once": self.at.isoformat()}


When = Every | Hourly | Daily | Cron | Once


def from_json(kept: Mapping[str, Any]) -> When:
    """The reverse of `as_json`. Raises InvalidError."""
    zone = kept.get("time_zone")
    if "every" in kept:
        return Every(**kept["every"])
    if "hourly" in kept:
        return Hourly(kept["hourly"], zone)
    if "daily" in kept:
        return Daily(kept["daily"], tuple(kept.get("days", ())), zone)
    if "once" in kept:
        return Once(datetime.fromisoformat(kept["once"]))
    return Cron(kept["cron"], zone)


def from_text(text: str) -> When:
    """What a person types: `every 5 minutes`, `hourly 15`, `daily 06:00`, `mon,fri 06:00` or `0 6 * * *`.

    Raises InvalidError.
    """
    words = text.lower().split()
    match words:
        case ["every", count, unit] if count.isdecimal() and f"{unit.rstrip('s')}s" in _UNITS:
            return Every(**{f"{unit.rstrip('s')}s": int(count)})
        case ["hourly", minute] if minute.lstrip(":").isdecimal():
            return Hourly(int(minute.lstrip(":")))
        case ["daily", at]:
            return Daily(at)
        case [days, at] if ":" in at:
            return Daily(at, tuple(days.split(",")))
        case [_, _, _, _, _]:
            return Cron(" ".join(words))
    raise InvalidError(
        "when",
        N_("This schedule can't be read."),
        remedy=N_("Write it like “every 5 minutes”, “hourly 15”, “daily 06:00”, “mon,fri 06:00” or “0 6 * * *”."),
    )


def in_zone(when: When, zone: str | None) -> When:
    """The same with another time zone; what has no zone stays as it is."""
    return when if isinstance(when, Every | Once) else replace(when, time_zone=zone)


def _with_zone(kept: dict[str, Any], zone: str | None) -> dict[str, Any]:
    return kept | ({"time_zone": zone} if zone else {})


def _whole(field: str, value: object, most: int) -> None:
    if not isinstance(value, int) or not 0 <= value <= most:
        raise InvalidError(field, N_("Give a whole number from 0 to %(most)s."), most=most)


def _known_zone(zone: str | None) -> None:
    if zone is None:
        return
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidError("time_zone", N_("There is no time zone “%(zone)s”."), zone=zone) from error
