"""Credits: read the contacts before each conversion, let the model share it, write what came out different."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, text, union
from sqlalchemy.orm import Session

from growth.attribution.models import Contact, Share, shares
from growth.attribution.records import Conversion, Credit
from growth.attribution.versions import Versions, read_versions
from growth.database.among import among

_LONGEST_PATH = 100
"""Contacts before a conversion that a model is shown, the latest ones."""

# The side is kept from its index, which is by day and which a planner that knows nothing of a young table would take.
_CONTACTS = text("""
    select conversion.id, touched.id, touched.occurred_at, touched.channel, touched.kind, touched.event_id
    from conversion cross join lateral (
        (select touch.id, touch.occurred_at, touch.channel, touch.kind, touch.event_id from touch
        where touch.person_id = conversion.person_id and touch.side || '' = conversion.side and touch.kind = any(:kinds)
            and touch.occurred_at <= conversion.occurred_at
            and touch.occurred_at > conversion.occurred_at
                - case conversion.side when 'seller' then cast(:seller as interval) else cast(:buyer as interval) end
        order by touch.occurred_at desc, touch.event_id desc limit :longest)
        union
        (select touch.id, touch.occurred_at, touch.channel, touch.kind, touch.event_id from touch
        where touch.visitor = conversion.visitor and touch.side || '' = conversion.side and touch.kind = any(:kinds)
            and coalesce(touch.person_id, conversion.person_id, 0) = coalesce(conversion.person_id, touch.person_id, 0)
            and touch.occurred_at <= conversion.occurred_at
            and touch.occurred_at > conversion.occurred_at
                - case conversion.side when 'seller' then cast(:seller as interval) else cast(:buyer as interval) end
        order by touch.occurred_at desc, touch.event_id desc limit :longest)
    ) as touched
    where conversion.id = any(cast(:conversions as bigint[]))
""")
# One JSON parameter, as `events.ingest` does.
_WRITE = text("""
    insert into credit (conversion_id, model, position, touch_id, channel, share, value_minor)
    select conversion_id, model, position, touch_id, channel, share, value_minor
    from jsonb_to_recordset(cast(:credits as jsonb)) as given (
        conversion_id bigint, model text, position bigint, touch_id bigint, channel text, share bigint,
        value_minor bigint)
    on conflict (conversion_id, position) do update set
        model = excluded.model, touch_id = excluded.touch_id, channel = excluded.channel, share = excluded.share,
        value_minor = excluded.value_minor
    where (credit.model, credit.touch_id, credit.channel, credit.share, credit.value_minor)
        is distinct from (excluded.model, excluded.touch_id, excluded.channel, excluded.share, excluded.value_minor)
    returning conversion_id
""")
_SHORTEN = text("""
    delete from credit using unnest(cast(:conversions as bigint[]), cast(:lengths as bigint[])) as now (id, length)
    where credit.conversion_id = now.id and credit.position >= now.length
    returning credit.conversion_id
""")

Row = dict[str, Any]


def credit_anew(session: Session, conversions: Collection[int]) -> set[tuple[datetime, str]]:
    """Credit these conversions, and the refunds that point at them, by what is known now.

    Gives the moments and sides of those whose credits came out different.
    """
    if not conversions:
        return set()
    credited = _credit(session, conversions, read_versions(session))
    return credited | _credit_refunds(session, conversions)


def _credit(session: Session, conversions: Collection[int], versions: Versions) -> set[tuple[datetime, str]]:
    columns = (Conversion.id, Conversion.side, Conversion.occurred_at, Conversion.value_minor)
    found = session.execute(
        select(*columns).where(among(Conversion.id, conversions), Conversion.kind != "refund").order_by(Conversion.id)
    ).all()
    contacts = contacts_before(session, [one.id for one in found], versions)
    rows: list[Row] = []
    for one in found:
        adopted = versions.at(one.side, one.occurred_at)
        rows += _rows(one.id, adopted.name, adopted.model.share(contacts[one.id], one.occurred_at, one.value_minor))
    changed = _write(session, rows)
    return {(one.occurred_at, one.side) for one in found if one.id in changed}


def contacts_before(
    session: Session, conversions: Sequence[int], versions: Versions
) -> defaultdict[int, list[Contact]]:
    """By conversion the contacts that any of these models may credit, in no order."""
    asked = {"conversions": list(conversions), "longest": _LONGEST_PATH, "kinds": versions.kinds} | versions.reach
    found: defaultdict[int, list[Contact]] = defaultdict(list)
    for conversion, *touch in session.execute(_CONTACTS, asked):
        found[conversion].append(Contact(*touch))
    return found


def _credit_refunds(session: Session, conversions: Collection[int]) -> set[tuple[datetime, str]]:
    """A refund goes to the channels of its order, in the same shares."""
    columns = (Conversion.id, Conversion.side, Conversion.occurred_at, Conversion.value_minor, Conversion.refunds)
    known = Conversion.refunds.is_not(None)
    found = session.execute(
        union(
            select(*columns).where(among(Conversion.id, conversions), known),
            select(*columns).where(among(Conversion.refunds, conversions)),
        )
    ).all()
    sold = _shares(session, {one.refunds for one in found})
    rows: list[Row] = []
    for one in sorted(found, key=lambda one: one.id):
        name, weighted = sold[one.refunds]
        rows += _rows(one.id, name, shares(weighted, one.value_minor))
    changed = _write(session, rows)
    return {(one.occurred_at, one.side) for one in found if one.id in changed}


def _shares(
    session: Session, orders: Collection[int]
) -> Mapping[int, tuple[str, list[tuple[int | None, str, int]]]]:  # fmt: skip
    """By order the model that credited it, and who has which share."""
    kept: dict[int, tuple[str, list[tuple[int | None, str, int]]]] = {}
    found = select(Credit.conversion_id, Credit.model, Credit.touch_id, Credit.channel, Credit.share)
    mine = found.where(among(Credit.conversion_id, orders)).order_by(Credit.conversion_id, Credit.position)
    for conversion, model, touch, channel, share in session.execute(mine) if orders else ():
        kept.setdefault(conversion, (model, []))[1].append((touch, channel, share))
    return kept


def _rows(conversion: int, model: str, parts: Sequence[Share]) -> Iterator[Row]:
    for position, part in enumerate(parts):
        yield {
            "conversion_id": conversion,
            "model": model,
            "position": position,
            "touch_id": part.touch_id,
            "channel": part.channel,
            "share": part.share,
            "value_minor": part.value_minor,
        }


def _write(session: Session, rows: Sequence[Row]) -> set[int]:
    """Store the credits that are not so already, and nothing beyond them; gives their conversions."""
    if not rows:
        return set()
    lengths = {row["conversion_id"]: row["position"] + 1 for row in rows}
    told = {"conversions": list(lengths), "lengths": list(lengths.values())}
    shorter = set(session.scalars(_SHORTEN, told))
    return shorter | set(session.scalars(_WRITE, {"credits": orjson.dumps(rows).decode()}))
