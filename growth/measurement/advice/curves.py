"""Response curves: what a week's spend of a channel brings, with carry-over, saturation and how sure we are. Pure.

Money of a week works on: carried = (1 - decay) * spend + decay * carried of the week before (geometric adstock).
Credited in a week = slow season + demand * strength * carried / (carried + half), for a grid of `half` and `decay`.
Demand is how many there are to be won in a week, against the last four. Each is a conjugate linear regression (Bishop,
Pattern Recognition and Machine Learning, 3.3); the grid is weighed by its evidence, and only draws are kept in which
more money brings no fewer people, and none brings no less than nobody. How much of the credit is truly caused is told
by `causing.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import log

import numpy as np
from numpy.typing import NDArray

from growth.measurement.advice.moves import Drawn, Point, Silent

Floats = NDArray[np.float64]

LEAST_WEEKS = 12
LEAST_VARIATION = 0.1
"""Standard deviation of weekly spend against its mean: below it the past says nothing about other amounts."""
BEYOND = 1.5
"""Times the highest week seen; farther out nobody knows."""
DRAWS = 4000
WEEKS_A_MONTH = 365.25 / 12 / 7
_HALVES = np.geomspace(0.15, 8, 16)
_DECAYS = (0.0, 0.25, 0.5, 0.7)
_DECAY_PRIOR = (0.4, 0.25, 0.2, 0.15)
_POINTS = 25
_SURE = 0.9
"""Share of draws in which more money brings more people, from which on it has an effect."""
_LEAST_LEVEL = 0.1
"""Of the people of a week: without money there are none, or some, and a little less only by the season's shape."""
_LEVEL = 0.5
"""Of the people of a week: how much of the credit may well be there without any money (standard deviation)."""
_SEASONS = 3
"""Slow waves over the whole time, the slowest first, besides a level: what comes and goes whatever is spent."""


@dataclass(frozen=True)
class Curve:
    """Draws of a channel's curve: `strength` people at most, half of them at `half` minor units a week."""

    strength: Floats
    half: Floats
    decay: Floats
    """Share of last week's effect that is left, by draw."""
    spend: Floats
    """Minor units by week, the latest last."""
    demand: Floats
    """How many there were to be won by week, against the last four."""
    tested: bool = False
    """Whether a hold-out anchors it."""

    @property
    def usual(self) -> float:
        """Mean weekly spend of the last four weeks, minor units."""
        return float(self.spend[-4:].mean())

    @property
    def highest(self) -> float:
        """Of all weeks."""
        return float(self.spend.max())

    def brings(self, spend: float) -> Floats:
        """People a week at this spend, kept up, above none, by draw."""
        return self.strength * spend / (spend + self.half)

    def brought(self, weeks: int) -> Floats:
        """People by week, of the last ones, and draw that what was spent brings."""
        brought = np.empty((min(weeks, len(self.spend)), len(self.strength)))
        for decay in np.unique(self.decay):
            mine = self.decay == decay
            worked = carried(self.spend, float(decay))[-weeks:, None]
            brought[:, mine] = self.strength[mine] * worked / (worked + self.half[mine])
        return brought * self.demand[-weeks:, None]

    @property
    def half_life(self) -> float:
        """Weeks until half of a week's effect is over; 0 where nothing carries over."""
        decay = float(self.decay.mean())
        return log(0.5) / log(decay) if decay > 0 else 0.0


@dataclass(frozen=True)
class Change:
    """People a month more when so much is moved: expected, and the interval that holds it nine times in ten."""

    expected: float
    low: float
    high: float


def fit_curve(
    spend: Sequence[float], acquired: Sequence[float], demand: Floats | None = None, seed: int = 1
) -> Curve | Silent:
    """From weeks, the latest last: minor units, people credited, and demand. The same weeks give the same draws."""
    x, y = np.array(spend, dtype=np.float64), np.array(acquired, dtype=np.float64)
    if len(x) < LEAST_WEEKS or (x > 0).sum() < LEAST_WEEKS // 2:
        return Silent("too_few_weeks")
    if x.std() < LEAST_VARIATION * x.mean():
        return Silent("no_variation")
    there = np.ones(len(x)) if demand is None else demand[-len(x) :]
    dice = np.random.default_rng(seed)
    grid = [(half * x.mean(), decay) for decay, half in product(_DECAYS, _HALVES)]
    worked = {decay: carried(x, decay) for decay in _DECAYS}
    fits = _regress(np.stack([_design(worked[decay], half, there) for half, decay in grid]), y)
    evidence = fits.evidence + np.repeat(np.log(_DECAY_PRIOR), len(_HALVES))
    weights = np.exp(evidence - evidence.max())
    chosen = dice.choice(len(grid), size=DRAWS, p=weights / weights.sum())
    level, strength = fits.draw(dice, chosen).T
    possible = strength > 0
    if possible.mean() < _SURE:
        return Silent("no_effect")
    possible &= level > -_LEAST_LEVEL * y.mean()
    if not possible.any():
        return Silent("no_effect")
    kept = dice.choice(np.flatnonzero(possible), size=DRAWS)
    half, decay = (np.array([one[part] for one in grid])[chosen[kept]] for part in (0, 1))
    return Curve(strength[kept], half, decay, x, there)


