"""Making probabilities mean what they say, from log odds given to leads that the model had not seen."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from growth.scoring.measures import log_loss, logit, sigmoid
from growth.scoring.models.columns import Flags, Numbers


@dataclass(frozen=True)
class Calibration:
    """A rising line through `at` → `to` in log odds, going on with slope `ends` beyond the first and last."""

    method: str
    at: tuple[float, ...]
    to: tuple[float, ...]
    ends: float

    def of(self, log_odds: Numbers) -> Numbers:
        """Calibrated log odds."""
        at, to = np.array(self.at), np.array(self.to)
        inside = np.interp(log_odds, at, to)
        beyond = np.minimum(log_odds - at[0], 0) + np.maximum(log_odds - at[-1], 0)
        return np.asarray(inside + self.ends * beyond)


AS_IT_IS = Calibration("none", (0.0,), (0.0,), 1.0)


def calibrate(log_odds: Numbers, won: Flags, seed: int) -> Calibration:
    """Whichever of no change, a sigmoid (Platt 1999) and an isotonic line (Zadrozny and Elkan 2002) predicts best.

    Judged on rows held back in five parts. With fewer than 20 of either end nothing is changed.
    """
    if min(int(won.sum()), int((~won).sum())) < 20:
        return AS_IT_IS
    ways: dict[str, Callable[[Numbers, Flags], Calibration]] = {
        "none": lambda _log_odds, _won: AS_IT_IS,
        "sigmoid": fit_sigmoid,
        "isotonic": fit_isotonic,
    }
    parts = np.array_split(np.random.default_rng(seed).permutation(len(won)), 5)
    losses = dict.fromkeys(ways, 0.0)
    for place, held in enumerate(parts):
        seen = np.concatenate(parts[:place] + parts[place + 1 :])
        for name, fit in ways.items():
            made = fit(log_odds[seen], won[seen])
            losses[name] += log_loss(sigmoid(made.of(log_odds[held])), won[held]) * len(held) / len(won)
    return ways[min(losses, key=losses.__getitem__)](log_odds, won)


def fit_sigmoid(log_odds: Numbers, won: Flags) -> Calibration:
    """Slope and offset by Newton's method, held lightly to slope 1; the slope never falls below 0.05."""
    slope, offset = 1.0, 0.0
    for _ in range(30):
        said = sigmoid(slope * log_odds + offset)
        weight = said * (1 - said)
        away = np.array([((said - won) * log_odds).sum() + (slope - 1), (said - won).sum()])
        cross = (weight * log_odds).sum()
        bend = np.array([[(weight * log_odds**2).sum() + 1, cross], [cross, weight.sum() + 1e-9]])
        step = np.linalg.solve(bend, away)
        slope, offset = slope - float(np.clip(step[0], -1, 1)), offset - float(np.clip(step[1], -2, 2))
        if np.abs(step).max() < 1e-8:
            break
    slope = max(slope, 0.05)
    return Calibration("sigmoid", (0.0,), (offset,), slope)


def fit_isotonic(log_odds: Numbers, won: Flags) -> Calibration:
    """Groups of equal size, pooled where their shares fall (pool adjacent violators), joined by straight lines.

    Joined, not stepped, so that leads keep their order within a group.
    """
    groups = np.array_split(np.argsort(log_odds, kind="stable"), int(np.clip(won.sum() / 15, 4, 40)))
    pooled: list[tuple[float, float, float]] = []
    for group in groups:
        pooled.append((float(log_odds[group].sum()), float(won[group].sum()), float(len(group))))
        while len(pooled) > 1 and pooled[-2][1] / pooled[-2][2] >= pooled[-1][1] / pooled[-1][2]:
            last, before = pooled.pop(), pooled.pop()
            pooled.append((last[0] + before[0], last[1] + before[1], last[2] + before[2]))
    at = np.array([total / size for total, _, size in pooled])
    shares = np.array([(wins + won.mean()) / (size + 1) for _, wins, size in pooled])
    to = np.maximum.accumulate(logit(shares))
    kept = np.concatenate(([True], np.diff(at) > 1e-9))
    return Calibration("isotonic", tuple(at[kept].tolist()), tuple(to[kept].tolist()), 0.5)


def offset_to(log_odds: Numbers, wins: float, prior: float = 0.0) -> float:
    """What to add to log odds so that their probabilities sum to `wins`; `prior` holds it towards 0."""
    offset = 0.0
    for _ in range(50):
        said = sigmoid(log_odds + offset)
        step = (wins - said.sum() - prior * offset) / ((said * (1 - said)).sum() + prior + 1e-9)
        offset += float(np.clip(step, -2, 2))
        if abs(step) < 1e-8:
            break
    return float(np.clip(offset, -15, 15))
