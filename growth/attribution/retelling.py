"""Telling the contacts of earlier days anew by rules saved for them too: what belongs elsewhere is moved, no more."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Select, and_, select, text, tuple_
from sqlalchemy.orm import Session

from growth.attribution.channels import SIDES
from growth.attribution.conditions import EVENTS
from growth.attribution.crediting import READER
from growth.attribution.credits import credit_anew
from growth.attribution.records import ChannelRules, Touch
from growth.attribution.rules import Rules, rules_of
from growth.attribution.touches import columns, reached_by
from growth.attribution.whose import known_whose
from growth.database.changed_days import mark_moments
from growth.events.reading import EventRead
from growth.events.records import Event, EventReader
from growth.scheduling.run import Step

WITHDRAWN, NONE = "withdrawn", "none"
KINDS = ("click", "view", WITHDRAWN, NONE)
_LOCKED_READER = select(EventReader).where(EventReader.name == READER).with_for_update()

# One JSON parameter, as `events.ingest` does.
_STORE = text("""
    insert into touch (occurred_at, event_id, side, channel, kind, person_id, visitor, country, rules_version)
    select occurred_at, event_id, side, channel, kind, person_id, visitor, country, rules_version
    from jsonb_to_recordset(cast(:touches as jsonb)) as given (
        occurred_at timestamptz, event_id uuid, side text, channel text, kind text, person_id bigint, visitor uuid,
        country text, rules_version bigint)
    on conflict (event_id, occurred_at) do update set
        channel = excluded.channel, kind = excluded.kind, rules_version = excluded.rules_version
    returning id, occurred_at, side
""")


class Told(NamedTuple):
    """An event that can be a contact, with its touch as it is kept."""

    event: EventRead
    touch_id: int | None
    channel: str | None
    """None when it is no contact with a channel and never was."""
    kind: str | None


def contacts() -> Select[*tuple[Any, ...]]:
    """What can be a contact, with its touch; `told_of` reads its rows."""
    ours = [getattr(Event, name) for name in EventRead._fields]
    same = and_(Touch.event_id == Event.event_id, Touch.occurred_at == Event.occurred_at)
    found = select(*ours, Touch.id, Touch.channel, Touch.kind).outerjoin(Touch, same)
    return found.where(Event.kind.in_(EVENTS), Event.side.in_(SIDES), Event.bot.is_(None))


def told_of(row: Sequence[Any]) -> Told:
    """A row of `contacts`."""
    *event, touch_id, channel, kind = row
    return Told(EventRead(*event), touch_id, channel, kind)


def verdict(told: Told, rules: Rules) -> tuple[str, str] | None:
    """The channel and kind that rules give its touch; None when it stays as it is.

    What a rep took back stays taken back. A touch that is no contact by these rules keeps its row, since credits of
    its past may name it.
    """
    found = rules.classify(told.event.kind, told.event.side, told.event.properties)
    if told.channel is None:
        return (found.channel, found.kind) if found else None
    channel = found.channel if found else told.channel
    kind = WITHDRAWN if told.kind == WITHDRAWN else found.kind if found else NONE
    return (channel, kind) if (channel, kind) != (told.channel, told.kind) else None


def retell(session: Session, _now: datetime, _after: object, size: int) -> Step:
    """Tell the next `size` contacts anew that rules are saved for; one transaction, safe to repeat.

    It and the reader of events wait for each other; events the reader has not had yet are left to it.
    """
    kept = session.scalar(select(ChannelRules).where(ChannelRules.retold_at.is_not(None)))
    if kept is None:
        return Step(done=0, next=None)
    place = session.scalar(_LOCKED_READER)
    session.refresh(kept, with_for_update=True)
    if kept.retold_at is None or place is None:
        kept.retold_at = None
        return Step(done=0, next=None)
    found = _next(session, kept.retold_at, kept.retold_id, _had(place), size)
    _move(session, found, rules_of(kept.version, kept.rules))
    if len(found) == size:
        kept.retold_at, kept.retold_id = found[-1].event.occurred_at, found[-1].event.event_id
    else:
        kept.retold_at = None
    session.flush()
    return Step(done=len(found), next="retell")


def _had(place: EventReader) -> ColumnElement[bool]:
    """What the reader has had."""
    return tuple_(Event.tx, Event.occurred_at, Event.event_id) <= tuple_(place.tx, place.occurred_at, place.event_id)


def _next(session: Session, moment: datetime, event: UUID, had: ColumnElement[bool], size: int) -> list[Told]:
    after = tuple_(Event.occurred_at, Event.event_id) > tuple_(moment, event)
    # Said twice, since partitions are only left out by a plain comparison.
    wanted = contacts().where(had, after, Event.occurred_at >= moment)
    return [told_of(row) for row in session.execute(wanted.order_by(Event.occurred_at, Event.event_id).limit(size))]


def _move(session: Session, found: Sequence[Told], rules: Rules) -> None:
    moved = [(told.event, new) for told in found if (new := verdict(told, rules))]
    if not moved:
        return
    whose = known_whose(session, [event for event, _ in moved])
    rows = [columns(event, whose, *new, rules.version) for event, new in moved]
    changed = session.execute(_STORE, {"touches": orjson.dumps(rows).decode()}).all()
    conversions = reached_by(session, [one.id for one in changed], KINDS)
    moments = {(one.occurred_at, one.side) for one in changed}
    mark_moments(session, moments | credit_anew(session, conversions))
