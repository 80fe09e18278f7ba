"""What other channel rules would change: contacts that belong elsewhere, and credits that would move. Reads alone."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.attribution.channels import SIDES, keys
from growth.attribution.credits import contacts_before
from growth.attribution.models import Contact, Model, Share
from growth.attribution.records import Conversion
from growth.attribution.retelling import Told, contacts, told_of, verdict
from growth.attribution.rules import Rules
from growth.attribution.ruling import rules_in_use
from growth.attribution.versions import Versions, read_versions
from growth.attribution.whose import known_whose
from growth.database.among import among
from growth.events.records import Event

LOOKED_AT = 20_000
"""Contacts that a preview sorts anew, the latest ones."""
MOST_CONVERSIONS = 2_000
"""Conversions whose credits a preview works out, the latest ones that the contacts reach."""
NOWHERE = "none"

_REACHED = text("""
    with moved as (
        select * from jsonb_to_recordset(cast(:moved as jsonb)) as given (
            place bigint, occurred_at timestamptz, side text, person_id bigint, visitor uuid)
    ), reached as (
        select conversion.id, conversion.occurred_at, place from moved join conversion
            on conversion.person_id = moved.person_id and conversion.side = moved.side
            and conversion.occurred_at >= moved.occurred_at
            and conversion.occurred_at < moved.occurred_at
                + case moved.side when 'seller' then cast(:seller as interval) else cast(:buyer as interval) end
        where conversion.kind <> 'refund'
        union
        select conversion.id, conversion.occurred_at, place from moved join conversion
            on conversion.visitor = moved.visitor and conversion.side = moved.side
            and conversion.occurred_at >= moved.occurred_at
            and conversion.occurred_at < moved.occurred_at
                + case moved.side when 'seller' then cast(:seller as interval) else cast(:buyer as interval) end
        where conversion.kind <> 'refund'
    ), latest as (
        select id from reached group by id, occurred_at order by occurred_at desc, id limit :most
    )
    select id, place from reached where id in (select id from latest)
""")


@dataclass(frozen=True)
class Preview:
    """What other rules would have made of the contacts of the last days."""

    contacts: int
    all_of_them: bool
    changed: int
    """Contacts that would belong elsewhere by the rules, compared with those in use."""
    lines: Mapping[str, Sequence[tuple[str, int, int]]]
    """Side → (channel, contacts by the rules in use, contacts by the others); `none` is no contact with a channel."""
    touches: int
    """Of these contacts, touches that would be moved when the rules hold for the past too."""
    conversions: int
    """Conversions that the touches moved reach, at most MOST_CONVERSIONS."""
    credits: int
    """Of these conversions, those whose credit would move."""

    @property
    def more(self) -> bool:
        """Whether more conversions are reached than are worked out."""
        return self.conversions >= MOST_CONVERSIONS


def preview(session: Session, rules: Rules, days: int, now: datetime) -> Preview:
    """The latest contacts of the last days, told by the rules in use and by others. Nothing is written."""
    lately = contacts().where(Event.occurred_at > now - timedelta(days=days), Event.occurred_at <= now)
    rows = session.execute(lately.order_by(Event.occurred_at.desc()).limit(LOOKED_AT + 1)).all()
    found = [told_of(row) for row in rows[:LOOKED_AT]]
    moved = [(told, new) for told in found if (new := verdict(told, rules))]
    reached, credited = _credits(session, moved)
    lines, changed = _sorted(found, rules_in_use(session), rules)
    return Preview(len(found), len(rows) <= LOOKED_AT, changed, lines, len(moved), reached, credited)


def _sorted(found: Sequence[Told], used: Rules, rules: Rules) -> tuple[Mapping[str, Any], int]:
    """By side and channel the contacts now and as they would be, and how many would belong elsewhere."""
    before: Counter[tuple[str, str]] = Counter()
    after: Counter[tuple[str, str]] = Counter()
    changed = 0
    for told in found:
        was, would = (_channel(one, told) for one in (used, rules))
        before[told.event.side, was] += 1
        after[told.event.side, would] += 1
        changed += was != would
    lines = {
        side: [
            (channel, before[side, channel], after[side, channel])
            for channel in (*keys(side), NOWHERE)
            if before[side, channel] or after[side, channel]
        ]
        for side in SIDES
    }
    return lines, changed


def _channel(rules: Rules, told: Told) -> str:
    found = rules.classify(told.event.kind, told.event.side, told.event.properties)
    return found.channel if found else NOWHERE


Moved = tuple[Told, tuple[str, str]]
"""A contact with the channel and kind that it would get."""


def _credits(session: Session, moved: Sequence[Moved]) -> tuple[int, int]:
    """How many conversions the moved contacts reach, and how many of them would be shared otherwise."""
    versions = read_versions(session)
    places = _reached(session, moved, versions)
    columns = (Conversion.id, Conversion.side, Conversion.occurred_at, Conversion.value_minor)
    sold = session.execute(select(*columns).where(among(Conversion.id, list(places)))).all() if places else []
    kept = contacts_before(session, [one.id for one in sold], versions)
    otherwise = 0
    for one in sold:
        model = versions.at(one.side, one.occurred_at).model
        would = _moved(kept[one.id], [moved[place] for place in places[one.id]])
        now, then = (_shared(model, path, one) for path in (kept[one.id], would))
        otherwise += now != then
    return len(sold), otherwise


def _reached(session: Session, moved: Sequence[Moved], versions: Versions) -> Mapping[int, Sequence[int]]:
    """By conversion the places in `moved` of the contacts that stand before it."""
    whose = known_whose(session, [told.event for told, _ in moved])
    asked: list[dict[str, int | str | datetime | UUID | None]] = [
        {"place": place, "occurred_at": told.event.occurred_at, "side": told.event.side,
         "person_id": whose.person(told.event), "visitor": told.event.visitor}
        for place, (told, _) in enumerate(moved)
    ]  # fmt: skip
    found: defaultdict[int, list[int]] = defaultdict(list)
    bounds = {"moved": orjson.dumps(asked).decode(), "most": MOST_CONVERSIONS} | versions.reach
    for conversion, place in session.execute(_REACHED, bounds) if moved else ():
        found[conversion].append(place)
    return found


def _moved(path: Sequence[Contact], moved: Sequence[Moved]) -> list[Contact]:
    """A path with these contacts as they would be."""
    gone = {told.event.event_id for told, _ in moved}
    new = [
        Contact(told.touch_id or 0, told.event.occurred_at, channel, kind, told.event.event_id)
        for told, (channel, kind) in moved
        if kind in {"click", "view"}
    ]
    return [one for one in path if one.event_id not in gone] + new


def _shared(model: Model, path: Sequence[Contact], sold: Any) -> list[tuple[str, int]]:
    shares: Sequence[Share] = model.share(path, sold.occurred_at, sold.value_minor)
    return [(one.channel, one.share) for one in shares]
