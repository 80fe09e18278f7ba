"""What the buyer channels truly do: whom money reaches, whom a contact convinces, what customers are worth."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from growth.sandbox.dice import Dice

POOL = 120
"""Buyers who look for something on an ordinary day, everywhere together."""


@dataclass(frozen=True, slots=True)
class Source:
    """A buyer channel. Money is US cents, spent a day for every thousand buyers that an ordinary day has.

    A share `top` · spent / (spent + half) of those who look is reached (Michaelis and Menten's curve), a share
    `convinces` of the reached register because of it, and `quality` is added to their chance of a first order.
    """

    top: float = 0.0
    half: float = 1.0
    spends: float = 0.0
    moves: float = 0.0
    """How much what is spent moves from week to week (spread of its logarithm)."""
    convinces: float = 0.0
    quality: float = 0.0
    comes_late: float = 0.0
    """How far into people's search it comes, 0..1: late ones are the last touch of many who had decided before."""
    per_order: float = 0.0
    """Commission."""

    def reach(self, spent: float) -> float:
        """The share of those who look that it reaches for this money."""
        return self.top * spent / (spent + self.half) if spent > 0 else 0.0


BUYER_SOURCES = {
    "parent_referral": Source(
        top=0.45, half=20_000, spends=41_000, moves=0.15, convinces=0.046, quality=0.06, comes_late=0.2
    ),
    "seo": Source(top=0.32, half=10_000, spends=29_500, moves=0.05, convinces=0.034, quality=0.04, comes_late=0.3),
    "paid_search": Source(
        top=0.36, half=10_900, spends=10_900, moves=0.4, convinces=0.03, quality=0.02, comes_late=0.7
    ),
    "affiliates": Source(
        top=0.26, half=3_000, spends=3_000, moves=0.3, convinces=0.022, quality=-0.02, comes_late=0.9, per_order=420
    ),
    "email": Source(spends=5_500, moves=0.05, convinces=0.12, quality=0.1, comes_late=1.0),
    "direct": Source(top=0.08, half=0.0, spends=1.0),
}
"""E-mail reaches those who allowed it, whatever is spent. Nobody is reached by, or convinced of, coming directly."""

ANYWAY = 0.03
"""Share of those who look that register without any channel."""
FIRST_ORDER = 0.3
"""Share of those registered that order, whatever channel they met."""
REPEAT_ORDER = 0.62
"""At each later occasion."""
REFUNDED = 0.045

SUBSCRIBES = 0.035
"""Share of visitors who ask for the newsletter before anything else."""
ALLOWS = 0.72
"""Share of those registered who allow e-mails."""
LETTER_CLICKED = 0.035
"""Share of weekly letters that are clicked, of those that never met paid search."""
PAID_HELPS_LETTERS = 1.7
"""By which paid search multiplies that: who saw the advertisement knows the sender."""
ORDERS_AFTER_LETTER = 0.16
"""Share of clicks in letters after which somebody orders who wouldn't have otherwise."""

FIRST_ORDER_AFTER = timedelta(days=6)
NEXT_ORDER_AFTER = timedelta(days=18)
"""Means of exponential waits."""
OCCASIONS = 8
"""So many orders at most, not counting those after letters."""
LETTERS_FOR = 26
"""Weeks for which a weekly letter finds its reader."""

BASKET = (3_900, 0.7)
"""Median of an order in US cents, and the spread of its logarithm."""


def spent_a_thousand(channel: str, country: str, day: date, dice: Dice) -> float:
    """US cents spent in a country on a day of some week, for every thousand buyers an ordinary day has there."""
    return _spent_in_week(channel, country, day.toordinal() // 7, dice)


@lru_cache(8_192)
def _spent_in_week(channel: str, country: str, week: int, dice: Dice) -> float:
    source = BUYER_SOURCES[channel]
    return dice.around(source.spends, source.moves, "spends", channel, country, week) if source.moves else source.spends
