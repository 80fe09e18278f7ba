"""Currencies: what one unit of another was worth in the workspace's own, and amounts turned by it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.database.changed_days import mark_rates, mark_since, zone_of
from growth.database.workspace import workspace
from growth.errors import RefusedError
from growth.locales import N_
from growth.money import Money, exponent
from growth.spend.records import CurrencyRate

_RATES = text("""
    select asked.currency, asked.day, known.rate
    from unnest(cast(:currencies as text[]), cast(:days as date[])) as asked (currency, day)
    cross join lateral (
        select rate from currency_rate
        where currency = asked.currency and base = :base and day <= asked.day
        order by day desc limit 1
    ) as known
""")

_LATEST = text("""
    select distinct on (currency) currency, day, rate from currency_rate
    where base = :base order by currency, day desc
""")


@dataclass(frozen=True, slots=True)
class Rate:
    """How much of the workspace's currency one unit of `currency` was worth from `day` on, until the next rate."""

    currency: str
    day: date
    rate: Decimal


def base_currency(session: Session) -> str:
    """The workspace's currency. Raises RefusedError while the product is not set up."""
    place = workspace(session)
    if place is None:
        raise RefusedError(N_("This installation is not set up yet."))
    return place.currency


def rates_on(session: Session, base: str, asked: Collection[tuple[str, date]]) -> dict[tuple[str, date], Decimal]:
    """The rate of each (currency, day): that day's or the latest before it. Pairs without any are left out."""
    wanted = sorted(asked)
    others = [(currency, day) for currency, day in wanted if currency != base]
    found = {(currency, day): Decimal(1) for currency, day in wanted if currency == base}
    if others:
        given = {"currencies": [one for one, _ in others], "days": [day for _, day in others], "base": base}
        found |= {(currency, day): rate for currency, day, rate in session.execute(_RATES, given)}
    return found


def latest_rates(session: Session, base: str) -> list[Rate]:
    """The latest rate of each currency, by its code."""
    return [Rate(*row) for row in session.execute(_LATEST, {"base": base})]


def turned(amount: Money, base: str, rate: Decimal) -> int:
    """The amount in minor units of `base`, rounded half to even; `rate` is for one major unit."""
    scaled = Decimal(amount.minor).scaleb(exponent(base) - exponent(amount.currency)) * rate
    return int(scaled.to_integral_value(ROUND_HALF_EVEN))


def turned_today(session: Session, amount: Money, now: datetime) -> Money:
    """The amount in the workspace's currency by today's rate. Raises RefusedError where there is none."""
    base, today = base_currency(session), now.astimezone(zone_of(session)).date()
    rate = rates_on(session, base, [(amount.currency, today)]).get((amount.currency, today))
    if rate is None:
        raise RefusedError(
            N_("There is no rate for %(currency)s."), remedy=N_("Import rates first."), currency=amount.currency
        )
    return Money(turned(amount, base, rate), base)


def record_rates(session: Session, base: str, rates: Sequence[Rate], now: datetime) -> int:
    """Keep rates; the same day again replaces. Gives how many were new or different.

    A rate holds until the next one, so all days from the earliest one that changed until the last that may have a
    rate, which is tomorrow's, are rolled up again.
    """
    rows = {(one.currency, one.day): {"base": base, "currency": one.currency, "day": one.day, "rate": one.rate}
            for one in rates}  # fmt: skip
    if not rows:
        return 0
    given = insert(CurrencyRate)
    kept = given.on_conflict_do_update(
        index_elements=["currency", "base", "day"],
        set_={"rate": given.excluded.rate},
        where=CurrencyRate.rate.is_distinct_from(given.excluded.rate),
    )
    changed = session.execute(kept.returning(CurrencyRate.currency, CurrencyRate.day), list(rows.values())).all()
    if changed:
        mark_since(session, min(day for _, day in changed), now + timedelta(days=2))
        earliest_last = sorted(((day, currency) for currency, day in changed), reverse=True)
        mark_rates(session, {currency: day for day, currency in earliest_last})
    return len(changed)
