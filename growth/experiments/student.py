"""Student's t: how likely a value this far out is, and which value is that far out."""

from math import exp, lgamma, log, log1p
from statistics import NormalDist

_ALIKE = 1e7
"""From so many degrees of freedom on nobody can tell it from the normal."""
_TINY = 1e-300


def upper_tail(t: float, freedom: float) -> float:
    """The probability above `t` ≥ 0: half the regularised incomplete beta of ν/(ν+t²) (Abramowitz & Stegun 26.7.1)."""
    if freedom > _ALIKE:
        return 1 - NormalDist().cdf(t) if t < 5 else NormalDist().cdf(-t)
    return _beta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2


def quantile(above: float, freedom: float) -> float:
    """The value with so much of the probability above it, for `above` below a half; by halving."""
    low, high = 0.0, 1.0
    while upper_tail(high, freedom) > above:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if upper_tail(middle, freedom) > above else (low, middle)
    return (low + high) / 2


def _beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by the side whose fraction is short."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Its continued fraction (A&S 26.5.8) by Lentz's method."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or _TINY)
    found = d
    for m in range(1, 10_000):
        for factor in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 / (1 + factor * d or _TINY), 1 + factor / c or _TINY
            found *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return found
