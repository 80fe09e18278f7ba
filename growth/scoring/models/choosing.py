"""Which candidate predicts best leads it has not seen, told from training rows alone."""

from dataclasses import dataclass

import numpy as np

from growth.scoring.measures import log_loss, sigmoid
from growth.scoring.models.calibration import offset_to
from growth.scoring.models.candidates import (
    BASE_RATE,
    LINEAR,
    TREES,
    Candidate,
    Fold,
    blended,
    random_folds,
    rolling_folds,
)
from growth.scoring.models.columns import Flags, Frame, Groups, Numbers, Rows
from growth.scoring.models.linear import design, weigh
from growth.scoring.models.narrowing import telling

_MOST_ROWS = 15_000
"""Rows on which candidates are compared; more tell the same and take longer."""
_AS_GOOD = 1.0005
"""A simpler candidate is kept while its loss is within this factor of the best."""


@dataclass(frozen=True)
class Choice:
    """The candidate chosen, and the log loss of each on rows held back, in nats a lead."""

    candidate: Candidate
    losses: dict[str, float]


def choose(frame: Frame, won: Flags, moments: Numbers | None, seed: int, groups: Groups | None = None) -> Choice:
    """Compare all candidates on three folds: by time, each learning from what came before, or at random.

    By time, each is judged with the best offset for the fold, since the level is foretold apart (see `level`).
    """
    rows = _sample(won, seed)
    frame, won = frame.take(rows), won[rows]
    folds = rolling_folds(won, moments[rows]) if moments is not None else []
    levelled = bool(folds)
    if not folds:
        folds = random_folds(won, 3, seed, groups[rows] if groups is not None else None)
    said = [_held_back(frame, won, fold, seed) for fold in folds]
    # In a small fold there may be no pairs.
    losses = {
        candidate: _loss([one[candidate] for one in said], won, folds, levelled=levelled)
        for candidate in said[0]
        if all(candidate in one for one in said)
    }
    best_linear, best_trees = (_least(losses, kind) for kind in ("logistic", "boosted_trees"))
    both = blended((best_linear, best_trees))
    losses[both] = _loss([(one[best_linear] + one[best_trees]) / 2 for one in said], won, folds, levelled=levelled)
    contenders = [BASE_RATE, best_linear, best_trees, both]
    best = min(losses[one] for one in contenders)
    chosen = next(one for one in contenders if losses[one] <= best * _AS_GOOD)
    return Choice(chosen, {f"{one.kind}: {one.settings}": losses[one] for one in contenders})


def _sample(won: Flags, seed: int) -> Rows:
    rows = np.arange(len(won))
    if len(rows) <= _MOST_ROWS:
        return rows
    return np.sort(np.random.default_rng(seed).permutation(rows)[:_MOST_ROWS])


def _held_back(frame: Frame, won: Flags, fold: Fold, seed: int) -> dict[Candidate, Numbers]:
    """Log odds that each candidate gives to the rows held back."""
    seen, held = frame.take(fold.seen), frame.take(fold.held)
    places = telling(seen, won[fold.seen])
    seen, held = seen.only(places), held.only(places)
    said = {BASE_RATE: BASE_RATE.fit(seen, won[fold.seen], seed).log_odds_of(held)}
    for pairs, candidates in LINEAR.items():
        made = design(seen, won[fold.seen], pairs=pairs)
        if pairs and not made.pairs:
            continue
        matrix, unseen = made.of(seen), made.of(held)
        for candidate in candidates:
            model = weigh(made, matrix, won[fold.seen], candidate.strength)
            said[candidate] = np.asarray(unseen @ model.weights + model.intercept)
    for candidate in TREES:
        said[candidate] = candidate.fit(seen, won[fold.seen], seed).log_odds_of(held)
    return said


def _loss(said: list[Numbers], won: Flags, folds: list[Fold], *, levelled: bool) -> float:
    total, rows = 0.0, 0
    for log_odds, fold in zip(said, folds, strict=True):
        ends = won[fold.held]
        offset = offset_to(log_odds, float(ends.sum())) if levelled else 0.0
        total += log_loss(sigmoid(log_odds + offset), ends) * len(ends)
        rows += len(ends)
    return total / rows


def _least(losses: dict[Candidate, float], kind: str) -> Candidate:
    return min((one for one in losses if one.kind == kind), key=losses.__getitem__)
