"""Response curves: what a week's spend of a channel brings, with saturation and how sure we are. Pure.

Acquired in a week = level + trend + strength * spend / (spend + half), for a grid of `half`. Each is a conjugate linear
regression (Bishop, Pattern Recognition and Machine Learning, 3.3); the grid is weighed by its evidence, and only draws
in which more money brings no fewer people are kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_WEEKS = 12
LEAST_VARIATION = 0.15
"""Standard deviation of weekly spend against its mean: below it the past says nothing about other amounts."""
BEYOND = 1.5
"""Times the highest week seen; farther out nobody knows."""
_DRAWS = 4000
_HALVES = np.geomspace(0.15, 8, 16)


@dataclass(frozen=True)
class Curve:
    """Draws of a channel's curve: `strength` people at most, half of them at `half` minor units a week."""

    strength: Floats
    half: Floats
    usual: float
    """Mean weekly spend of the last four weeks, minor units."""
    highest: float

    def brings(self, spend: float) -> Floats:
        """People a week at this spend above none, by draw."""
        return self.strength * spend / (spend + self.half)


@dataclass(frozen=True)
class Silent:
    """Why the past can't say: too_few_weeks, no_variation, no_effect."""

    reason: str


def fit_curve(spend: Sequence[float], acquired: Sequence[float], seed: int = 1) -> Curve | Silent:
    """From weeks, the latest last: minor units and people. The same weeks give the same draws."""
    x, y = np.array(spend, dtype=np.float64), np.array(acquired, dtype=np.float64)
    if len(x) < LEAST_WEEKS or (x > 0).sum() < LEAST_WEEKS // 2:
        return Silent("too_few_weeks")
    if x.std() < LEAST_VARIATION * x.mean():
        return Silent("no_variation")
    dice = np.random.default_rng(seed)
    halves = _HALVES * x.mean()
    fits = [_regress(_design(x, half), y) for half in halves]
    evidence = np.array([fit[0] for fit in fits])
    weights = np.exp(evidence - evidence.max())
    counts = dice.multinomial(_DRAWS, weights / weights.sum())
    draws = [_draw(dice, fit, count) for fit, count in zip(fits, counts, strict=True)]
    strength, half = np.concatenate(draws), np.repeat(halves, counts)
    kept = strength > 0
    if kept.mean() < 0.9:
        return Silent("no_effect")
    return Curve(strength[kept], half[kept], float(x[-4:].mean()), float(x.max()))


def _design(x: Floats, half: float) -> Floats:
    return np.column_stack([np.ones(len(x)), np.linspace(-1, 1, len(x)), x / (x + half)])


_Fit = tuple[float, Floats, Floats, float, float]


def _regress(design: Floats, y: Floats) -> _Fit:
    """Log evidence, mean, covariance without the noise, and the noise's inverse gamma (shape, scale)."""
    reach = max(float(y.max()), 1.0)
    prior = np.diag([1 / (3 * reach) ** 2, 1 / reach**2, 1 / (4 * reach) ** 2]) * max(float(y.var()), 1.0)
    precision = design.T @ design + prior
    cover: Floats = np.linalg.inv(precision).astype(np.float64)
    mean = cover @ design.T @ y
    shape = 1 + len(y) / 2
    scale = max(float(y.var()), 1.0) * 0.3 + 0.5 * float(y @ y - mean @ precision @ mean)
    evidence = 0.5 * (np.linalg.slogdet(prior)[1] - np.linalg.slogdet(precision)[1]) - shape * np.log(scale)
    return float(evidence), mean, cover, shape, scale


def _draw(dice: np.random.Generator, fit: _Fit, count: int) -> Floats:
    _, mean, cover, shape, scale = fit
    noise = scale / dice.gamma(shape, size=count)
    drawn: Floats = mean[2] + dice.normal(size=count) * np.sqrt(cover[2, 2] * noise)
    return drawn


@dataclass(frozen=True)
class Move:
    """People a month more when so much is moved: expected, and the interval that holds it nine times in ten."""

    expected: float
    low: float
    high: float


WEEKS_A_MONTH = 365.25 / 12 / 7


def move(source: Curve | Silent, target: Curve | Silent, minor: int) -> Move | Silent:
    """Move `minor` a month from one channel to another; Silent where the past can't say, or says both more and less."""
    for curve in (source, target):
        if isinstance(curve, Silent):
            return curve
    assert isinstance(source, Curve)
    assert isinstance(target, Curve)
    week = minor / WEEKS_A_MONTH
    if week > source.usual:
        return Silent("more_than_spent")
    if target.usual + week > BEYOND * target.highest:
        return Silent("never_seen")
    size = min(len(source.strength), len(target.strength))
    dice = np.random.default_rng(2)
    kept = [dice.permutation(len(one.strength))[:size] for one in (source, target)]
    lost = (source.brings(source.usual) - source.brings(source.usual - week))[kept[0]]
    won = (target.brings(target.usual + week) - target.brings(target.usual))[kept[1]]
    net = (won - lost) * WEEKS_A_MONTH
    low, high = (float(one) for one in np.quantile(net, [0.05, 0.95]))
    return Silent("both_signs") if low < 0 < high else Move(float(net.mean()), low, high)