def demand_of(total: Sequence[float]) -> Floats:
    """How many there are to be won by week, from all that came, without its short ups and downs."""
    y = np.array(total, dtype=np.float64)
    slow = seasons(len(y))
    smooth = np.maximum(slow @ (np.linalg.pinv(slow) @ y), 0.3 * max(float(y.mean()), 1e-9))
    return smooth / float(smooth[-4:].mean())


def carried(spend: Floats, decay: float) -> Floats:
    """What works in each week, in the units of spend; before the first week it was as in the first four."""
    now, worked = float(spend[:4].mean()), np.empty_like(spend)
    for week, one in enumerate(spend):
        now = (1 - decay) * one + decay * now
        worked[week] = now
    return worked


def seasons(weeks: int) -> Floats:
    """A level and slow waves (a discrete cosine transform's first), by week."""
    places = (np.arange(weeks) + 0.5) / weeks
    return np.cos(np.pi * np.outer(places, np.arange(_SEASONS + 1)))


def _design(worked: Floats, half: float, demand: Floats) -> Floats:
    return np.column_stack([seasons(len(worked)), demand * worked / (worked + half)])


@dataclass(frozen=True)
class _Fits:
    """Of each point of the grid: log evidence, mean, covariance without the noise, and the noise's inverse gamma."""

    evidence: Floats
    mean: Floats
    cover: Floats
    shape: float
    scale: Floats

    def draw(self, dice: np.random.Generator, chosen: NDArray[np.int64]) -> Floats:
        """Level and strength, at these points of the grid."""
        noise = np.sqrt(self.scale[chosen] / dice.gamma(self.shape, size=len(chosen)))
        roots = np.linalg.cholesky(self.cover[:, [0, -1]][:, :, [0, -1]])[chosen]
        away = np.einsum("dij,dj->di", roots, dice.normal(size=(len(chosen), 2)))
        drawn: Floats = self.mean[chosen][:, [0, -1]] + noise[:, None] * away
        return drawn


def _regress(designs: Floats, y: Floats) -> _Fits:
    reach, spread = max(float(y.max()), 1.0), max(float(y.var()), 1.0)
    level = max(_LEVEL * float(y.mean()), 1.0)
    prior = np.diag([1 / level**2, *[4 / reach**2] * _SEASONS, 1 / (4 * reach) ** 2]) * spread
    turned = designs.transpose(0, 2, 1)
    precision = turned @ designs + prior
    cover = np.linalg.inv(precision).astype(np.float64)
    pull = turned @ y
    mean = np.einsum("gij,gj->gi", cover, pull)
    shape = 1 + len(y) / 2
    scale = spread * 0.3 + 0.5 * (y @ y - np.einsum("gi,gi->g", mean, pull))
    evidence = -0.5 * np.linalg.slogdet(precision)[1] - shape * np.log(scale)
    return _Fits(evidence, mean, cover, shape, scale)


def move(source: Curve | Silent, target: Curve | Silent, minor: int) -> Change | Silent:
    """Move `minor` a month from one channel to another, once it has run its course.

    Silent where the past can't say; so also where more people and fewer are both more likely than one in ten.
    """
    if isinstance(source, Silent):
        return source
    if isinstance(target, Silent):
        return target
    week = minor / WEEKS_A_MONTH
    if week > source.usual:
        return Silent("more_than_spent")
    if target.usual + week > BEYOND * target.highest:
        return Silent("never_seen")
    lost = source.brings(source.usual) - source.brings(source.usual - week)
    won = target.brings(target.usual + week) - target.brings(target.usual)
    net = (won - lost) * WEEKS_A_MONTH
    low, rather_low, rather_high, high = (float(one) for one in np.quantile(net, [0.05, 0.1, 0.9, 0.95]))
    return Silent("both_signs") if rather_low < 0 < rather_high else Change(float(net.mean()), low, high)


def drawn(curve: Curve) -> Drawn:
    """A curve for the eye."""
    points = []
    for spend in np.linspace(0, BEYOND * curve.highest, _POINTS):
        brings = curve.brings(float(spend))
        low, high = (float(one) for one in np.quantile(brings, [0.05, 0.95]))
        month = (float(spend), low, float(brings.mean()), high)
        points.append(Point(*(one * WEEKS_A_MONTH for one in month)))
    usual, highest = (one * WEEKS_A_MONTH for one in (curve.usual, curve.highest))
    return Drawn(tuple(points), usual, highest, curve.half_life, curve.tested)
