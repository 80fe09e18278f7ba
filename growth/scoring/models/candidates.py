"""The models that compete, and how rows are held back to compare them."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from growth.scoring.models.base_rate import fit_base_rate
from growth.scoring.models.columns import Flags, Frame, Groups, Numbers, Rows
from growth.scoring.models.linear import design, weigh
from growth.scoring.models.trees import fit_trees


class Model(Protocol):
    """What a fitted candidate can do."""

    def log_odds_of(self, frame: Frame) -> Numbers:
        """Log odds of each row."""
        ...


@dataclass(frozen=True)
class Blend:
    """The mean of several models' log odds."""

    models: tuple[Model, ...]

    def log_odds_of(self, frame: Frame) -> Numbers:
        """Log odds of each row."""
        return np.asarray(np.mean([model.log_odds_of(frame) for model in self.models], axis=0), np.float64)


@dataclass(frozen=True)
class Candidate:
    """A way of learning. `kind` is one of base_rate, logistic, boosted_trees, blend."""

    kind: str
    settings: str
    fit: Callable[[Frame, Flags, int], Model]
    strength: float = 0.0


def _base_rate(frame: Frame, won: Flags, seed: int) -> Model:
    return fit_base_rate(frame, won, seed)


def _linear(*, pairs: bool, strength: float) -> Candidate:
    def fit(frame: Frame, won: Flags, _seed: int) -> Model:
        made = design(frame, won, pairs=pairs)
        return weigh(made, made.of(frame), won, strength)

    return Candidate("logistic", f"{'pairs of categories, ' if pairs else ''}strength {strength:g}", fit, strength)


def _trees(*, leaves: int, rounds: int) -> Candidate:
    def fit(frame: Frame, won: Flags, seed: int) -> Model:
        return fit_trees(frame, won, seed, leaves=leaves, rounds=rounds)

    return Candidate("boosted_trees", f"{rounds} trees of {leaves} leaves", fit)


def blended(parts: tuple[Candidate, ...]) -> Candidate:
    """Several candidates together, each fitted on its own."""

    def fit(frame: Frame, won: Flags, seed: int) -> Model:
        return Blend(tuple(part.fit(frame, won, seed) for part in parts))

    return Candidate("blend", "; ".join(f"{part.kind}: {part.settings}" for part in parts), fit)


BASE_RATE = Candidate("base_rate", "share won by the one column that says most", _base_rate)
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0)
LINEAR = {pairs: tuple(_linear(pairs=pairs, strength=strength) for strength in STRENGTHS) for pairs in (False, True)}
TREES = (_trees(leaves=4, rounds=200), _trees(leaves=7, rounds=300), _trees(leaves=15, rounds=150))


@dataclass(frozen=True)
class Fold:
    """Rows to learn from and rows to judge on."""

    seen: Rows
    held: Rows


def random_folds(won: Flags, count: int, seed: int, groups: Groups | None = None) -> list[Fold]:
    """Every row is held back once; each fold has its part of both ends, and rows of one group stay together."""
    if groups is None:
        turn = _turns(won, count, seed)
    else:
        _, group = np.unique(groups, return_inverse=True)
        turn = _turns(np.bincount(group, weights=won) > 0, count, seed)[group]
    return [Fold(np.flatnonzero(turn != fold), np.flatnonzero(turn == fold)) for fold in range(count)]


def _turns(won: Flags, count: int, seed: int) -> Rows:
    """Which fold each row is held back in."""
    turn = np.empty(len(won), np.intp)
    random = np.random.default_rng(seed)
    for end in (True, False):
        rows = random.permutation(np.flatnonzero(won == end))
        turn[rows] = np.arange(len(rows)) % count
    return turn


def rolling_folds(won: Flags, moments: Numbers) -> list[Fold]:
    """Three times: learn from the beginning, judge on the fifth of rows that comes next; both ends in each part."""
    order = np.argsort(moments, kind="stable")
    cuts = [int(len(order) * share) for share in (0.4, 0.6, 0.8, 1.0)]
    folds = [Fold(np.sort(order[:cut]), np.sort(order[cut:after])) for cut, after in pairwise(cuts)]
    return [fold for fold in folds if _both(won[fold.seen], 5) and _both(won[fold.held], 5)]


def _both(won: Flags, least: int) -> bool:
    return least <= int(won.sum()) <= len(won) - least
