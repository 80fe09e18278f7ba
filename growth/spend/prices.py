"""Prices with a first day: a thousand messages, an hour of a sales rep; and costs that follow from them."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.errors import InvalidError
from growth.locales import N_
from growth.money import Money
from growth.spend.ledger import NewCost, record_costs
from growth.spend.records import Cost, Price

EMAIL, REP_HOUR = "email", "rep_hour"
ACTIVITY = "activity"
"""The source of hours reckoned from what reps logged; `rep_hour` is the one of hours that were entered."""
SOURCES = {EMAIL: (EMAIL,), REP_HOUR: (REP_HOUR, ACTIVITY)}
JOBS = {EMAIL: "cost_messages", REP_HOUR: "cost_rep_time"}
"""The job that counts what a price is for; with `since` among its arguments, days since then."""
UNITS = {EMAIL: 1000, REP_HOUR: 1}
"""How many messages, or hours, a price is for."""


def set_price(session: Session, kind: str, since: date, price: Money, *, actor: str, now: datetime) -> int:
    """From this day on, audited; the same day again replaces. Raises InvalidError.

    Lines of cost that follow from the price are reckoned again, from this day until the next price. Gives how many
    changed.
    """
    if kind not in SOURCES:
        raise InvalidError("kind", N_("There is a price of email and of rep_hour."))
    if price.minor < 0:
        raise InvalidError("amount", N_("A price is zero or more."))
    known = session.get(Price, (kind, since))
    detail = {"since": str(since), "before_minor": known.amount_minor if known else None,
              "amount_minor": price.minor, "currency": price.currency}  # fmt: skip
    session.merge(Price(kind=kind, since=since, amount_minor=price.minor, currency=price.currency))
    session.flush()
    audit(session, actor=actor, action="price change", subject=kind, detail=detail, now=now)
    return _reckon_again(session, kind, since, price, now)


def _reckon_again(session: Session, kind: str, since: date, price: Money, now: datetime) -> int:
    later = select(Price.since).where(Price.kind == kind, Price.since > since).order_by(Price.since).limit(1)
    until = session.scalar(later)
    mine = select(Cost).where(Cost.source.in_(SOURCES[kind]), Cost.day >= since, Cost.units.is_not(None))
    mine = mine if until is None else mine.where(Cost.day < until)
    return record_costs(session, [_at(line, price, kind) for line in session.scalars(mine)], now).changed


def _at(line: Cost, price: Money, kind: str) -> NewCost:
    values = {name: getattr(line, name) for name in NewCost.__slots__}
    cost = priced(price, (line.units or Decimal(0)) / UNITS[kind])
    return NewCost(**values | {"amount_minor": cost.minor, "currency": cost.currency})


def prices(session: Session) -> Sequence[Price]:
    """All of them, the latest first."""
    return session.scalars(select(Price).order_by(Price.kind, Price.since.desc())).all()


def price_on(session: Session, kind: str, day: date) -> Money | None:
    """The price that holds on a day."""
    known = select(Price).where(Price.kind == kind, Price.since <= day).order_by(Price.since.desc()).limit(1)
    found = session.scalar(known)
    return Money(found.amount_minor, found.currency) if found else None


def priced(price: Money, units: Decimal) -> Money:
    """So many units at a price, rounded half to even."""
    return Money(int((price.minor * units).to_integral_value(ROUND_HALF_EVEN)), price.currency)
