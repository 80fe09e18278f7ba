"""Hours of sales reps as costs: those that somebody entered, which stand above those reckoned from what reps logged."""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.errors import InvalidError, RefusedError
from growth.locales import N_
from growth.money import Money
from growth.spend.ledger import NewCost, record_costs
from growth.spend.prices import ACTIVITY, REP_HOUR, price_on, priced
from growth.spend.records import Cost

LONGEST_NAME = 300


def record_hours(
    session: Session, day: date, who: str, hours: Decimal, *, channel: str, actor: str, now: datetime
) -> Money:
    """Keep a rep's hours of a day on a channel as a cost, audited; the same again replaces. Zero takes them back.

    What was reckoned from the rep's logged work of that day no longer counts. `who` is the rep's address, or a name.

    Raises RefusedError on a day without a price, InvalidError.
    """
    name = " ".join(who.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidError("who", N_("Say whose hours they are."))
    if not 0 <= hours <= 24:
        raise InvalidError("hours", N_("A day has 24 hours."))
    price = price_on(session, REP_HOUR, day)
    if price is None:
        raise RefusedError(
            N_("An hour of a sales rep has no price on this day."),
            remedy=N_("Set a price first, from this day or an earlier one."),
        )
    cost = priced(price, hours)
    line = hours_line(REP_HOUR, (day, name), ("seller", channel), cost, hours)
    kept = record_costs(session, [line, *_superseded(session, day, name)], now)
    if kept.new or kept.changed:
        detail = {"day": str(day), "hours": str(hours), "channel": channel}
        audit(session, actor=actor, action="hours entered", subject=name, detail=detail, now=now)
    return cost


def hours_line(source: str, whose: tuple[date, str], place: tuple[str, str], cost: Money, hours: Decimal) -> NewCost:
    """A line of the hours of a (day, rep) on a (side, channel)."""
    (day, who), (side, channel) = whose, place
    return NewCost(
        source=source,
        source_key=f"{side}\n{channel}\n{who}",
        day=day,
        side=side,
        channel=channel,
        amount_minor=cost.minor,
        currency=cost.currency,
        units=hours,
        note=who,
    )


def entered(session: Session, days: Collection[date]) -> set[tuple[date, str]]:
    """Of these days, each (day, rep) that hours were entered for; taken back, they don't count."""
    mine = Cost.source == REP_HOUR, Cost.day.in_(days), Cost.units > 0
    return {(day, who.casefold()) for day, who in session.execute(select(Cost.day, Cost.note).where(*mine))}


def reckoned(session: Session, days: Collection[date]) -> list[Cost]:
    """Lines of these days that were reckoned from logged work and cost something."""
    return list(session.scalars(select(Cost).where(Cost.source == ACTIVITY, Cost.day.in_(days), Cost.units > 0)))


def nothing(line: Cost) -> NewCost:
    """The same line, of no hours."""
    cost = Money(0, line.currency)
    return hours_line(line.source, (line.day, line.note), (line.side, line.channel), cost, Decimal(0))


def _superseded(session: Session, day: date, who: str) -> list[NewCost]:
    return [nothing(line) for line in reckoned(session, [day]) if line.note.casefold() == who.casefold()]
