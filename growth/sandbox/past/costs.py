"""What the channels cost day by day: for visits, for orders, and by the day."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from growth.money import Money
from growth.sandbox.dice import Dice
from growth.sandbox.past.buyers import Buyer
from growth.sandbox.past.truth import BUYER_SOURCES, DAYS, FAIR_COST, FAIRS, LEAD_DAYS, SELLER_COSTS
from growth.spend.ledger import NewCost

CNY_IN_USD = Decimal("0.1385")
"""About what a yuan is worth; it moves a little from day to day."""


@dataclass(frozen=True)
class Spent:
    """Money spent on a channel on one day; `country` is empty where it is not told apart."""

    day: date
    side: str
    channel: str
    country: str
    amount: Money

    def as_cost(self) -> NewCost:
        """As the ledger takes it."""
        return NewCost(
            source="sample data",
            source_key=f"{self.side} {self.channel} {self.country} {self.amount.currency}",
            day=self.day,
            side=self.side,
            channel=self.channel,
            country=self.country,
            amount_minor=self.amount.minor,
            currency=self.amount.currency,
        )


def for_buyers(everybody: Sequence[Buyer], now: datetime) -> Iterator[Spent]:
    """What visits and orders cost, by country, and the daily rest."""
    visits: Counter[tuple[date, str, str]] = Counter()
    orders: Counter[tuple[date, str, str]] = Counter()
    for buyer in everybody:
        country, channel = buyer.nation.country, buyer.visits[-1][1]
        visits[buyer.visits[-1][0].date(), channel, country] += 1
        for moment, _ in buyer.orders:
            orders[moment.date(), channel, country] += 1
    for key in sorted(visits.keys() | orders.keys()):
        source = BUYER_SOURCES[key[1]]
        cents = round(visits[key] * source.per_visit + orders[key] * source.per_order)
        if cents:
            yield Spent(key[0], "buyer", key[1], key[2], Money(cents, "USD"))
    for day in _days(now, DAYS):
        for channel, source in BUYER_SOURCES.items():
            if source.per_day:
                yield Spent(day, "buyer", channel, "", Money(round(source.per_day), "USD"))


def for_sellers(now: datetime, dice: Dice) -> Iterator[Spent]:
    """What sales teams, tools and fairs cost, in yuan."""
    for day in _days(now, LEAD_DAYS):
        for channel, fen in SELLER_COSTS.items():
            spent = round(dice.around(fen, 0.1, "seller cost", channel, day))
            yield Spent(day, "seller", channel, "CN", Money(spent, "CNY"))
        for month, opens in FAIRS.values():
            if (day.month, day.day) == (month, opens):
                yield Spent(day, "seller", "offline", "CN", Money(FAIR_COST, "CNY"))


def rates(now: datetime, dice: Dice) -> Iterator[tuple[date, Decimal]]:
    """What a yuan is worth in US dollars, for each day."""
    for day in _days(now, LEAD_DAYS):
        yield day, round(CNY_IN_USD * Decimal(str(dice.around(1, 0.006, "rate", day))), 6)


def _days(now: datetime, count: int) -> Iterator[date]:
    today = now.date()
    return (today - timedelta(days=back) for back in range(count, -1, -1))
