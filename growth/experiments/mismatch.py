"""Sample-ratio mismatch: whether groups are as large as the split says, which is how a broken experiment shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import erfc, exp, pi, sqrt

SUSPICIOUS = 0.001
"""Below this p-value nobody should believe the result. Strict, since it is looked at often
(Fabijan et al. 2019, Diagnosing Sample Ratio Mismatch in Online Controlled Experiments)."""


@dataclass(frozen=True)
class Mismatch:
    """The chi-square test of the groups' sizes."""

    chi_square: float
    freedom: int
    p: float

    @property
    def found(self) -> bool:
        """Whether the sizes can't be chance."""
        return self.p < SUSPICIOUS


def mismatch(people: Mapping[str, int], shares: Mapping[str, float]) -> Mismatch:
    """People by group against their shares, in any unit; Pearson's chi-square with one degree less than groups."""
    total, whole = sum(people.values()), sum(shares.values())
    if not total or len(people) < 2:
        return Mismatch(0.0, max(len(people) - 1, 0), 1.0)
    expected = {name: total * shares[name] / whole for name in people}
    found = sum((people[name] - expected[name]) ** 2 / expected[name] for name in people)
    return Mismatch(found, len(people) - 1, chi_square_tail(found, len(people) - 1))


def chi_square_tail(value: float, freedom: int) -> float:
    """The probability of a chi-square at least as large, for whole degrees of freedom (Abramowitz, Stegun 26.4.4-5)."""
    if value <= 0 or not freedom:
        return 1.0
    half = value / 2
    # Odd degrees begin with the normal's tail, even ones with the exponential; each two more add a term.
    tail = erfc(sqrt(half)) if freedom % 2 else exp(-half)
    term = sqrt(half) * 2 / sqrt(pi) * exp(-half) if freedom % 2 else exp(-half) * half
    step = 3 / 2 if freedom % 2 else 2.0
    for _ in range((freedom - 1) // 2):
        tail += term
        term *= half / step
        step += 1
    return min(tail, 1.0)
