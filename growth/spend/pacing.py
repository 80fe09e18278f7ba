"""Pacing: what a month will have cost at its end, with the interval that holds it nine times in ten. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import sqrt

HISTORY = 56
"""Days before today that the forecast reads."""
LEAST = 14
"""Days with any history that it needs."""
_STUDENT = 1.70
"""Student's t for a 90 % interval with some thirty degrees of freedom (1.70 at 27)."""
_LEVEL = 28


@dataclass(frozen=True)
class Pace:
    """Minor units: spent until yesterday, and the month's end; `low` and `high` hold it with 90 %."""

    spent: int
    expected: int
    low: int
    high: int
    told: bool
    """Whether there was history enough; without it the end is what was spent."""


def pace(history: Sequence[int], yesterday: date, end: date, spent: int, first: date | None = None) -> Pace:
    """The month's end from `history`, minor units by day until `yesterday`, and what the month has cost so far.

    `first` is the month's first day; it says more than `yesterday` only of a month that is still to come.
    """
    begin = max(yesterday + timedelta(days=1), first or yesterday)
    ahead = [begin + timedelta(days=one) for one in range((end - begin).days + 1)]
    lived = list(history[-HISTORY:])
    while lived and lived[0] == 0:
        lived.pop(0)
    if not ahead or len(lived) < LEAST:
        return Pace(spent, spent, spent, spent, told=not ahead)
    days = [yesterday - timedelta(days=back) for back in range(len(lived) - 1, -1, -1)]
    shares = _weekdays(lived, days)
    level = [value / shares[day.weekday()] for value, day in zip(lived, days, strict=True)][-_LEVEL:]
    mean = sum(level) / len(level)
    rest = sum(mean * shares[day.weekday()] for day in ahead)
    off = [one - mean for one in level]
    variance = sum(one * one for one in off) / (len(level) - 1)
    alike = max(sum(a * b for a, b in pairwise(off)) / (sum(one * one for one in off) or 1), 0)
    # Days that resemble the day before carry less news: an autoregression of first order (Box and Jenkins).
    carried = variance * (1 + alike) / max(1 - alike, 0.2)
    reach = _STUDENT * sqrt(carried * (len(ahead) + len(ahead) ** 2 / len(level)))
    low, high = (max(round(spent + rest + way * reach), spent) for way in (-1, 1))
    return Pace(spent, round(spent + rest), low, high, told=True)


def _weekdays(values: Sequence[int], days: Sequence[date]) -> list[float]:
    """Each weekday's share of the mean, drawn towards 1 as by two ordinary days more."""
    mean = sum(values) / len(values) or 1
    shares = []
    for weekday in range(7):
        mine = [value for value, day in zip(values, days, strict=True) if day.weekday() == weekday]
        shares.append(max((sum(mine) + 2 * mean) / (len(mine) + 2) / mean, 0.05))
    return shares
