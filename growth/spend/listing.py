"""The ledger as a list: filters, a page after another, sums that stay bounded, and every line for a file."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, literal, select, tuple_
from sqlalchemy.orm import Session

from growth.database.engine import transaction
from growth.money import Money
from growth.spend.currencies import base_currency, rates_on, turned
from growth.spend.records import Cost

MOST_SUMMED = 20_000
"""Lines, the newest, that sums are made of."""
_AT_ONCE = 500


@dataclass(frozen=True)
class CostFilter:
    """Which lines: between two days, both counted; "" is all. A country of "-" is none named."""

    first: date
    last: date
    side: str = ""
    channel: str = ""
    country: str = ""
    campaign: str = ""
    source: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """In SQL."""
        wanted = [Cost.day.between(self.first, self.last)]
        for name in ("side", "channel", "campaign", "source"):
            value = getattr(self, name)
            wanted += [getattr(Cost, name) == value] if value else []
        return wanted + ([Cost.country == self.country.removeprefix("-")] if self.country else [])


@dataclass(frozen=True)
class Line:
    """A line with what it comes to in the workspace's currency; None where that day has no rate."""

    cost: Cost
    amount: Money
    turned: Money | None


@dataclass(frozen=True)
class Sum:
    """All lines together: in the workspace's currency, in each of their own, and what has no rate."""

    total: Money
    own: Sequence[Money]
    unrated: Sequence[str]
    lines: int
    more: bool
    """Whether there are more lines than are summed."""


def lines(
    session: Session, wanted: CostFilter, *, after: tuple[date, int] | None = None, limit: int = 50
) -> list[Line]:
    """Lines, the newest day first, after the line of this (day, id) when given."""
    mine = select(Cost).where(*wanted.conditions())
    if after is not None:
        mine = mine.where(tuple_(Cost.day, Cost.id) < tuple_(*map(literal, after)))
    found = session.scalars(mine.order_by(Cost.day.desc(), Cost.id.desc()).limit(limit)).all()
    return turned_lines(session, found)


def turned_lines(session: Session, found: Sequence[Cost]) -> list[Line]:
    """These lines, with the rates of their days."""
    base = base_currency(session)
    rates = rates_on(session, base, {(one.currency, one.day) for one in found})
    return [
        Line(one, Money(one.amount_minor, one.currency), _turned(one, base, rates.get((one.currency, one.day))))
        for one in found
    ]


def _turned(one: Cost, base: str, rate: Decimal | None) -> Money | None:
    return None if rate is None else Money(turned(Money(one.amount_minor, one.currency), base, rate), base)


def sum_of(session: Session, wanted: CostFilter) -> Sum:
    """The sum of the newest `MOST_SUMMED` lines, each currency and day turned as a whole, as the roll-up does."""
    newest = select(Cost.day, Cost.currency, Cost.side, Cost.channel, Cost.country, Cost.amount_minor)
    newest = newest.where(*wanted.conditions())
    part = newest.order_by(Cost.day.desc(), Cost.id.desc()).limit(MOST_SUMMED).subquery()
    # As the roll-up rounds: by day, side, channel and country.
    place: list[Any] = [part.c.day, part.c.currency, part.c.side, part.c.channel, part.c.country]
    rows = session.execute(select(*place, func.sum(part.c.amount_minor), func.count()).group_by(*place)).all()
    base = base_currency(session)
    rates = rates_on(session, base, {(row[1], row[0]) for row in rows})
    own: dict[str, int] = defaultdict(int)
    total, unrated, count = 0, set[str](), 0
    for row in rows:
        day, currency, minor, here = row[0], row[1], int(row[-2]), int(row[-1])
        own[currency] += minor
        count += here
        if (currency, day) in rates:
            total += turned(Money(minor, currency), base, rates[currency, day])
        else:
            unrated.add(currency)
    amounts = [Money(minor, currency) for currency, minor in sorted(own.items())]
    return Sum(Money(total, base), amounts, sorted(unrated), count, count >= MOST_SUMMED)


def every_line(engine: Engine, wanted: CostFilter) -> Iterator[Line]:
    """All lines, the newest first, read a few at a time, each few in a transaction of their own."""
    after: tuple[date, int] | None = None
    while True:
        with transaction(engine) as session:
            found = lines(session, wanted, after=after, limit=_AT_ONCE)
        yield from found
        if len(found) < _AT_ONCE:
            return
        after = found[-1].cost.day, found[-1].cost.id
