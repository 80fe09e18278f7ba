"""The monthly partitions of `event`: made shortly before they are needed, and remembered by each process."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, NullPool, create_engine, func, select, text
from sqlalchemy.orm import Session

_known: WeakKeyDictionary[Engine, dict[datetime, float]] = WeakKeyDictionary()
"""First moment of each month whose partition exists, and when we learned of it (monotonic), by database."""

_NEWS_SECONDS = 900
"""For how long a transaction may still be open that has not heard of a partition; idle ones end after 10 minutes."""


def ensure_months(session: Session, moments: Iterable[datetime]) -> None:
    """See to it that the months of these moments have their partitions, and that this transaction knows them.

    A missing one is made in a short transaction of its own, together with the month after it: so the next month is
    there before its first event. Costs next to nothing once a month is known.
    """
    engine = session.connection().engine
    known = _known.setdefault(engine, {})
    months = _months_of(list(moments))
    if missing := months - known.keys():
        wanted = sorted(missing | {month_of(month + timedelta(days=31)) for month in missing})
        # Not of the pool: callers hold its connections, and may be waiting for each other already.
        with create_engine(engine.url, poolclass=NullPool).begin() as connection:
            for month in wanted:
                connection.execute(select(func.ensure_month("event", month)))
        known.update(dict.fromkeys(wanted, time.monotonic()))
    for month in sorted(months):
        if time.monotonic() - known[month] < _NEWS_SECONDS:
            # A transaction that has used `event` before hears of new partitions only with its next new lock.
            session.execute(text(f"lock table event_{month:%Y_%m} in access share mode"))


def _months_of(moments: list[datetime]) -> set[datetime]:
    if not moments:
        return set()
    first, last = month_of(min(moments)), month_of(max(moments))
    return {first} if first == last else {month_of(moment) for moment in moments}


def month_of(moment: datetime) -> datetime:
    """The first moment of the month, in UTC."""
    here = moment.astimezone(UTC)
    return datetime(here.year, here.month, 1, tzinfo=UTC)
