"""Prices with a first day: a thousand messages, an hour of a sales rep; and costs that follow from them."""

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.errors import InvalidError, RefusedError
from growth.locales import N_
from growth.money import Money
from growth.spend.ledger import NewCost, record_cost
from growth.spend.records import Price

EMAIL, REP_HOUR = "email", "rep_hour"


def set_price(session: Session, kind: str, since: date, price: Money, *, actor: str, now: datetime) -> None:
    """From this day on, audited; the same day again replaces. Raises InvalidError."""
    if kind not in {EMAIL, REP_HOUR}:
        raise InvalidError("kind", N_("There is a price of email and of rep_hour."))
    if price.minor < 0:
        raise InvalidError("amount", N_("A price is zero or more."))
    session.merge(Price(kind=kind, since=since, amount_minor=price.minor, currency=price.currency))
    session.flush()
    detail = {"since": str(since), "amount_minor": price.minor, "currency": price.currency}
    audit(session, actor=actor, action="price change", subject=kind, detail=detail, now=now)


def price_on(session: Session, kind: str, day: date) -> Money | None:
    """The price that holds on a day."""
    known = select(Price).where(Price.kind == kind, Price.since <= day).order_by(Price.since.desc()).limit(1)
    found = session.scalar(known)
    return Money(found.amount_minor, found.currency) if found else None


def priced(price: Money, units: Decimal) -> Money:
    """So many units at a price, rounded half to even."""
    return Money(int((price.minor * units).to_integral_value(ROUND_HALF_EVEN)), price.currency)


def record_hours(session: Session, day: date, who: str, hours: Decimal, *, channel: str, now: datetime) -> Money:
    """Keep a rep's hours as a cost; the same day, rep and channel again replaces. Raises RefusedError, InvalidError."""
    if not 0 <= hours <= 24:
        raise InvalidError("hours", N_("A day has 24 hours."))
    price = price_on(session, REP_HOUR, day)
    if price is None:
        raise RefusedError(N_("An hour of a sales rep has no price on this day."))
    cost = priced(price, hours)
    line = NewCost(
        source=REP_HOUR,
        source_key=f"{channel}\n{who[:300]}",
        day=day,
        side="seller",
        channel=channel,
        amount_minor=cost.minor,
        currency=cost.currency,
    )
    record_cost(session, line, now)
    return cost
