"""Two shares beside each other: how far apart they are, between which bounds, and how likely by chance alone."""

from dataclasses import dataclass
from math import erfc, exp, lgamma, sqrt
from statistics import NormalDist

LEVEL = 0.95
_FEW = 5
"""Below so many on one side of a share, normal bounds no longer hold (the usual rule for a 2 × 2 table)."""


@dataclass(frozen=True)
class Share:
    """People, and how many of them did it."""

    people: int
    did: int

    @property
    def rate(self) -> float:
        """0..1; nothing of nobody."""
        return self.did / self.people if self.people else 0.0

    @property
    def few(self) -> bool:
        """Whether too few did it, or too few didn't, for normal bounds."""
        return min(self.did, self.people - self.did) < _FEW


@dataclass(frozen=True)
class Effect:
    """A difference from the control with its interval, both in the measured unit, and the p-value of no difference."""

    effect: float
    low: float
    high: float
    p: float
    method: str
    """How: wald, newcombe, welch or always_valid."""

    @property
    def shown(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def critical(alpha: float) -> float:
    """The normal's two-sided critical value, 1.96 for 0.05."""
    return NormalDist().inv_cdf(1 - alpha / 2)


def two_sided(z: float) -> float:
    """The probability of a normal at least as far from zero; exact in the far tail."""
    return erfc(abs(z) / sqrt(2))


def difference(treated: Share, control: Share, level: float = LEVEL) -> Effect | None:
    """`treated` less `control`; None when one of them is empty.

    The two-sample test of proportions: the interval is Wald's with unpooled variance and the p-value is of the pooled
    z (which squared is Pearson's chi-square), both without continuity correction, as R's `prop.test(correct = FALSE)`.
    With fewer than five on one side of a share the interval is Newcombe's hybrid score (Newcombe 1998, Statistics in
    Medicine 17:873, method 10) and the p-value Fisher's exact.
    """
    if not treated.people or not control.people:
        return None
    if treated.few or control.few:
        low, high = newcombe(treated, control, level)
        return Effect(treated.rate - control.rate, low, high, fisher(treated, control), "newcombe")
    low, high = wald(treated, control, level)
    return Effect(treated.rate - control.rate, low, high, pooled(treated, control), "wald")


def wald(treated: Share, control: Share, level: float = LEVEL) -> tuple[float, float]:
    """The difference ± z √(p₁(1−p₁)/n₁ + p₂(1−p₂)/n₂)."""
    apart = treated.rate - control.rate
    reach = critical(1 - level) * sqrt(_variance(treated) + _variance(control))
    return apart - reach, apart + reach


def _variance(share: Share) -> float:
    return share.rate * (1 - share.rate) / share.people


def newcombe(treated: Share, control: Share, level: float = LEVEL) -> tuple[float, float]:
    """From the two shares' own score intervals; never beyond -1 and 1, and never of no width."""
    apart = treated.rate - control.rate
    (low_1, high_1), (low_2, high_2) = wilson(treated, level), wilson(control, level)
    below = sqrt((treated.rate - low_1) ** 2 + (high_2 - control.rate) ** 2)
    above = sqrt((high_1 - treated.rate) ** 2 + (control.rate - low_2) ** 2)
    return max(apart - below, -1.0), min(apart + above, 1.0)


def wilson(share: Share, level: float = LEVEL) -> tuple[float, float]:
    """The score interval of one share (Wilson 1927); everything is possible of nobody."""
    if not share.people:
        return 0.0, 1.0
    z, n, p = critical(1 - level), share.people, share.rate
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def pooled(treated: Share, control: Share) -> float:
    """The p-value of the z with the variance of both together."""
    both = Share(treated.people + control.people, treated.did + control.did)
    variance = both.rate * (1 - both.rate) * (1 / treated.people + 1 / control.people)
    return two_sided((treated.rate - control.rate) / sqrt(variance)) if variance else 1.0


def fisher(treated: Share, control: Share) -> float:
    """Fisher's exact p-value, two-sided: all tables with these sums that are no likelier than this one."""
    did, people = treated.did + control.did, treated.people + control.people
    first, last = max(0, did - control.people), min(did, treated.people)

    def chance(ones: int) -> float:
        return exp(
            _choices(treated.people, ones) + _choices(control.people, did - ones) - _choices(people, did),
        )

    seen = chance(treated.did) * (1 + 1e-7)  # rounding makes equal tables differ
    return min(sum(one for ones in range(first, last + 1) if (one := chance(ones)) <= seen), 1.0)


def _choices(whole: int, part: int) -> float:
    """Logarithm of the number of ways."""
    return lgamma(whole + 1) - lgamma(part + 1) - lgamma(whole - part + 1)
