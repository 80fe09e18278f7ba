"""Touches: contacts with our channels, taken from events by the channel rules."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from growth.attribution.records import Touch
from growth.attribution.rules import Rules
from growth.attribution.ruling import rules_in_use
from growth.attribution.versions import read_versions
from growth.attribution.whose import Whose
from growth.database.among import among
from growth.events.reading import EventRead

_REACHED = text("""
    select conversion.id from touch join conversion
        on conversion.person_id = touch.person_id and conversion.side = touch.side
        and conversion.occurred_at >= touch.occurred_at
        and conversion.occurred_at < touch.occurred_at
            + case touch.side when 'seller' then cast(:seller as interval) else cast(:buyer as interval) end
    where touch.id = any(cast(:touches as bigint[])) and touch.kind = any(:kinds) and conversion.kind <> 'refund'
    union
    select conversion.id from touch join conversion
        on conversion.visitor = touch.visitor and conversion.side = touch.side
        and conversion.occurred_at >= touch.occurred_at
        and conversion.occurred_at < touch.occurred_at
            + case touch.side when 'seller' then cast(:seller as interval) else cast(:buyer as interval) end
    where touch.id = any(cast(:touches as bigint[])) and touch.kind = any(:kinds) and conversion.kind <> 'refund'
""")

# One JSON parameter, as `events.ingest` does: a fifth of the time of a parameter for each value.
_STORE = text("""
    insert into touch (occurred_at, event_id, side, channel, kind, person_id, visitor, country, rules_version)
    select occurred_at, event_id, side, channel, kind, person_id, visitor, country, rules_version
    from jsonb_to_recordset(cast(:touches as jsonb)) as given (
        occurred_at timestamptz, event_id uuid, side text, channel text, kind text, person_id bigint, visitor uuid,
        country text, rules_version bigint)
    on conflict do nothing
    returning id
""")


def take_touches(session: Session, events: Sequence[EventRead], whose: Whose) -> list[int]:
    """Store the contacts with channels among these events, each once; gives the ids of the new ones."""
    rules = rules_in_use(session)
    rows = [row for event in events if (row := touch_of(event, whose, rules))]
    if not rows:
        return []
    return list(session.scalars(_STORE, {"touches": orjson.dumps(rows).decode()}))


def touch_of(event: EventRead, whose: Whose, rules: Rules) -> dict[str, Any] | None:
    """The columns of an event's touch; None when it is no contact with a channel."""
    classified = rules.classify(event.kind, event.side, event.properties)
    return columns(event, whose, classified.channel, classified.kind, rules.version) if classified else None


def columns(event: EventRead, whose: Whose, channel: str, kind: str, version: int) -> dict[str, Any]:
    """The columns of a touch of this channel and kind."""
    return {
        "occurred_at": event.occurred_at,
        "event_id": event.event_id,
        "side": event.side,
        "channel": channel,
        "kind": kind,
        "person_id": whose.person(event),
        "visitor": event.visitor,
        "country": whose.country(event),
        "rules_version": version,
    }


def withdraw(session: Session, events: Sequence[EventRead]) -> list[int]:
    """Contacts that a rep took back count no more; gives the ids of their touches."""
    told = [event.properties.get("event") for event in events if event.kind == "call_withdrawn"]
    named = [UUID(one) for one in told if isinstance(one, str)]
    if not named:
        return []
    taken_back = update(Touch).where(among(Touch.event_id, named), Touch.kind == "click").values(kind="withdrawn")
    return list(session.scalars(taken_back.returning(Touch.id)))


def moments_of(session: Session, touches: Sequence[int]) -> set[tuple[datetime, str]]:
    """When, and on which side, the clicks among these touches were."""
    found = select(Touch.occurred_at, Touch.side).where(
        among(Touch.id, touches), Touch.kind.in_(["click", "withdrawn"])
    )
    return {(at, side) for at, side in session.execute(found)} if touches else set()


def reached_by(session: Session, touches: Sequence[int], kinds: Sequence[str] = ()) -> set[int]:
    """Conversions in whose window these touches stand: of the same side, and the same person or visitor.

    Touches of other kinds than `kinds` reach none; left out, those are the kinds that may be credited, and withdrawn.
    """
    if not touches:
        return set()
    versions = read_versions(session)
    kinds = list(kinds) or [*versions.kinds, "withdrawn"]
    return set(session.scalars(_REACHED, {"touches": list(touches), "kinds": kinds} | versions.reach))
