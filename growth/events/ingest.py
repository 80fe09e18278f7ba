"""The one way in for whatever happened: every source stores its events here, each event once."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from growth.database.among import among
from growth.errors import InvalidError
from growth.events.months import ensure_months
from growth.events.records import EventSeen
from growth.locales import N_
from growth.scheduling.run import Step

OLDEST = timedelta(days=5 * 366)
AHEAD = timedelta(days=1)
"""How far back and ahead of now a moment may lie; anything else is a clock gone wrong."""

SEEN_KEPT = timedelta(days=35)
"""How long the moment given to an event is remembered; a provider's and a script's replays come within days."""

LARGEST_PROPERTIES = 16_384
"""Bytes of an event's properties as JSON."""

_AT_ONCE = 5_000
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(slots=True, kw_only=True)
class NewEvent:
    """Something that happened, not stored yet; the fields are the columns of `Event`.

    Not frozen, though nobody changes one: Python makes frozen ones five times as slowly, and many are made.
    """

    occurred_at: datetime
    """Aware. A source that sends none asks `first_seen`, so that its replay is recognised."""
    event_id: UUID
    """From `growth.ids.event_id`, so that a replay has the same one."""
    kind: str
    source: str
    side: str
    person_id: int | None = None
    visitor: UUID | None = None
    delivery_id: int | None = None
    country: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    bot: str | None = None


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a batch."""

    accepted: list[NewEvent]
    """Those that are new, in the order they came."""
    repeated: int
    """How many were stored before, or stood twice in the batch."""
    refused: list[tuple[int, InvalidError]]
    """Position in the batch and what is wrong, of those that can't be stored."""


# One JSON parameter: twice as fast here as arrays, and as fast as COPY into a temporary table, which needs two steps.
# Always in one order, so that two batches with the same events wait for each other rather than deadlock.
_STORE = text("""
    with new as (
        insert into event
            (occurred_at, event_id, kind, source, side, person_id, visitor, delivery_id, country, properties,
             bot)
        select occurred_at, event_id, kind, source, side, person_id, visitor, delivery_id, country, properties, bot
        from jsonb_to_recordset(cast(:events as jsonb)) as given (
            occurred_at timestamptz, event_id uuid, kind text, source text, side text, person_id bigint,
            visitor uuid, delivery_id bigint, country text, properties jsonb, bot text)
        order by occurred_at, event_id
        on conflict do nothing
        returning occurred_at, event_id
    )
    select case when count(*) < :given then coalesce(jsonb_agg(new), '[]') end from new
""")

_REMEMBER = text("""
    insert into event_seen (event_id, occurred_at)
    select * from unnest(cast(:ids as uuid[]), cast(:moments as timestamptz[])) on conflict do nothing
""")


def ingest(session: Session, events: Sequence[NewEvent], now: datetime) -> Ingested:
    """Store what is new among `events`, in the caller's transaction; the same event again changes nothing.

    Events with an absurd moment or oversized properties are refused in words, and don't keep the others out.
    """
    kept: list[NewEvent] = []
    packed: list[bytes] = []
    refused: list[tuple[int, InvalidError]] = []
    first, last = now - OLDEST, now + AHEAD
    for index, event in enumerate(events):
        row = _packed(event)
        wrong_time = None if first <= event.occurred_at <= last else moment_problem(event, now)
        if problem := wrong_time or _properties_problem(row):
            refused.append((index, problem))
        else:
            kept.append(event)
            packed.append(row)
    accepted = _store(session, kept, packed)
    return Ingested(accepted, len(kept) - len(accepted), refused)


def moment_problem(event: NewEvent, now: datetime) -> InvalidError | None:
    """What is wrong with the moment, if anything."""
    if now - OLDEST <= event.occurred_at <= now + AHEAD:
        return None
    if event.occurred_at > now:
        return InvalidError("occurred_at", N_("This moment is more than a day ahead."), remedy=N_("Check the clock."))
    return InvalidError("occurred_at", N_("This moment is more than five years ago."))


def _packed(event: NewEvent) -> bytes:
    """The event as JSON; nothing when it is nested deeper than JSON is written here, or holds half a character."""
    try:
        return orjson.dumps(event)
    except TypeError:
        return b""


def _properties_problem(packed: bytes) -> InvalidError | None:
    if not packed:
        return InvalidError("properties", N_("The properties are nested too deeply, or hold broken characters."))
    if len(packed) > LARGEST_PROPERTIES:
        return InvalidError(
            "properties", N_("The properties are larger than %(limit)s bytes."), limit=LARGEST_PROPERTIES
        )
    # The pattern alone is slow, and next to no event holds what it looks into more closely.
    if b"\\u0000" in packed and _NUL.search(packed):
        return InvalidError("properties", N_("There is a NUL character in it, which no text has."))
    return None


def _store(session: Session, events: Sequence[NewEvent], packed: Sequence[bytes]) -> list[NewEvent]:
    """Store and return the new ones, in the order given; `packed` are the same as JSON."""
    if not events:
        return []
    ensure_months(session, (event.occurred_at for event in events))
    order: Sequence[int] = range(len(events))
    if len(events) > _AT_ONCE:
        order = sorted(order, key=lambda index: _key(events[index]))
    new: set[tuple[datetime, UUID]] = set()
    for start in range(0, len(order), _AT_ONCE):
        batch = order[start : start + _AT_ONCE]
        rows = b"[" + b",".join([packed[index] for index in batch]) + b"]"
        stored = session.scalar(_STORE, {"events": rows.decode(), "given": len(batch)})
        if stored is None and len(batch) == len(events):
            return list(events)  # all of them, so none stood twice
        new.update((_key(events[index]) for index in batch) if stored is None else map(_stored_key, stored))
    return _first_of_each(events, new)


def _key(event: NewEvent) -> tuple[datetime, UUID]:
    return event.occurred_at, event.event_id


def _stored_key(row: Mapping[str, str]) -> tuple[datetime, UUID]:
    return datetime.fromisoformat(row["occurred_at"]), UUID(row["event_id"])


def _first_of_each(events: Iterable[NewEvent], new: set[tuple[datetime, UUID]]) -> list[NewEvent]:
    accepted = []
    for event in events:
        if (key := _key(event)) in new:
            new.remove(key)
            accepted.append(event)
    return accepted


def first_seen(session: Session, ids: Iterable[UUID], now: datetime) -> dict[UUID, datetime]:
    """The moment at which each of these events was first seen: `now` for those never seen before.

    For sources that send no moment: asked again, the answer is the same, so that the replay is recognised.
    """
    return first_moments(session, dict.fromkeys(ids, now))


def first_moments(session: Session, moments: Mapping[UUID, datetime]) -> dict[UUID, datetime]:
    """The moment first given to each of these events: the present one for those not seen in the last weeks."""
    wanted = sorted(moments)
    session.execute(_REMEMBER, {"ids": wanted, "moments": [moments[one] for one in wanted]})
    seen = select(EventSeen.event_id, EventSeen.occurred_at).where(among(EventSeen.event_id, wanted))
    return {row.event_id: row.occurred_at for row in session.execute(seen)}


def forget_seen(session: Session, now: datetime, _after: object, size: int) -> Step:
    """Forget the next `size` events whose moment was given more than five weeks ago; replays don't come as late."""
    old = select(EventSeen.event_id).where(EventSeen.seen_at < now - SEEN_KEPT).limit(size)
    gone = session.execute(delete(EventSeen).where(EventSeen.event_id.in_(old)).returning(EventSeen.event_id)).all()
    return Step(done=len(gone), next="more" if len(gone) == size else None)
