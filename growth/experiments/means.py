"""Two averages beside each other, such as value per person, whatever their spread."""

from dataclasses import dataclass
from math import sqrt
from typing import Self

from growth.experiments.proportions import LEVEL, Effect
from growth.experiments.student import quantile, upper_tail


@dataclass
class Spread:
    """Values seen so far: how many, their mean, and the sum of squared distances from it (Welford 1962)."""

    people: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        """One more."""
        self.people += 1
        step = value - self.mean
        self.mean += step / self.people
        self.squares += step * (value - self.mean)

    @classmethod
    def of_sums(cls, people: int, total: float, squares: float) -> Self:
        """From a database's sums of values and of their squares."""
        mean = total / people if people else 0.0
        return cls(people, mean, max(squares - total * mean, 0.0))

    @property
    def variance(self) -> float:
        """Of the sample; none below two."""
        return self.squares / (self.people - 1) if self.people > 1 else 0.0


def difference(treated: Spread, control: Spread, level: float = LEVEL) -> Effect | None:
    """`treated` less `control` by Welch's unequal-variances t (Welch 1947); None below two values in either."""
    if treated.people < 2 or control.people < 2:
        return None
    apart = treated.mean - control.mean
    one, other = treated.variance / treated.people, control.variance / control.people
    error = sqrt(one + other)
    if not error:
        return Effect(apart, apart, apart, 1.0 if not apart else 0.0, "welch")
    freedom = (one + other) ** 2 / (one * one / (treated.people - 1) + other * other / (control.people - 1))
    reach = quantile((1 - level) / 2, freedom) * error
    return Effect(apart, apart - reach, apart + reach, 2 * upper_tail(abs(apart) / error, freedom), "welch")
