"""When each recipient's message is due: at once, at an hour of their own day, never in their quiet hours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from growth.campaigns.sending.country_zones import MAIN_ZONES

AT_ONCE = 24
"""In a table of moments by hour, the place of the moment for a message that goes at once."""
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Quiet:
    """Minutes of a person's day: from `begin` on, until `end`, nothing is sent; it may pass midnight."""

    begin: int
    end: int


@dataclass(frozen=True)
class Timing:
    """How a campaign's messages are spread: `mode` is at_once, local_hour (with `hour`) or usual_hour.

    `within_hours` after its moment nothing of it is sent any more; None for whenever it comes to it.
    """

    mode: str = "at_once"
    hour: int | None = None
    within_hours: int | None = None


def timing_of(stored: Mapping[str, Any]) -> Timing:
    """As a campaign keeps it."""
    return Timing(stored.get("mode", "at_once"), stored.get("hour"), stored.get("within_hours"))


def quiet_of(rules: Any) -> Quiet | None:
    """The quiet hours of the rules of sending, if there are any."""
    if rules.quiet_from is None or rules.quiet_until is None:
        return None
    return Quiet(rules.quiet_from, rules.quiet_until)


def is_quiet(moment: datetime, zone: ZoneInfo, quiet: Quiet | None) -> bool:
    """Whether a moment lies in the quiet hours of a zone."""
    if quiet is None:
        return False
    local = moment.astimezone(zone)
    minute = local.hour * 60 + local.minute
    if quiet.begin < quiet.end:
        return quiet.begin <= minute < quiet.end
    return minute >= quiet.begin or minute < quiet.end


def after_quiet(moment: datetime, zone: ZoneInfo, quiet: Quiet | None) -> datetime:
    """The first moment from this one on that doesn't lie in the quiet hours."""
    if quiet is None or not is_quiet(moment, zone, quiet):
        return moment
    day = moment.astimezone(zone).date()
    end = time(quiet.end // 60, quiet.end % 60)
    ends = (one for when in (day, day + _DAY, day + 2 * _DAY) for one in _instants(zone, when, end))
    return min(one for one in ends if one >= moment and not is_quiet(one, zone, quiet))


def at_hour(moment: datetime, zone: ZoneInfo, hour: int) -> datetime:
    """The next moment, this one included, at which the clocks of a zone come to an hour (0 to 23).

    At most 24 hours later, 25 over the end of summer time; an hour that the clocks skip counts as come to at once.
    """
    day = moment.astimezone(zone).date()
    days = (day + number * _DAY for number in range(-1, 4))
    return min(one for when in days if (one := min(_instants(zone, when, time(hour)))) >= moment)


def _instants(zone: ZoneInfo, day: date, wall: time) -> Iterator[datetime]:
    """When a zone's clocks show this, which happens twice at the end of summer time.

    Where they skip it at its beginning: when they do.
    """
    first, second = (datetime.combine(day, wall, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        yield first
        yield second
        return
    # Skipped: read by the offset before it, it comes after the change; by the one after it, before.
    early, late = second, first
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    yield late.replace(microsecond=0)


@lru_cache
def zone_named(name: str) -> ZoneInfo:
    """A zone of the IANA database."""
    return ZoneInfo(name)


@lru_cache
def places() -> Mapping[str, str]:
    """The zone of each place by the key that `PLACE` looks for: a zone's own name, or `country` and its code."""
    return {name: name for name in sorted(available_timezones()) if "/" in name or name == "UTC"} | {
        f"country {code}": zone for code, zone in MAIN_ZONES.items()
    }


def place(table: str) -> str:
    """In SQL, what a JSON object by place says for `person`: for their zone, else their country's, else ours."""
    return f"coalesce({table} -> person.time_zone, {table} -> ('country ' || person.country), {table} -> '')"


@dataclass(frozen=True)
class Moments:
    """Moments of a run for each place and hour, in the form in which a statement takes them.

    Places whose clocks agree share a row of `due`, of 25 moments (seconds since 1970): by hour, and for `AT_ONCE`.
    """

    places: Mapping[str, int]
    due: list[list[float | None]]


@lru_cache(maxsize=32)
def moments(start: datetime, quiet: Quiet | None, home: str, hours: tuple[int, ...]) -> Moments:
    """When messages of a run that starts at `start` are due, for these hours; None for as soon as it starts.

    `home` is the zone of those of whom nothing is known.
    """
    rows: dict[tuple[float | None, ...], int] = {}
    by_zone = {}
    for name in {*places().values(), home}:
        row = tuple(_due(start, zone_named(name), quiet, hour) if hour in hours else None for hour in range(25))
        by_zone[name] = rows.setdefault(row, len(rows))
    found = {key: by_zone[name] for key, name in places().items()} | {"": by_zone[home]}
    return Moments(found, [list(row) for row in rows])


def _due(start: datetime, zone: ZoneInfo, quiet: Quiet | None, hour: int) -> float | None:
    moment = start if hour == AT_ONCE else at_hour(start, zone, hour)
    due = after_quiet(moment, zone, quiet)
    return None if due == start else due.timestamp()


@lru_cache(maxsize=8)
def quiet_now(minute: datetime, quiet: Quiet | None, home: str) -> Mapping[str, float]:
    """By place, when the quiet hours end that it has at this minute (seconds since 1970); 0 where it has none."""
    if quiet is None:
        return {"": 0}
    ends = {}
    for name in {*places().values(), home}:
        zone = zone_named(name)
        ends[name] = after_quiet(minute, zone, quiet).timestamp() if is_quiet(minute, zone, quiet) else 0
    return {key: ends[name] for key, name in places().items()} | {"": ends[home]}


def full_minute(moment: datetime) -> datetime:
    """The minute a moment lies in."""
    return moment.replace(second=0, microsecond=0)
