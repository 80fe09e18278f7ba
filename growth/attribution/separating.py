"""Taking back that a visitor is somebody, and saying it again: what both did is told apart and credited anew."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, or_, select, text
from sqlalchemy.orm import Session

from growth.attribution.channels import SIDES
from growth.attribution.conversions import Changes, keep, rank_orders
from growth.attribution.crediting import READER
from growth.attribution.credits import credit_anew
from growth.attribution.happenings import NO_CURRENCY, ONCE, Happening, happening_of, once_key
from growth.attribution.records import Conversion
from growth.attribution.touches import moments_of
from growth.attribution.whose import Whose, find_whose
from growth.database.among import among
from growth.database.audit import audit
from growth.database.changed_days import mark_moments
from growth.database.workspace import workspace
from growth.errors import NotFoundError
from growth.events.reading import EventRead
from growth.events.records import Event, VisitorIdentity
from growth.locales import N_

_LOCK_READER = text("select from event_reader where name = :name for update")
_OWN_TOUCHES = text("""
    update touch set person_id = own.person_id, country = own.country
    from jsonb_to_recordset(cast(:owned as jsonb)) as own (
        event_id uuid, occurred_at timestamptz, person_id bigint, country text)
    where touch.event_id = own.event_id and touch.occurred_at = own.occurred_at
        and (touch.person_id, touch.country) is distinct from (own.person_id, own.country)
    returning touch.id
""")
_OWN_CONVERSIONS = text("""
    update conversion set person_id = own.person_id, country = own.country
    from jsonb_to_recordset(cast(:owned as jsonb)) as own (
        kind text, source_key text, occurred_at timestamptz, person_id bigint, country text)
    where conversion.source_key = own.source_key and conversion.occurred_at = own.occurred_at
        and case conversion.kind when 'first_order' then 'order' else conversion.kind end = own.kind
        and conversion.refunds is null
        and (conversion.person_id, conversion.country) is distinct from (own.person_id, own.country)
    returning conversion.id
""")
_OWN_REFUNDS = text("""
    update conversion as refund set person_id = sold.person_id, visitor = sold.visitor, country = sold.country
    from conversion as sold
    where refund.refunds = sold.id and sold.id = any(cast(:orders as bigint[]))
""")


def visitors_of(session: Session, person: int, limit: int = 20) -> list[VisitorIdentity]:
    """The visitors taken for a person, and those that no longer are; the newest first."""
    theirs = select(VisitorIdentity).where(VisitorIdentity.person_id == person)
    return list(session.scalars(theirs.order_by(VisitorIdentity.at.desc(), VisitorIdentity.visitor).limit(limit)))


def separate(session: Session, visitor: UUID, *, person: int, actor: str, now: datetime) -> bool:
    """Say that a visitor isn't this person; gives whether it was thought so.

    Only what these two did is credited anew. Raises NotFoundError when the visitor was never thought to be them.
    """
    return _say(session, visitor, person, undone=(now, actor), actor=actor, now=now)


def join_again(session: Session, visitor: UUID, *, person: int, actor: str, now: datetime) -> bool:
    """Take `separate` back; gives whether anything changed. Raises NotFoundError likewise."""
    return _say(session, visitor, person, undone=(None, None), actor=actor, now=now)


def _say(
    session: Session, visitor: UUID, person: int, *, undone: tuple[datetime | None, str | None], actor: str,
    now: datetime,
) -> bool:  # fmt: skip
    # The reader of events waits meanwhile: what it reads belongs to somebody, by what is said here.
    session.execute(_LOCK_READER, {"name": READER})
    known = session.get(VisitorIdentity, visitor, with_for_update=True)
    if known is None or known.person_id != person:
        raise NotFoundError(N_("This visitor was never taken for this person."))
    if (known.undone_at is None) == (undone[0] is None):
        return False
    known.undone_at, known.undone_by = undone
    session.flush()
    tell_apart(session, person, visitor)
    action = "separate visitor" if undone[0] else "join visitor"
    audit(session, actor=actor, action=action, subject=f"person {person}", detail={"visitor": str(visitor)}, now=now)
    return True


def tell_apart(session: Session, person: int, visitor: UUID) -> None:
    """Give everything that this person and this visitor did to whom it belongs now, and credit it anew."""
    joined = select(VisitorIdentity.visitor).where(VisitorIdentity.person_id == person)
    visitors = {visitor, *session.scalars(joined)}
    events = _events(session, person, visitors)
    whose = find_whose(session, events)
    place = workspace(session)
    told = [happening_of(event, whose, place.currency if place else NO_CURRENCY) for event in events]
    happened = [one for one in told if one is not None]
    changes = Changes()
    touches = session.scalars(_OWN_TOUCHES, {"owned": _json(_owners(events, whose))}).all()
    changes.moments |= moments_of(session, touches)
    _forget_once(session, person, visitors, changes)
    keep(session, happened, changes)
    _own_conversions(session, happened, changes)
    rank_orders(session, [(person, None), *((None, one) for one in visitors)], changes)
    mine = or_(Conversion.person_id == person, among(Conversion.visitor, list(visitors)))
    found = session.execute(select(Conversion.id, Conversion.occurred_at, Conversion.side).where(mine)).all()
    changes.conversions |= {one.id for one in found}
    changes.moments |= {(one.occurred_at, one.side) for one in found} | credit_anew(session, changes.conversions)
    mark_moments(session, changes.moments)


def _events(session: Session, person: int, visitors: Iterable[UUID]) -> list[EventRead]:
    columns = [getattr(Event, name) for name in EventRead._fields]
    theirs = or_(Event.person_id == person, among(Event.visitor, list(visitors)))
    found = select(*columns).where(theirs, Event.side.in_(SIDES)).order_by(Event.occurred_at, Event.event_id)
    return [EventRead(*row) for row in session.execute(found)]


def _owners(events: Sequence[EventRead], whose: Whose) -> list[Mapping[str, Any]]:
    return [
        {
            "event_id": event.event_id,
            "occurred_at": event.occurred_at,
            "person_id": whose.person(event),
            "country": whose.country(event),
        }
        for event in events
    ]


def _forget_once(session: Session, person: int, visitors: Iterable[UUID], changes: Changes) -> None:
    """What happens once is found again from the events, since two may have been taken for one."""
    whom = [(person, None), *((None, visitor) for visitor in visitors)]
    keys = [key for side in SIDES for one in whom if (key := once_key(side, *one))]
    forgotten = delete(Conversion).where(Conversion.kind.in_(ONCE), among(Conversion.source_key, keys))
    rows = session.execute(forgotten.returning(Conversion.occurred_at, Conversion.side))
    changes.moments.update((at, side) for at, side in rows)


def _own_conversions(session: Session, happened: Sequence[Happening], changes: Changes) -> None:
    """A refund whose order is known is whose its order is."""
    orders = session.scalars(_OWN_CONVERSIONS, {"owned": _json(happened)}).all()
    session.execute(_OWN_REFUNDS, {"orders": list(orders)})
    changes.conversions.update(orders)


def _json(rows: Sequence[Any]) -> str:
    return orjson.dumps(rows).decode()
