"""How many people an experiment needs, and how small a difference it will see with those there are."""

from collections.abc import Callable
from math import ceil, sqrt
from statistics import NormalDist

from growth.experiments import proportions, sequential

ALPHA = 0.05
POWER = 0.8


def critical_for(rule: str, comparisons: int, alpha: float = ALPHA) -> float:
    """Standard errors that a difference must reach under a rule, when so many arms are compared with the first.

    Each has its part of `alpha`, which is where Holm's correction begins.
    """
    each = alpha / max(comparisons, 1)
    return sequential.critical(each) if rule == "sequential" else proportions.critical(each)


def needed(rate: float, apart: float, critical: float, power: float = POWER) -> int:
    """People in each of two equal arms, so that `rate + apart` is seen beside `rate` with this `power`.

    n = (z √(2p̄(1−p̄)) + z_power √(p₁(1−p₁) + p₂(1−p₂)))² / d² (Fleiss 1981, Statistical Methods for Rates and
    Proportions, 3.14; R's `power.prop.test` differs in the fourth digit). `apart` is not 0.
    """
    other = min(max(rate + apart, 0.0), 1.0)
    middle = (rate + other) / 2
    chance = critical * sqrt(2 * middle * (1 - middle))
    seen = NormalDist().inv_cdf(power) * sqrt(rate * (1 - rate) + other * (1 - other))
    return max(ceil(((chance + seen) / (other - rate)) ** 2), 2) if other != rate else 2


def power_of(rate: float, apart: float, people: tuple[float, float], critical: float) -> float:
    """How often `rate + apart` is seen beside `rate`, with so many people in the first arm and in the other."""
    first, second = people
    other = min(max(rate + apart, 0.0), 1.0)
    both = (rate * first + other * second) / (first + second)
    chance = critical * sqrt(both * (1 - both) * (1 / first + 1 / second))
    error = sqrt(rate * (1 - rate) / first + other * (1 - other) / second)
    reached = abs(other - rate) - chance
    if not error:
        return float(reached > 0)
    return NormalDist().cdf(reached / error)


def smallest_seen(rate: float, people: tuple[float, float], critical: float, power: float = POWER) -> float | None:
    """The smallest rise above `rate` that is seen with this `power`; None when none is, or an arm is empty."""
    if min(people) < 1:
        return None
    most = 1.0 - rate
    if power_of(rate, most, people, critical) < power:
        return None
    return _least(lambda apart: power_of(rate, apart, people, critical) >= power, most)


def _least(enough: Callable[[float], bool], most: float) -> float:
    """The least value that is enough, by halving; `most` is."""
    low, high = 0.0, most
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
