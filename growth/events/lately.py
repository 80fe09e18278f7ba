"""What arrived lately, what of it was a machine's, and what was refused: for the page about collecting."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.events.records import Event, HookRefusal

MOST = 10_000
"""Bots are counted up to here."""

_LATELY = timedelta(days=3)


def latest(session: Session, count: int) -> Sequence[Event]:
    """The events stored last, the newest first."""
    newest = select(Event).order_by(Event.tx.desc(), Event.occurred_at.desc(), Event.event_id.desc())
    return session.scalars(newest.limit(count)).all()


def bots_since(session: Session, since: datetime) -> dict[str, int]:
    """How many events of machines arrived, by the reason they were told; of more than `MOST` only so many."""
    found = select(Event.bot).where(Event.bot.is_not(None), Event.received_at > since).limit(MOST).subquery()
    rows = session.execute(select(found.c.bot, func.count()).group_by(found.c.bot).order_by(func.count().desc()))
    return {str(bot): count for bot, count in rows}


def refused_of_collector(session: Session, now: datetime) -> Sequence[HookRefusal]:
    """What the collector refused in the last three days: of each field the last time."""
    mine = HookRefusal.source.like("collector:%")
    return session.scalars(
        select(HookRefusal).where(mine, HookRefusal.at > now - _LATELY).order_by(HookRefusal.at.desc())
    ).all()
