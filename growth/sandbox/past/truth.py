"""What is true of the pretend market's past: how many each channel brings, what it costs, which sellers are won."""

from dataclasses import dataclass
from datetime import timedelta

DAYS = 91
"""How far back buyers' visits and costs go: thirteen weeks."""

LEAD_DAYS = 420
"""How far back seller leads go, so that a year of them has had time to end."""


@dataclass(frozen=True)
class Source:
    """A buyer channel: visits on an ordinary day, the share that registers, of those the share that orders, and cost.

    Costs are US cents: for every visit, for every order, and fixed for every day.
    """

    visits: float
    registers: float
    orders: float
    per_visit: float = 0
    per_order: float = 0
    per_day: float = 0


BUYER_SOURCES = {
    "parent_referral": Source(visits=90, registers=0.085, orders=0.34, per_day=9_000),
    "seo": Source(visits=70, registers=0.045, orders=0.30, per_day=6_500),
    "paid_search": Source(visits=52, registers=0.060, orders=0.27, per_visit=46),
    "affiliates": Source(visits=38, registers=0.075, orders=0.25, per_visit=4, per_order=420),
    "email": Source(visits=24, registers=0.030, orders=0.55, per_day=1_200),
    "direct": Source(visits=22, registers=0.040, orders=0.36),
}

WEEK = (1.0, 1.05, 1.06, 1.02, 0.98, 0.86, 0.9)
"""Monday to Sunday, against the average."""

GROWTH_A_DAY = 0.0035
"""The market grows by this share a day."""

FIRST_ORDER_AFTER = timedelta(days=6)
NEXT_ORDER_AFTER = timedelta(days=18)
"""Means of exponential waits."""

BASKET = (3_900, 0.7)
"""Median of an order in US cents, and the spread of its logarithm."""

SELLER_COSTS = {"members": 52_000, "competitors": 38_000, "online": 61_000}
"""CNY fen a day; trade fairs come in lumps."""

FAIR_COST = 4_800_000
FAIRS = {"Canton Fair": (10, 15), "Yiwu Fair": (10, 21)}
"""CNY fen a fair, and the month and day when it opens."""

LEADS_A_DAY = {"members": 2.6, "competitors": 1.5, "online": 1.9, "offline": 0.7}

ORIGINS = {
    "members": {"renewal call": 0.4, "member centre": 0.6},
    "competitors": {"ebay shop": 0.35, "dhgate shop": 0.4, "taobao shop": 0.25},
    "online": {"organic search": 0.4, "paid search": 0.3, "trade directory": 0.3},
    "offline": {"Canton Fair": 0.7, "Yiwu Fair": 0.3},
}

MEMBERSHIP = 1_980_000
"""CNY fen a year."""

WON_AFTER = timedelta(days=16)
"""Mean of an exponential wait from first contact to an open shop."""

GIVEN_UP_AFTER = timedelta(days=75)


def seller_odds(channel: str, origin: str, landing: str, kind: str, segment: str) -> float:
    """The true log-odds that a lead opens a shop; the interaction is what a plain table of channels can't show."""
    odds = {"members": -1.1, "competitors": -2.1, "online": -1.9, "offline": -1.6}[channel]
    odds += {"renewal call": 0.5, "dhgate shop": 0.4, "organic search": 0.5, "trade directory": -0.7}.get(origin, 0)
    odds += {"manufacturer": -0.4, "trading": 0.2, "soho": 0.1}[kind]
    odds += {"bags": 0.35, "shoes": 0.25, "tools": -0.4}.get(segment, 0)
    if landing == "free-opening" and channel == "members":
        odds += 0.7
    if landing == "webinar" and origin == "paid search":
        odds -= 0.9
    return odds
