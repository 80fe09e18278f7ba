"""Conversions kept: each once, the earliest of what happens once, first orders told from others, refunds at theirs."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from growth.attribution.foreign_refunds import limit_foreign
from growth.attribution.happenings import Happening
from growth.attribution.records import Conversion

# One JSON parameter, as `events.ingest` does.
_STORE = text("""
    insert into conversion
        (kind, source_key, side, occurred_at, person_id, visitor, country, value_minor, currency, of_order, told_minor)
    select kind, source_key, side, occurred_at, person_id, visitor, country, value_minor, currency, of_order, told_minor
    from jsonb_to_recordset(cast(:conversions as jsonb)) as given (
        kind text, source_key text, side text, occurred_at timestamptz, person_id bigint, visitor uuid, country text,
        value_minor bigint, currency text, of_order text, told_minor bigint)
    on conflict do nothing
    returning id, occurred_at, side
""")
_KNOWN = text("""
    select case conversion.kind when 'first_order' then 'order' else conversion.kind end, conversion.source_key,
        conversion.id, conversion.occurred_at,
        coalesce(conversion.told_minor, case conversion.kind when 'refund' then -1 else conversion.value_minor end),
        conversion.person_id, conversion.visitor
    from unnest(cast(:kinds as text[]), cast(:keys as text[])) as asked (kind, source_key)
    join conversion on conversion.kind = asked.kind and conversion.source_key = asked.source_key
""")
# What a refund takes from its order is found again.
_LET_GO = text("""
    update conversion set refunds = null
    where refunds is not null and (id = any(cast(:moved as bigint[])) or refunds = any(cast(:moved as bigint[])))
    returning of_order, occurred_at, side
""")
_RANK_ORDERS = text("""
    with mine as (
        select id from conversion
        where kind in ('order', 'first_order') and person_id = any(cast(:people as bigint[]))
        union
        select id from conversion
        where kind in ('order', 'first_order') and person_id is null and visitor = any(cast(:visitors as uuid[]))
    ), ranked as (
        select id, case row_number() over (
            partition by side, coalesce(cast(person_id as text), cast(visitor as text))
            order by occurred_at, source_key
        ) when 1 then 'first_order' else 'order' end as kind
        from conversion where id in (select id from mine)
    )
    update conversion set kind = ranked.kind from ranked
    where conversion.id = ranked.id and conversion.kind <> ranked.kind
    returning conversion.occurred_at, conversion.side
""")
_FIND_ORDERS = text("""
    update conversion as refund set
        refunds = sold.id, country = sold.country, person_id = sold.person_id, visitor = sold.visitor,
        currency = case when refund.told_minor is null then sold.currency
            else coalesce(refund.currency, sold.currency) end
    from conversion as sold
    where refund.of_order = any(cast(:orders as text[])) and refund.refunds is null
        and sold.source_key = refund.of_order and sold.kind in ('order', 'first_order')
    returning refund.id
""")
_NOTE_CHANGES = text("""
    insert into order_change (source_key, changed_at, value_minor, currency)
    select source_key, occurred_at, value_minor, currency
    from jsonb_to_recordset(cast(:changes as jsonb)) as given (
        source_key text, occurred_at timestamptz, value_minor bigint, currency text)
    order by source_key
    on conflict (source_key) do update set
        changed_at = excluded.changed_at, value_minor = excluded.value_minor, currency = excluded.currency
    where (excluded.changed_at, excluded.value_minor) > (order_change.changed_at, order_change.value_minor)
""")
_CHANGE_ORDERS = text("""
    update conversion set value_minor = changed.value_minor, currency = changed.currency
    from order_change as changed
    where changed.source_key = any(cast(:orders as text[])) and conversion.source_key = changed.source_key
        and conversion.kind in ('order', 'first_order') and conversion.occurred_at <= changed.changed_at
        and (conversion.value_minor, conversion.currency) is distinct from (changed.value_minor, changed.currency)
    returning conversion.id
""")
# In the order they happened, each gives back what the earlier ones have left; of several currencies by `limit_foreign`.
_LIMIT_REFUNDS = text("""
    with refund as (
        select refund.id, sold.value_minor as whole, coalesce(refund.told_minor, sold.value_minor) as told,
            sum(coalesce(refund.told_minor, sold.value_minor))
                over (partition by sold.id order by refund.occurred_at, refund.source_key) as so_far
        from conversion as sold join conversion as refund on refund.refunds = sold.id
        where sold.source_key = any(cast(:orders as text[])) and sold.kind in ('order', 'first_order')
            and not exists (select from conversion as one where one.refunds = sold.id and one.currency <> sold.currency)
    ), limited as (
        select id, least(so_far - told, whole) - least(so_far, whole) as value_minor from refund
    )
    update conversion set value_minor = limited.value_minor from limited
    where conversion.id = limited.id and conversion.value_minor <> limited.value_minor
    returning conversion.id
