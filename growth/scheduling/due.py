"""Reckoning due times: pure functions over APScheduler's triggers, the same for every scheduler."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from typing import Literal
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from growth.scheduling.when import Cron, Daily, Every, Hourly, Once, When

_ANCHOR = datetime(1970, 1, 5, tzinfo=UTC)
PUNCTUAL = timedelta(seconds=30)
"""A due time that is older when it is found was missed: nobody was there."""


@lru_cache(maxsize=512)
def trigger(when: When, zone: str) -> BaseTrigger:
    """APScheduler's trigger for a schedule; `zone` counts where the schedule names none."""
    match when:
        case Every():
            return IntervalTrigger(seconds=when.total_seconds, start_date=_ANCHOR, timezone="UTC")
        case Hourly():
            return CronTrigger(minute=when.minute, timezone=when.time_zone or zone)
        case Daily():
            days = ",".join(when.days) or "*"
            return CronTrigger(hour=when.hour, minute=when.minute, day_of_week=days, timezone=when.time_zone or zone)
        case Cron():
            return CronTrigger(**when.fields._asdict(), timezone=when.time_zone or zone)
        case Once():
            return DateTrigger(when.at, timezone="UTC")


def next_due(when: When, zone: str, after: datetime) -> datetime | None:
    """The first due time later than `after`, in UTC; None when there is none.

    Where clocks are put forward, a time that is left out comes an hour later. Where they are put back, what runs at
    set hours runs at the first of the two, and what runs at all hours goes on at its pace.
    """
    if isinstance(when, Once):
        return when.at.astimezone(UTC) if when.at > after else None
    start = after.astimezone(UTC)
    for _ in range(200):
        found = trigger(when, zone).get_next_fire_time(None, start + timedelta(microseconds=1))
        if found is None:
            return None
        due: datetime = found.astimezone(UTC)
        if due > after and not (_at_set_hours(when) and _second_time(due, when.time_zone or zone)):
            return due
        start = max(start, due)
    return None


def _at_set_hours(when: When) -> bool:
    return isinstance(when, Daily) or (isinstance(when, Cron) and "*" not in when.fields.hour)


def _second_time(due: datetime, zone: str) -> bool:
    return due.astimezone(ZoneInfo(zone)).fold == 1


def due_times(when: When, zone: str, after: datetime) -> Iterator[datetime]:
    """All due times later than `after`, in order."""
    due = next_due(when, zone, after)
    while due is not None:
        yield due
        due = next_due(when, zone, due)


@dataclass(frozen=True)
class Decision:
    """What becomes of a job's due times up to now."""

    fire: tuple[datetime, ...] = ()
    """Each gets a run."""
    skip: datetime | None = None
    """The latest of those missed, when the job skips what it missed."""
    missed_since: datetime | None = None
    """The first of those missed that the one run also stands for, or that are skipped."""
    next: datetime | None = None
    """The first after now."""


def decide(
    when: When, zone: str, *, first: datetime, now: datetime, missed: Literal["once", "skip"], grace: timedelta
) -> Decision:
    """Decide about the due times from `first` (the one that was waited for) until `now`.

    Each gets a run while nobody was away. After an absence (`first` is more than 30 s ago) only the latest counts: it
    is run, late, when it is within `grace` or the job wants that; otherwise it is skipped.
    """
    if first > now:
        return Decision(next=first)
    following = next_due(when, zone, now)
    if first >= now - PUNCTUAL:
        return Decision(fire=tuple(_until(when, zone, first, now)), next=following)
    latest = _latest(when, zone, first, now)
    since = first if first < latest else None
    if missed == "once" or now - latest <= grace:
        return Decision(fire=(latest,), missed_since=since, next=following)
    return Decision(skip=latest, missed_since=since, next=following)


def _latest(when: When, zone: str, first: datetime, now: datetime) -> datetime:
    """The last due time not after `now`, looked for further and further back; `first` is one."""
    back = timedelta(seconds=1)
    while now - back > first:
        found = next_due(when, zone, now - back)
        if found is not None and found <= now:
            return max(_until(when, zone, found, now))
        back *= 2
    return max(_until(when, zone, first, now))


def _until(when: When, zone: str, first: datetime, now: datetime) -> Iterator[datetime]:
    yield first
    yield from takewhile(lambda due: due <= now, due_times(when, zone, first))
