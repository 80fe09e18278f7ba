"""Weeks of reports: Monday to Sunday in the workspace's time zone. Pure, but for what is still to be counted."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.database.changed_days import ChannelDayDue
from growth.errors import InvalidError
from growth.locales import N_
from growth.measurement.periods import Period

_WEEK = re.compile(r"20\d\d-W[0-5]\d")


def last_week(now: datetime, zone: ZoneInfo) -> date:
    """The Monday of the last week that has ended."""
    today = now.astimezone(zone).date()
    return today - timedelta(days=today.weekday() + 7)


def week_named(text: str, now: datetime, zone: ZoneInfo) -> date:
    """The Monday of `2026-W47` (ISO 8601). Raises InvalidError, field `week`, also while the week goes on."""
    try:
        monday = date.fromisoformat(f"{text}-1") if _WEEK.fullmatch(text) else None
    except ValueError:
        monday = None
    if monday is None:
        raise InvalidError("week", N_("Write the week like 2026-W47."))
    if monday > last_week(now, zone):
        raise InvalidError("week", N_("This week has not ended yet."))
    return monday


def name_of(week: date) -> str:
    """`2026-W47`."""
    year, number, _ = week.isocalendar()
    return f"{year}-W{number:02}"


def period_of(week: date) -> Period:
    """Its seven days."""
    return Period(week, week + timedelta(days=6))


def is_counted(session: Session, week: date) -> bool:
    """Whether every day of the week is rolled up as far as is known."""
    period = period_of(week)
    due = select(ChannelDayDue.day).where(ChannelDayDue.day.between(period.before.first, period.last)).limit(1)
    return session.scalar(due) is None
