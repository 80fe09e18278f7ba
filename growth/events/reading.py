"""Reading what happened: each reader gets every committed event exactly once, in the order of transactions."""

from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Text, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.errors import PermanentError
from growth.events.records import Event, EventReader
from growth.locales import N_

_BEFORE_ALL = {"tx": -(2**63), "occurred_at": datetime(1, 1, 1, tzinfo=UTC), "event_id": UUID(int=0)}
_LAST_MOMENT, _LAST_ID = datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1)


class EventRead(NamedTuple):
    """An event as a reader gets it: columns of `Event`. No record, since those take three times as long to load."""

    tx: int
    occurred_at: datetime
    event_id: UUID
    kind: str
    side: str
    person_id: int | None
    visitor: UUID | None
    country: str | None
    properties: dict[str, Any]


_READ = [getattr(Event, name) for name in EventRead._fields]


def read_new(session: Session, reader: str, limit: int) -> list[EventRead]:
    """The next events that `reader` has not had, at most `limit`; its place is saved in the caller's transaction.

    Given is what was stored by transactions older than the oldest one still open, so that none which commits later
    slips in behind; hence nothing of the caller's own transaction. What bots did is passed over. A second caller of
    the same reader waits until the first one's transaction ends. Raises PermanentError when the database was moved to
    another server.
    """
    place = _locked(session, reader)
    # The horizon is of the same snapshot as the rows, since both are in one statement.
    found = (
        select(*_READ)
        .where(
            tuple_(Event.tx, Event.occurred_at, Event.event_id) > tuple_(place.tx, place.occurred_at, place.event_id),
            Event.tx < _horizon(),
            Event.bot.is_(None),
        )
        .order_by(Event.tx, Event.occurred_at, Event.event_id)
        .limit(limit)
    )
    events = [EventRead(*row) for row in session.execute(found)]
    if events:
        last = events[-1]
        values = {"tx": last.tx, "occurred_at": last.occurred_at, "event_id": last.event_id, "read_at": func.now()}
        session.execute(update(EventReader).where(EventReader.name == reader).values(values))
    return events


def pass_over(session: Session, reader: str) -> None:
    """Move a reader to where events stored from now on begin, for one that has nothing to look for meanwhile."""
    here = {"tx": _horizon() - 1, "occurred_at": _LAST_MOMENT, "event_id": _LAST_ID, "read_at": func.now()}
    moved = insert(EventReader).values(name=reader, **here)
    session.execute(moved.on_conflict_do_update(index_elements=["name"], set_=here))


def _locked(session: Session, reader: str) -> EventReader:
    """The reader's row, made on its first day, locked until the caller's transaction ends."""
    first = insert(EventReader).values(name=reader, read_at=func.now(), **_BEFORE_ALL)
    session.execute(first.on_conflict_do_nothing())
    locked = select(EventReader).where(EventReader.name == reader).with_for_update()
    place = session.scalars(locked.execution_options(populate_existing=True)).one()
    if place.tx >= _next_transaction(session):
        raise PermanentError(
            N_("The database was moved to another server, which counts its transactions anew."),
            remedy=N_("Stop growth, type “growth events after-move” once, and start it again."),
        )
    return place


def after_move(session: Session) -> bool:
    """Make events stored on another server older than all that this one will store; returns whether it was needed.

    Transaction numbers are a server's own. After a restore elsewhere they begin lower than those stored, and readers
    would pass over what is new; shifting the stored ones below zero keeps their order and every reader's place.
    """
    newest = session.scalar(select(func.max(Event.tx)))
    if newest is None or newest < _next_transaction(session):
        return False
    session.execute(update(Event).values(tx=Event.tx - newest - 1))
    session.execute(
        update(EventReader).where(EventReader.tx > _BEFORE_ALL["tx"]).values(tx=EventReader.tx - newest - 1)
    )
    return True


def _next_transaction(session: Session) -> int:
    return session.scalars(select(_number(func.pg_snapshot_xmax(func.pg_current_snapshot())))).one()


def _horizon() -> ColumnElement[int]:
    """The oldest transaction that is still open."""
    return _number(func.pg_snapshot_xmin(func.pg_current_snapshot()))


def _number(transaction: ColumnElement[object]) -> ColumnElement[int]:
    """A transaction id as the column `tx` keeps it; PostgreSQL casts them by way of text."""
    return transaction.cast(Text).cast(BigInteger)
