"""What a day's count should be: weekday and trend, fitted to eight weeks before, and how far chance alone reaches.

A quasi-Poisson regression with a log link (McCullagh and Nelder, Generalized Linear Models, chapters 6 and 9), fitted
to all series at once by iteratively reweighted least squares. Weekdays and trend are drawn towards none, so that
small series aren't read too closely. Days far out are brought in once, so that an old anomaly hides no new one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom

from growth.measurement.anomalies.series import HISTORY

Floats = NDArray[np.float64]

WEEKDAY_REACH, TREND_REACH = 0.5, 0.6
"""Standard deviations expected, in logarithms, of a weekday's effect and of the trend over the eight weeks."""
_FAR = 3.5
_CAUTION = 1.15
"""Spread is itself only estimated, from some fifty days: so much is added to it."""
_STEPS = 12


@dataclass(frozen=True)
class Baseline:
    """Of each series (a row): the expected count on each recent day, its spread and the error of the level."""

    expected: Floats
    """series x RECENT."""
    spread: Floats
    """Variance for each unit of the mean, at least 1."""
    doubt: Floats
    """Relative standard error of the sum over the last 1 … RECENT days: series x RECENT."""


def fit(counts: Floats, exposure: Floats, weekdays: NDArray[np.int64]) -> Baseline:
    """The baseline of every series.

    Args:
        counts: series x (HISTORY + RECENT), the latest day last; only the first HISTORY are read.
        exposure: what a count is for, of the same shape: ones, or the cost of the day. 0 leaves a day out.
        weekdays: 0 to 6 for each day.
    """
    design = _design(weekdays)
    past, ahead = design[:HISTORY], design[HISTORY:]
    y, scale = counts[:, :HISTORY], exposure[:, :HISTORY]
    mu, _, beta, cover = _regress(y, scale, past)
    spread = _spread(y, mu, scale)
    reach = _FAR * np.sqrt(spread[:, None] * np.maximum(mu, 0.5))
    mu, _, beta, cover = _regress(np.clip(y, np.maximum(mu - reach, 0), mu + reach), scale, past)
    spread = _spread(y, mu, scale, reach) * _CAUTION
    expected = exposure[:, HISTORY:] * np.exp(np.clip(beta @ ahead.T, -20, 30))
    return Baseline(expected, spread, _doubt(expected, cover * spread[:, None, None], ahead))


def _design(weekdays: NDArray[np.int64]) -> Floats:
    """Level, trend from -1 to 0 over the past and beyond, and seven weekdays."""
    trend = (np.arange(len(weekdays)) - (HISTORY - 1) / 2) / HISTORY
    return np.column_stack([np.ones(len(weekdays)), trend, np.eye(7)[weekdays]])


def _regress(y: Floats, scale: Floats, past: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Means, weights, coefficients and their unscaled covariance, by penalised iteratively reweighted squares."""
    used = scale > 0
    offset = np.log(np.where(used, scale, 1))
    level = np.log(np.maximum((y * used).sum(1), 0.5) / np.maximum((scale * used).sum(1), 1e-9))
    beta = np.zeros((len(y), past.shape[1]))
    beta[:, 0] = level
    penalty = np.diag([1e-6, 1 / TREND_REACH**2, *[1 / WEEKDAY_REACH**2] * 7])
    for _ in range(_STEPS):
        mu = np.exp(np.clip(beta @ past.T + offset, -20, 30))
        weight = mu * used
        working = beta @ past.T + (y - mu) / np.maximum(mu, 1e-9)
        normal = np.einsum("td,st,te->sde", past, weight, past) + penalty
        beta = np.linalg.solve(normal, ((weight * working) @ past)[..., None])[..., 0]
    mu = np.exp(np.clip(beta @ past.T + offset, -20, 30))
    return mu, mu * used, beta, np.linalg.inv(normal)


def _spread(y: Floats, mu: Floats, scale: Floats, reach: Floats | None = None) -> Floats:
    """Pearson's estimate; a day counts at most as far as `reach`."""
    off = (y - mu) if reach is None else np.clip(y - mu, -reach, reach)
    used = scale > 0
    freedom = np.maximum(used.sum(1) - 8, 1)
    squares: Floats = (off**2 / np.maximum(mu, 0.2) * used).sum(1) / freedom
    return np.maximum(squares, 1.0)


def _doubt(expected: Floats, cover: Floats, ahead: Floats) -> Floats:
    """By the delta method, for sums over the last days."""
    doubts = []
    for days in range(1, expected.shape[1] + 1):
        share = expected[:, -days:] / np.maximum(expected[:, -days:].sum(1, keepdims=True), 1e-9)
        slope = share @ ahead[-days:]
        doubts.append(np.sqrt(np.einsum("sd,sde,se->s", slope, cover, slope)))
    return np.column_stack(doubts)


def chance(seen: Floats, expected: Floats, spread: Floats, doubt: Floats) -> Floats:
    """How likely chance alone goes as far as `seen`, on either side: an exact negative binomial of these moments."""
    mean = np.maximum(expected, 1e-6)
    variance = spread * mean + (doubt * mean) ** 2
    over = np.maximum(variance, mean * 1.0001)
    p, n = mean / over, mean**2 / (over - mean)
    below, above = nbinom.cdf(np.floor(seen), n, p), nbinom.sf(np.ceil(seen) - 1, n, p)
    return np.asarray(np.minimum(1, 2 * np.minimum(below, above)), dtype=np.float64)
