"""What failed to come where a channel rested, from weeks before and during, in its regions beside the others. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from math import sqrt

from growth.experiments.student import quantile

LEVEL = 0.9
"""Of all intervals here: decisions about money are made on them, and few weeks give no finer ones."""
FEWEST_WEEKS = 8
"""Before it begins, from which the usual movement is learned."""
_MOST_ALIKE = 0.8
"""Beyond this the weeks hang together so much that so few can't say how much."""
_USUALLY_ALIKE, _USUAL_WEEKS = 0.3, 15
"""The correlation of neighbouring weeks before any is seen, and how many weeks that is worth."""


@dataclass(frozen=True)
class Weeks:
    """What came in each week before, where the channel is to rest and in the regions it is compared with."""

    off: Sequence[float]
    on: Sequence[float]

    def __post_init__(self) -> None:
        if len(self.off) != len(self.on):
            raise ValueError(self)


@dataclass(frozen=True)
class Lost:
    """What failed to come: expected less what came, with its interval."""

    came: float
    expected: float
    lost: float
    low: float
    high: float

    def share(self, part: float) -> float:
        """`lost`, `low` or `high` as a share of what was expected."""
        return part / self.expected if self.expected else 0.0


@dataclass(frozen=True)
class Foreseen:
    """What is expected where it rests, how far chance may lead from it, and how well that is known."""

    expected: float
    error: float
    """Standard error."""
    freedom: float
    """Degrees of freedom of the error."""


def estimate(before: Weeks, off: float, on: float, weeks: int) -> Lost | None:
    """What failed to come in so many weeks, in which `off` came where it rested and `on` elsewhere.

    The interval is Student's. None with too few weeks, or where nothing came elsewhere.
    """
    foreseen = foresee(before, on, weeks)
    if foreseen is None:
        return None
    lost, reach = foreseen.expected - off, times(1 - LEVEL, foreseen.freedom) * foreseen.error
    return Lost(off, foreseen.expected, lost, lost - reach, lost + reach)


@lru_cache(maxsize=10_000)
def times(outside: float, freedom: float) -> float:
    """Standard errors beyond which so much lies, on both sides together."""
    return quantile(outside / 2, freedom)


def foresee(before: Weeks, on: float, weeks: int) -> Foreseen | None:
    """What is expected where it rests when `on` comes elsewhere in so many weeks.

    It is what comes elsewhere, times the ratio of both in the weeks before: a difference in differences of shares, so
    that what moves all regions moves neither. The variance is that of the weeks before around their ratio (Cochran
    1977, Sampling Techniques, 6.3), wider where neighbouring weeks are alike by (1+r)/(1−r) of their correlation r,
    and never smaller than that of counts that come by chance (Poisson). All of it is wider by how much more than
    foreseen regions went apart in the past, which is how those show that grow at different paces.
    """
    found = _foreseen(before, on, weeks)
    return replace(found, error=found.error * _surprise(before, weeks)) if found else None


def played(before: Weeks, weeks: int) -> Iterator[tuple[Weeks, float, float]]:
    """Each stretch of so many weeks of the past, as if the channel had rested in it: the weeks before, off and on."""
    for first in range(FEWEST_WEEKS, len(before.off) - weeks + 1):
        off, on = (sum(one[first : first + weeks]) for one in (before.off, before.on))
        yield Weeks(before.off[:first], before.on[:first]), off, on


def _surprise(before: Weeks, weeks: int) -> float:
    """How far what came was from what was foreseen in the past, in standard errors on average; at least 1."""
    errors = [
        (found.expected - off) / found.error
        for past, off, on in played(before, weeks)
        if (found := _foreseen(past, on, weeks)) is not None
    ]
    return max(1.0, sqrt(sum(one * one for one in errors) / len(errors))) if errors else 1.0


def _foreseen(before: Weeks, on: float, weeks: int) -> Foreseen | None:
    number, all_off, all_on = len(before.off), sum(before.off), sum(before.on)
    if number < FEWEST_WEEKS or all_off <= 0 or all_on <= 0 or on <= 0 or weeks < 1:
        return None
    ratio = all_off / all_on
    apart = [one - ratio * other for one, other in zip(before.off, before.on, strict=True)]
    swing = _swing(apart)
    grown = on / weeks / (all_on / number)
    weekly = sum(one * one for one in apart) / (number - 1) * swing
    expected = ratio * on
    moved = weekly * (weeks * grown + weeks * weeks * grown * grown / number)
    chance = expected + ratio * ratio * on + expected * expected * (1 / all_off + 1 / all_on)
    return Foreseen(expected, sqrt(max(moved, chance)), max(round((number - 1) / swing, 1), 3.0))


def _swing(apart: Sequence[float]) -> float:
    """How much wider neighbouring weeks that are alike make it; 1 where they aren't."""
    squares = sum(one * one for one in apart)
    alike = sum(one * after for one, after in pairwise(apart)) / squares if squares else 0.0
    number = len(apart)
    # From so few weeks it comes out too small by about this much (Kendall 1954), and is uncertain besides, so that it
    # is drawn towards what is usual.
    alike += (1 + 4 * max(alike, 0.0)) / number
    alike = min(max((number * alike + _USUAL_WEEKS * _USUALLY_ALIKE) / (number + _USUAL_WEEKS), 0.0), _MOST_ALIKE)
    return (1 + alike) / (1 - alike)
