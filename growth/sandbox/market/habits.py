"""What is true of the pretend market: how people deal with messages, and at what time of day."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

SEED = "market of makers"
"""Of the demo: its past and its present are one market."""

_NIGHT, _MORNING, _NOON = (0.5, 0.3, 0.2, 0.2, 0.2, 0.3), (0.6, 0.9, 1.2, 1.4, 1.4, 1.3), (1.3, 1.3, 1.2, 1.2, 1.2, 1.3)
_EVENING = (1.4, 1.5, 1.6, 1.4, 1.1, 0.8)
AWAKE = (*_NIGHT, *_MORNING, *_NOON, *_EVENING)
"""How much people do in each hour of their own day, against the average."""


@dataclass(frozen=True, slots=True)
class Habits:
    """Probabilities of what becomes of a message; of all messages where nothing else is said."""

    dead_addresses: float = 0.012
    """Bounce for good, and are dropped from then on."""
    soft_bounces: float = 0.006
    deferrals: float = 0.04
    """Are taken only at the second attempt."""
    opens: float = 0.4
    clicks: float = 0.3
    """Of those who open."""
    orders: float = 0.16
    """Of those who click: order after it, and would not have otherwise. What they order anyway is no message's."""
    unsubscribes: float = 0.012
    """Of those who open."""
    complainers: float = 0.0015
    """Of addresses: report what they open as spam."""
    by_locale: dict[str, float] = field(default_factory=lambda: {"ru": 1.1, "en": 0.9, "pt_BR": 1.05, "zh_CN": 0.95})
    """How eagerly the readers of a language open and click, against the average."""
    repeated_events: float = 0.02
    """Of what SendGrid tells, what it tells twice."""

    def eagerness(self, locale: str, hour: int) -> float:
        """By which opening and clicking are multiplied, for a language and an hour of the reader's day."""
        return self.by_locale.get(locale, 1.0) * (0.6 + 0.4 * AWAKE[hour])


RELIABLE = Habits(dead_addresses=0, soft_bounces=0, deferrals=0, unsubscribes=0, complainers=0)
"""Everything arrives, and nobody takes offence."""

DELIVERED_AFTER = timedelta(seconds=2)
TOLD_AFTER = timedelta(seconds=60)
DEFERRED_FOR = timedelta(minutes=5)
OPENED_AFTER = timedelta(minutes=18)
CLICKED_AFTER = timedelta(minutes=2)
ORDERED_AFTER = timedelta(minutes=14)
UNSUBSCRIBED_AFTER = timedelta(minutes=3)
"""Means of exponential waits in the real world, each after the step before; none longer than four times as long."""


@dataclass(frozen=True, slots=True)
class Market:
    """One market: its seed, its people's habits, and how many times faster than the real world it lives."""

    seed: str = SEED
    habits: Habits = field(default_factory=Habits)
    pace: float = 60.0
    visitors: bool = True
    """Whether people come by the other channels too."""


NOBODY = Market(habits=replace(RELIABLE, opens=0, repeated_events=0), pace=1e6, visitors=False)
"""Everything is delivered at once, and nobody does anything."""

EVERYBODY = Market(habits=replace(RELIABLE, opens=9, clicks=9, orders=1), pace=1e4, visitors=False)
"""Everything is delivered; everybody opens, clicks and orders within moments."""
