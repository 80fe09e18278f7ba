"""How much of what channels are credited with they truly cause: from all that came, and from hold-outs. Pure.

All that came in a week = slow season + sum over channels of share * what the channel's curve expects. The shares have
a normal prior, since credit by touches is more often too much than too little, and the same for all channels to a
half; weeks that differ, and each hold-out by the precision of its interval, move them. All is linear and normal, so
that the answer is exact (Bishop, 2.3.3 and 3.3).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from growth.measurement.advice.curves import DRAWS, Curve, Floats, seasons

SHARE, SPREAD, ALIKE = 0.65, 0.35, 0.4
"""Prior mean and standard deviation of a share, and how far those of two channels go together."""
_LEAST = 0.02
_NEWS = 0.5
"""Of a week: weeks resemble those before, and channels help each other, which the straight line leaves out."""
TOGETHER = 0.9
"""Correlation of two channels' weekly spend from which on they can't be told apart."""


@dataclass(frozen=True)
class Measured:
    """What a hold-out says that a channel caused in the last `weeks` weeks, with its standard error."""

    value: float
    error: float
    weeks: int


def anchored(
    curves: Mapping[str, Curve], total: Sequence[float], measured: Mapping[str, Measured], seed: int = 3
) -> dict[str, Curve]:
    """The curves, turned from what is credited to what is caused; `total` is all that came by week, the latest last.

    Draws of different channels with one place belong together.
    """
    if not curves:
        return {}
    dice = np.random.default_rng(seed)
    likely = {one: _likely(dice, curve, measured.get(one)) for one, curve in curves.items()}
    y = np.array(total, dtype=np.float64)
    expects = [_padded(curve.brought(len(y)).mean(axis=1), len(y)) for curve in likely.values()]
    precision, pull = (
        prior + weeks for prior, weeks in zip(_prior(len(likely)), _by_weeks(np.column_stack(expects), y), strict=True)
    )
    shares = _drawn(dice, precision, pull, [(curve, measured.get(one)) for one, curve in likely.items()])
    return {
        one: replace(curve, strength=curve.strength * shares[:, place], tested=one in measured)
        for place, (one, curve) in enumerate(likely.items())
    }


def _likely(dice: np.random.Generator, curve: Curve, told: Measured | None) -> Curve:
    """Of a curve's draws those that go with what was measured, more often the better they do."""
    if told is None:
        return curve
    brought = curve.brought(told.weeks).sum(axis=0)
    spread = (SPREAD * brought) ** 2 + told.error**2
    fits = -((told.value - SHARE * brought) ** 2) / (2 * spread) - 0.5 * np.log(spread)
    weights = np.exp(fits - fits.max())
    kept = dice.choice(len(brought), size=DRAWS, p=weights / weights.sum())
    return replace(curve, strength=curve.strength[kept], half=curve.half[kept], decay=curve.decay[kept])


def _drawn(
    dice: np.random.Generator, precision: Floats, pull: Floats, channels: Sequence[tuple[Curve, Measured | None]]
) -> Floats:
    """Shares by draw and channel: each draw's curve is held against what was measured."""
    sharp, pulls = np.tile(precision, (DRAWS, 1, 1)), np.tile(pull, (DRAWS, 1))
    for place, (curve, told) in enumerate(channels):
        if told is not None:
            brought = curve.brought(told.weeks).sum(axis=0)
            sharp[:, place, place] += (brought / told.error) ** 2
            pulls[:, place] += brought * told.value / told.error**2
    cover = np.linalg.inv(sharp)
    mean = np.einsum("dij,dj->di", cover, pulls)
    drawn = mean + np.einsum("dij,dj->di", np.linalg.cholesky(cover), dice.normal(size=pulls.shape))
    shares: Floats = np.maximum(drawn, _LEAST)
    return shares


def _padded(values: Floats, weeks: int) -> Floats:
    return np.concatenate([np.zeros(max(weeks - len(values), 0)), values[-weeks:]])


_Said = tuple[Floats, Floats]
"""Precision, and precision times mean."""


def _prior(channels: int) -> _Said:
    alike = np.full((channels, channels), ALIKE) + np.eye(channels) * (1 - ALIKE)
    precision: Floats = np.linalg.inv(alike * SPREAD**2).astype(np.float64)
    return precision, precision @ np.full(channels, SHARE)


def _by_weeks(expects: Floats, y: Floats) -> _Said:
    """What weeks that differ say, once the slow season is taken off both."""
    slow = seasons(len(y))
    if len(y) <= slow.shape[1] + expects.shape[1] + 2:
        return np.zeros((expects.shape[1],) * 2), np.zeros(expects.shape[1])
    away = np.eye(len(y)) - slow @ np.linalg.pinv(slow)
    x, left = away @ expects, away @ y
    fitted = x @ np.linalg.lstsq(x, left, rcond=None)[0]
    noise = float(((left - fitted) ** 2).sum()) / (len(y) - slow.shape[1] - expects.shape[1])
    noise = max(noise, float(y.mean()), 1.0)  # people who come by themselves vary as Poisson's at least
    return x.T @ x / noise * _NEWS, x.T @ left / noise * _NEWS


def together(spends: Mapping[str, Floats]) -> dict[str, str]:
    """Channels whose weekly spend, without the slow season, goes with another one's: each with the other. Pure."""
    found: dict[str, str] = {}
    names = [one for one, spend in spends.items() if spend.std() > 0]
    for one in names:
        for other in names:
            weeks = min(len(spends[one]), len(spends[other]))
            if one != other and weeks > 2 * seasons(1).shape[1]:
                slow = seasons(weeks)
                away = np.eye(weeks) - slow @ np.linalg.pinv(slow)
                a, b = (away @ spends[name][-weeks:] for name in (one, other))
                size = float(np.sqrt((a @ a) * (b @ b)))
                if size > 0 and abs(float(a @ b)) > TOGETHER * size:
                    found[one] = other
    return found
