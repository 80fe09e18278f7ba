"""Refunds in another currency than their order: weighed by what both were worth on the day of the order."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from growth.attribution.records import Conversion
from growth.database.changed_days import CurrencyDue, bounds, zone_of
from growth.database.workspace import workspace
from growth.money import Money

_TOLD = text("""
    select sold.id as order_id, sold.occurred_at as sold_at, sold.value_minor as whole, sold.currency as sold_in,
        refund.id, refund.told_minor, refund.value_minor, refund.currency
    from conversion as sold join conversion as refund on refund.refunds = sold.id
    where sold.source_key = any(cast(:orders as text[])) and sold.kind in ('order', 'first_order')
        and exists (select from conversion as one where one.refunds = sold.id and one.currency <> sold.currency)
    order by sold.id, refund.occurred_at, refund.source_key
""")
# Rates belong to `spend`, beside this room; of each currency asked for, the latest until the day.
_RATES = text("""
    select asked.currency, asked.day, known.rate
    from unnest(cast(:currencies as text[]), cast(:days as date[])) as asked (currency, day)
    cross join lateral (
        select rate from currency_rate
        where currency_rate.currency = asked.currency and base = :base and currency_rate.day <= asked.day
        order by currency_rate.day desc limit 1
    ) as known
""")
_CONCERNED = text("""
    select distinct sold.source_key from conversion as sold join conversion as refund on refund.refunds = sold.id
    where sold.kind in ('order', 'first_order') and sold.occurred_at >= :since and refund.currency <> sold.currency
        and :currency in (refund.currency, sold.currency)
""")


@dataclass(frozen=True, slots=True)
class Told:
    """A refund as it was told: an amount, or None for all of what is left, in the order's currency then."""

    id: int
    amount: Money | None


def weigh(whole: Money, told: Sequence[Told], rates: Mapping[str, Decimal]) -> dict[int, int]:
    """What each refund of an order gives back, in minor units of its own currency, below nothing. Pure.

    `told` is in the order in which they happened, `rates` by currency on the day of the order. Together they give
    back no more than the whole; one without a rate is kept as it was told, and takes nothing from what is left.
    """
    left, given = whole.minor, {}
    for one in told:
        amount = one.amount or Money(left, whole.currency)
        worth = _turned(amount, whole.currency, rates)
        if worth is None:
            given[one.id] = -amount.minor
            continue
        over = worth > left or not left
        fits = _turned(Money(left, whole.currency), amount.currency, rates) if over else amount.minor
        given[one.id] = -(fits or 0)
        left -= min(worth, left)
    return given


def _turned(amount: Money, currency: str, rates: Mapping[str, Decimal]) -> int | None:
    """Minor units of another currency, rounded half to even; None when either has no rate."""
    if amount.currency == currency:
        return amount.minor
    if amount.currency not in rates or currency not in rates:
        return None
    there = amount.amount * rates[amount.currency] / rates[currency]
    return Money.of(there.quantize(Decimal("1e-9"), ROUND_HALF_EVEN), currency).minor


def limit_foreign(session: Session, orders: Sequence[str]) -> set[int]:
    """Weigh all refunds of those of these orders that have one in another currency; gives the ones that changed."""
    found = session.execute(_TOLD, {"orders": orders}).all()
    if not found:
        return set()
    zone = zone_of(session)
    days = {row.order_id: row.sold_at.astimezone(zone).date() for row in found}
    rates = _rates(session, {(row.currency, days[row.order_id]) for row in found}
                   | {(row.sold_in, days[row.order_id]) for row in found})  # fmt: skip
    told: dict[tuple[int, Money], list[Told]] = defaultdict(list)
    for row in found:
        amount = None if row.told_minor is None else Money(row.told_minor, row.currency)
        told[row.order_id, Money(row.whole, row.sold_in)].append(Told(row.id, amount))
    given: dict[int, int] = {}
    for (order, whole), ones in told.items():
        given |= weigh(whole, ones, rates[days[order]])
    changed = [{"id": row.id, "value_minor": given[row.id]} for row in found if given[row.id] != row.value_minor]
    if changed:
        session.execute(update(Conversion), changed)
    return {int(row["id"]) for row in changed}


def _rates(session: Session, asked: set[tuple[str, date]]) -> Mapping[date, Mapping[str, Decimal]]:
    """By day and currency; one without a rate is left out."""
    place = workspace(session)
    base = place.currency if place else ""
    known: dict[date, dict[str, Decimal]] = defaultdict(dict)
    for currency, day in asked:
        if currency == base:
            known[day][currency] = Decimal(1)
    others = sorted(one for one in asked if one[0] != base)
    given = {"currencies": [currency for currency, _ in others], "days": [day for _, day in others], "base": base}
    for currency, day, rate in session.execute(_RATES, given) if others else ():
        known[day][currency] = rate
    return known


def weigh_again(session: Session) -> set[int]:
    """Weigh the refunds again whose rates came or changed since; gives the ones that changed. Safe to repeat."""
    locked = select(CurrencyDue.currency, CurrencyDue.since).with_for_update(skip_locked=True)
    due = session.execute(locked).all()
    if not due:
        return set()
    session.execute(delete(CurrencyDue).where(CurrencyDue.currency.in_([currency for currency, _ in due])))
    orders: set[str] = set()
    for currency, since in due:
        first: datetime = bounds(since, zone_of(session))[0]
        orders.update(session.scalars(_CONCERNED, {"currency": currency, "since": first}))
    return limit_foreign(session, sorted(orders)) if orders else set()
