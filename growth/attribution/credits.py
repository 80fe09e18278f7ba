"""Credits: read the contacts before each conversion, let the model share it, write what came out different."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, text, union
from sqlalchemy.orm import Session

from growth.attribution.models import LAST_TOUCH, WINDOWS, Contact, Share, last_touch, shares
from growth.attribution.records import Conversion, Credit
from growth.database.among import among

_LONGEST_PATH = 100
"""Clicks before a conversion that a model is shown, the latest ones."""

_CONTACTS = text("""
    select conversion.id, touched.id, touched.occurred_at, touched.channel, touched.kind
    from conversion cross join lateral (
        (select touch.* from touch
        where touch.person_id = conversion.person_id and touch.side = conversion.side and touch.kind = 'click'
            and touch.occurred_at <= conversion.occurred_at
            and touch.occurred_at > conversion.occurred_at
                - case conversion.side when 'seller' then cast(:seller as interval) else cast(:buyer as interval) end
        order by touch.occurred_at desc, touch.id desc limit :longest)
        union
        (select touch.* from touch
        where touch.visitor = conversion.visitor and touch.side = conversion.side and touch.kind = 'click'
            and coalesce(touch.person_id, conversion.person_id, 0) = coalesce(conversion.person_id, touch.person_id, 0)
            and touch.occurred_at <= conversion.occurred_at
            and touch.occurred_at > conversion.occurred_at
                - case conversion.side when 'seller' then cast(:seller as interval) else cast(:buyer as interval) end
        order by touch.occurred_at desc, touch.id desc limit :longest)
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
    on conflict (conversion_id, model, position) do update set
        touch_id = excluded.touch_id, channel = excluded.channel, share = excluded.share,
        value_minor = excluded.value_minor
    where (credit.touch_id, credit.channel, credit.share, credit.value_minor)
        is distinct from (excluded.touch_id, excluded.channel, excluded.share, excluded.value_minor)
    returning conversion_id
""")

Row = dict[str, Any]


def credit_anew(session: Session, conversions: Collection[int]) -> set[tuple[datetime, str]]:
    """Credit these conversions, and the refunds that point at them, by what is known now.

    Gives the moments and sides of those whose credits came out different.
    """
    if not conversions:
        return set()
    credited = _credit(session, conversions)
    return credited | _credit_refunds(session, conversions)


def _credit(session: Session, conversions: Collection[int]) -> set[tuple[datetime, str]]:
    columns = (Conversion.id, Conversion.side, Conversion.occurred_at, Conversion.value_minor)
    found = session.execute(
        select(*columns).where(among(Conversion.id, conversions), Conversion.kind != "refund").order_by(Conversion.id)
    ).all()
    contacts = _contacts(session, [one.id for one in found])
    rows: list[Row] = []
    for one in found:
        rows += _rows(one.id, last_touch(contacts[one.id], one.occurred_at, WINDOWS[one.side], one.value_minor))
    changed = _write(session, rows)
    return {(one.occurred_at, one.side) for one in found if one.id in changed}


def _contacts(session: Session, conversions: Sequence[int]) -> Mapping[int, list[Contact]]:
    asked = {"conversions": list(conversions), "longest": _LONGEST_PATH} | WINDOWS
    found: dict[int, list[Contact]] = defaultdict(list)
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
        rows += _rows(one.id, shares(sold[one.refunds], one.value_minor))
    changed = _write(session, rows)
    return {(one.occurred_at, one.side) for one in found if one.id in changed}


def _shares(session: Session, orders: Collection[int]) -> Mapping[int, list[tuple[int | None, str, int]]]:
    """Touch, channel and millionths of each credit of these orders."""
    found = select(Credit.conversion_id, Credit.touch_id, Credit.channel, Credit.share)
    mine = found.where(among(Credit.conversion_id, orders), Credit.model == LAST_TOUCH).order_by(Credit.position)
    kept: dict[int, list[tuple[int | None, str, int]]] = defaultdict(list)
    for conversion, touch, channel, share in session.execute(mine) if orders else ():
        kept[conversion].append((touch, channel, share))
    return kept


def _rows(conversion: int, parts: Sequence[Share]) -> Iterator[Row]:
    for position, part in enumerate(parts):
        yield {
            "conversion_id": conversion,
            "model": LAST_TOUCH,
            "position": position,
            "touch_id": part.touch_id,
            "channel": part.channel,
            "share": part.share,
            "value_minor": part.value_minor,
        }


def _write(session: Session, rows: Sequence[Row]) -> set[int]:
    """Store the credits that are not so already; gives their conversions. Last touch always has just one."""
    if not rows:
        return set()
    return set(session.scalars(_WRITE, {"credits": orjson.dumps(rows).decode()}))
