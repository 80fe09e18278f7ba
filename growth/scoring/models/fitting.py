"""A scoring model from leads whose end is known: chosen, calibrated on leads it had not seen, and levelled."""

from dataclasses import dataclass

import numpy as np

from growth.scoring.measures import logit, sigmoid
from growth.scoring.models.base_rate import BaseRate
from growth.scoring.models.calibration import AS_IT_IS, Calibration, calibrate
from growth.scoring.models.candidates import Candidate, Fold, Model, random_folds
from growth.scoring.models.choosing import choose
from growth.scoring.models.columns import Flags, Frame, Groups, Numbers, Rows
from growth.scoring.models.level import next_level
from growth.scoring.models.narrowing import fit_narrowed
from growth.scoring.models.threads import one_thread

FEWEST_OUTCOMES = 15
"""With fewer of either end nothing is chosen or calibrated: everybody gets the share of all."""
_MOST_ROWS = 100_000
"""Rows a model is fitted on; of more, this many are drawn."""
_FOLDS_UNTIL = 25_000
"""Rows up to which calibration uses five folds; above, one quarter held back is plenty."""


@dataclass(frozen=True)
class Fitted:
    """A model that says probabilities.

    Args:
        kind: base_rate, logistic, boosted_trees or blend.
        settings: its settings in words.
        model: gives log odds.
        calibration: what makes them mean what they say.
        level: added for leads that come after the training rows, in log odds.
        unseen: probabilities given to training rows that were held back, and how they ended.
        losses: log loss of each contender on rows held back.
    """

    kind: str
    settings: str
    model: Model
    calibration: Calibration
    level: float
    unseen: tuple[Numbers, Flags]
    losses: dict[str, float]

    def log_odds_of(self, frame: Frame) -> Numbers:
        """Calibrated log odds of each row."""
        return self.calibration.of(self.model.log_odds_of(frame)) + self.level

    def predict(self, frame: Frame) -> Numbers:
        """The probability of each row to be won."""
        return sigmoid(self.log_odds_of(frame))


def fit(frame: Frame, won: Flags, moments: Numbers | None, seed: int, groups: Groups | None = None) -> Fitted:
    """The best candidate, fitted on all rows.

    Args:
        frame: one row for each lead.
        won: how each ended.
        moments: seconds of each row, when leads of a later time are to be scored.
        seed: the same gives the same.
        groups: rows of the same lead, where a lead has several, so that it is never held back from itself.
    """
    if len(won) > _MOST_ROWS:
        rows = np.sort(np.random.default_rng(seed).permutation(len(won))[:_MOST_ROWS])
        frame, won, moments = frame.take(rows), won[rows], moments[rows] if moments is not None else None
        groups = groups[rows] if groups is not None else None
    if min(int(won.sum()), int((~won).sum())) < FEWEST_OUTCOMES or not frame.columns:
        return plain(won)
    with one_thread():
        choice = choose(frame, won, moments, seed, groups)
        held, log_odds = _unseen(choice.candidate, frame, won, seed, groups)
        model = fit_narrowed(choice.candidate, frame, won, seed)
    calibration = calibrate(log_odds, won[held], seed)
    calibrated = calibration.of(log_odds)
    level = next_level(calibrated, won[held], moments[held]) if moments is not None else 0.0
    return Fitted(
        choice.candidate.kind,
        choice.candidate.settings,
        model,
        calibration,
        level,
        (sigmoid(calibrated + level), won[held]),
        choice.losses,
    )


def plain(won: Flags) -> Fitted:
    """Everybody gets the share of all, drawn a little from 0 and 1 (Laplace's rule)."""
    share = (int(won.sum()) + 1) / (len(won) + 2)
    model = BaseRate(None, None, (float(logit(np.array([share]))[0]),))
    return Fitted("base_rate", "share won of all", model, AS_IT_IS, 0.0, (np.full(len(won), share), won), {})


def _unseen(candidate: Candidate, frame: Frame, won: Flags, seed: int, groups: Groups | None) -> tuple[Rows, Numbers]:
    """Rows that were held back, and the log odds they got."""
    many = len(won) > _FOLDS_UNTIL
    folds: list[Fold] = random_folds(won, 4 if many else 5, seed, groups)[: 1 if many else None]
    said = [
        fit_narrowed(candidate, frame.take(one.seen), won[one.seen], seed).log_odds_of(frame.take(one.held))
        for one in folds
    ]
    return np.concatenate([one.held for one in folds]), np.concatenate(said)