""")


@dataclass
class Changes:
    """What a step changed: conversions to be credited anew, and moments whose days are to be rolled up again."""

    conversions: set[int] = field(default_factory=set)
    moments: set[tuple[datetime, str]] = field(default_factory=set)


def keep(session: Session, happened: Sequence[Happening], changes: Changes) -> None:
    """Store what is new among these; of what is told more than once the earliest counts, whichever comes first."""
    changed = [one for one in happened if one.kind == "order_change"]
    latest_first = sorted((one for one in happened if one.kind != "order_change"), key=_place, reverse=True)
    earliest = {(one.kind, one.source_key): one for one in latest_first}
    stored = known(session, earliest.keys())
    fresh = [one for key, one in earliest.items() if key not in stored]
    if fresh:
        for row in session.execute(_STORE, {"conversions": orjson.dumps(fresh).decode()}):
            changes.conversions.add(row.id)
            changes.moments.add((row.occurred_at, row.side))
    moved = [(stored[key], one) for key, one in earliest.items() if key in stored and _place(one) < stored[key].place]
    refunded = _move(session, moved, changes)
    fresh += [one for _, one in moved]
    orders = [one for one in fresh if one.kind == "order"]
    buyers = {(one.person_id, one.visitor) for one in orders}
    buyers |= {(was.person_id, was.visitor) for was, one in moved if one.kind == "order"}
    rank_orders(session, buyers, changes)
    told = {one.source_key for one in [*orders, *changed]}
    _change_orders(session, changed, told, changes)
    _find_orders(session, told | refunded | {one.of_order for one in fresh if one.of_order}, changes)


class Known(NamedTuple):
    """A conversion that is there, whatever was made of it since it was told."""

    id: int
    occurred_at: datetime
    told_minor: int
    person_id: int | None
    visitor: UUID | None

    @property
    def place(self) -> tuple[datetime, int]:
        """Of several tellings the one with the lowest counts."""
        return self.occurred_at, self.told_minor


def _place(one: Happening) -> tuple[datetime, int]:
    told = one.told_minor if one.told_minor is not None else -1 if one.kind == "refund" else one.value_minor
    return one.occurred_at, told


def known(session: Session, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Known]:
    """The conversions with these (kind, source key) that are there; a first order is an order."""
    if not keys:
        return {}
    asked = [*keys, *(("first_order", key) for kind, key in keys if kind == "order")]
    rows = session.execute(_KNOWN, {"kinds": [kind for kind, _ in asked], "keys": [key for _, key in asked]})
    return {(kind, key): Known(*row) for kind, key, *row in rows}


def _move(session: Session, moved: Sequence[tuple[Known, Happening]], changes: Changes) -> set[str]:
    """What was known turns out to have been earlier; gives the orders whose refunds are to be found again."""
    if not moved:
        return set()
    rows = [{"id": was.id} | asdict(one) for was, one in moved]
    session.execute(update(Conversion), rows)
    changes.conversions.update(was.id for was, _ in moved)
    changes.moments.update((at, one.side) for was, one in moved for at in (was.occurred_at, one.occurred_at))
    let_go = session.execute(_LET_GO, {"moved": [was.id for was, _ in moved]}).all()
    changes.moments.update((one.occurred_at, one.side) for one in let_go)
    return {one.of_order for one in let_go}


def rank_orders(session: Session, buyers: Iterable[tuple[int | None, UUID | None]], changes: Changes) -> None:
    """Of the orders of each of these (person, visitor) the earliest is the first order; the person counts if known."""
    whose = set(buyers)
    people = [person for person, _ in whose if person is not None]
    visitors = [visitor for person, visitor in whose if person is None and visitor is not None]
    if people or visitors:
        ranked = session.execute(_RANK_ORDERS, {"people": people, "visitors": visitors})
        changes.moments.update((at, side) for at, side in ranked)


def _find_orders(session: Session, orders: set[str], changes: Changes) -> None:
    """Point refunds at their orders, whichever of both came first; together they give back no more than was paid."""
    if not orders:
        return
    for statement in (_FIND_ORDERS, _LIMIT_REFUNDS):
        changes.conversions.update(session.scalars(statement, {"orders": sorted(orders)}))
    changes.conversions |= limit_foreign(session, sorted(orders))


def _change_orders(session: Session, changed: Sequence[Happening], orders: set[str], changes: Changes) -> None:
    """Give orders their latest amount, whichever came first: the order, or its change."""
    if changed:
        latest = {one.source_key: one for one in sorted(changed, key=lambda one: (one.occurred_at, one.value_minor))}
        session.execute(_NOTE_CHANGES, {"changes": orjson.dumps(list(latest.values())).decode()})
    if orders:
        changes.conversions.update(session.scalars(_CHANGE_ORDERS, {"orders": sorted(orders)}))
