"""What the channels cost day by day: what is spent to reach people, commission, and fairs. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from growth.money import Money
from growth.sandbox.dice import Dice
from growth.sandbox.market import sellers
from growth.sandbox.market.lives import Life
from growth.sandbox.market.sources import BUYER_SOURCES, spent_a_thousand
from growth.sandbox.market.switches import Switches
from growth.sandbox.past import names

CNY_IN_USD = Decimal("0.1385")
"""About what a yuan is worth; it moves a little from day to day."""

_BILLED_BY_COUNTRY = ("paid_search",)
_BILLED_FROM = 0.03
"""Share of the buyers from which on a country has a bill of its own; the others are billed together."""


@dataclass(frozen=True)
class Spent:
    """Money spent on a channel on one day; `country` is empty where it is not told apart."""

    day: date
    side: str
    channel: str
    country: str
    what: str
    """For what: `budget`, `commission` or the name of a fair."""
    amount: Money


def budgets(days: Iterable[date], dice: Dice, people: int, switches: Switches) -> Iterator[Spent]:
    """What is spent to reach buyers."""
    for day in days:
        for channel, source in BUYER_SOURCES.items():
            if source.moves:
                yield from _budget(day, channel, dice, people, switches)


def _budget(day: date, channel: str, dice: Dice, people: int, switches: Switches) -> Iterator[Spent]:
    bills: Counter[str] = Counter()
    for nation, share in names.BUYERS.items():
        if switches.spends(channel, nation.country, day):
            billed = nation.country if channel in _BILLED_BY_COUNTRY and share >= _BILLED_FROM else ""
            cents = spent_a_thousand(channel, nation.country, day, dice) * switches.money.get(channel, 1.0)
            bills[billed] += round(cents * people * share / 1_000)
    for country, cents in bills.items():
        if cents:
            yield Spent(day, "buyer", channel, country, "budget", Money(cents, "USD"))


def commissions(lives: Iterable[Life], until: datetime) -> Iterator[Spent]:
    """What partners get for orders of those who came by them last before they registered."""
    orders: Counter[tuple[date, str, str]] = Counter()
    for life in lives:
        channel = brought_by(life)
        for order in life.orders:
            if order.at <= until and BUYER_SOURCES[channel].per_order:
                orders[order.at.date(), channel, life.shopper.nation.country] += 1
    for (day, channel, country), count in sorted(orders.items()):
        cents = round(count * BUYER_SOURCES[channel].per_order)
        yield Spent(day, "buyer", channel, country, "commission", Money(cents, "USD"))


def brought_by(life: Life) -> str:
    """The last channel before the registration."""
    before = [channel for moment, channel in life.visits if life.registered is None or moment <= life.registered]
    return before[-1] if before else "direct"


def for_sellers(days: Iterable[date], dice: Dice, people: float, switches: Switches) -> Iterator[Spent]:
    """What sales teams, tools and fairs cost, in yuan."""
    for day in days:
        for channel in sellers.SELLER_SOURCES:
            if switches.spends(channel, "CN", day):
                fen = round(sellers.spent(channel, day, dice) * switches.money.get(channel, 1.0) * people)
                yield Spent(day, "seller", channel, "CN", "budget", Money(fen, "CNY"))
        for fair, opens in sellers.FAIRS.items():
            if (day.month, day.day) == opens and switches.spends("offline", "CN", day):
                yield Spent(day, "seller", "offline", "CN", fair, Money(round(sellers.FAIR_COST * people), "CNY"))


def rates(days: Iterable[date], dice: Dice) -> Iterator[tuple[date, Decimal]]:
    """What a yuan is worth in US dollars, for each day."""
    for day in days:
        yield day, round(CNY_IN_USD * Decimal(str(dice.around(1, 0.006, "rate", day))), 6)
