"""What a provider told us and we refused: remembered until it is taken again, so that a page can say so."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.events.records import HookRefusal

_LATELY = timedelta(days=3)
"""SendGrid tries again for a day (event webhook reference); a stranger's try is forgotten by then."""
_SELDOM = timedelta(seconds=10)


def note_refusal(session: Session, source: str, words: Mapping[str, Any], now: datetime) -> None:
    """Remember a refusal; `words` has message, remedy and values. At most one in ten seconds is written down."""
    values = {"words": dict(words), "at": now}
    new = insert(HookRefusal).values(source=source, since=now, **values)
    lately = HookRefusal.at.between(now - _SELDOM, now)
    going_on = case((HookRefusal.at > now - _LATELY, HookRefusal.since), else_=now)
    again = values | {"since": going_on}
    session.execute(new.on_conflict_do_update(index_elements=["source"], set_=again, where=~lately))


def taken(session: Session, source: str) -> None:
    """The source is understood again."""
    if session.scalar(select(HookRefusal.source).where(HookRefusal.source == source)) is not None:
        session.execute(delete(HookRefusal).where(HookRefusal.source == source))


def refused_lately(session: Session, source: str, now: datetime) -> HookRefusal | None:
    """The last refusal of a source, unless it was long ago or something was taken since."""
    found = session.get(HookRefusal, source)
    return found if found is not None and found.at > now - _LATELY else None
