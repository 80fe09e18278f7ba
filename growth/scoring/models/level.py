"""How the share won as a whole moves over time, and where it will be next."""

import numpy as np
from scipy.stats import chi2

from growth.scoring.measures import sigmoid
from growth.scoring.models.calibration import offset_to
from growth.scoring.models.columns import Flags, Numbers

_BLOCKS = 10


def next_level(log_odds: Numbers, won: Flags, moments: Numbers) -> float:
    """What to add to log odds for leads that come after these.

    The time is cut into ten blocks of equal size. When their shares differ by more than chance (chi-square, 1 in 1,000)
    the level follows a first-order autoregression fitted by least squares and is foretold one block ahead: it comes
    back part of the way from where it stands to where it has been. Least squares on ten blocks leans towards coming
    back (Kendall 1954), which is the safe side. Otherwise nothing is added.
    """
    blocks = np.array_split(np.argsort(moments, kind="stable"), _BLOCKS)
    if min(len(block) for block in blocks) < 30:
        return 0.0
    expected = np.array([sigmoid(log_odds[block]).sum() for block in blocks])
    seen = np.array([float(won[block].sum()) for block in blocks])
    spread = np.array([(said * (1 - said)).sum() for block in blocks for said in [sigmoid(log_odds[block])]])
    if ((seen - expected) ** 2 / (spread + 1e-9)).sum() < chi2.ppf(0.999, _BLOCKS - 1):
        return 0.0
    levels = np.array([offset_to(log_odds[block], wins, prior=1.0) for block, wins in zip(blocks, seen, strict=True)])
    return foretold(levels)


def foretold(levels: Numbers) -> float:
    """One step ahead of a first-order autoregression around the mean; its coefficient is kept within 0 and 1."""
    middle = levels.mean()
    away = levels - middle
    before = float((away[:-1] ** 2).sum())
    pull = float((away[1:] * away[:-1]).sum()) / before if before > 0 else 0.0
    return float(middle + np.clip(pull, 0, 1) * away[-1])
