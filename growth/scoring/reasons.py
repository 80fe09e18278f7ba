"""Why a score is what it is: what each feature adds to or takes from the average, in shares that sum exactly.

A logistic model and a share by source add up by themselves in log odds. For trees each feature's part is its Shapley
value, sampled over orders and over leads of the training (Strumbelj and Kononenko 2014). Log odds become probability
along the straight line from the average lead to this one (Aumann and Shapley 1974), so that the parts sum to the
probability less the average.
"""

from dataclasses import dataclass

import numpy as np

from growth.scoring.measures import sigmoid
from growth.scoring.models.base_rate import BaseRate
from growth.scoring.models.columns import Frame, Numbers
from growth.scoring.models.fitting import Fitted
from growth.scoring.models.linear import Linear

_BACKGROUND = 64
"""Leads of the training that stand for all when features are put in one by one."""
_ORDERS = 8


@dataclass(frozen=True)
class Reference:
    """Where reasons are counted from.

    Args:
        average: mean probability of the training rows.
        log_odds: the uncalibrated log odds that mean the average.
        middle: each column's mean part, shifted so that the average lead's log odds are `log_odds`.
        background: leads that stand for all; only models that don't add up need them.
    """

    average: float
    log_odds: float
    middle: Numbers
    background: Frame | None


def reference(fitted: Fitted, frame: Frame, seed: int) -> Reference:
    """The reference of a fitted model, from its training rows."""
    average = float(fitted.predict(frame).mean())
    start = _log_odds_of(fitted, average)
    parts = _additive(fitted, frame)
    if parts is None:
        rows = np.random.default_rng(seed).permutation(frame.rows)[:_BACKGROUND]
        return Reference(average, start, np.zeros(len(frame.columns)), frame.take(rows))
    # The mean of log odds is not the log odds of the mean: the gap goes to each column as far as it varies.
    gap = start - float(fitted.model.log_odds_of(frame).mean())
    return Reference(average, start, parts.mean(axis=0) + gap * _weights(parts), None)


def parts_of(fitted: Fitted, frame: Frame, held: Reference, seed: int) -> Numbers:
    """Probability points, rows by columns; each row sums to its probability less the average."""
    log_odds = fitted.model.log_odds_of(frame)
    parts = _additive(fitted, frame)
    if parts is not None:
        parts = parts - held.middle
    else:
        assert held.background is not None
        parts = _sampled(fitted, frame, held.background, seed)
        gap = log_odds - held.log_odds - parts.sum(axis=1)
        parts += gap[:, None] * _weights(parts)
    return np.asarray(parts * _slope(fitted, log_odds, held)[:, None])


def _additive(fitted: Fitted, frame: Frame) -> Numbers | None:
    """Each column's part of the log odds, without the constant; None when the model doesn't add up."""
    model = fitted.model
    if isinstance(model, Linear):
        return model.parts_of(frame)
    if not isinstance(model, BaseRate):
        return None
    parts = np.zeros((frame.rows, len(frame.columns)))
    if model.column is not None:
        parts[:, model.column] = model.log_odds_of(frame)
    return parts


def _weights(parts: Numbers) -> Numbers:
    spread = parts.var(axis=0)
    return np.asarray(spread / spread.sum()) if spread.sum() > 0 else np.full(len(spread), 1 / max(len(spread), 1))


def _said(fitted: Fitted, log_odds: Numbers) -> Numbers:
    return sigmoid(fitted.calibration.of(log_odds) + fitted.level)


def _slope(fitted: Fitted, log_odds: Numbers, held: Reference) -> Numbers:
    """Mean steepness of probability over log odds between the average and each row."""
    away = log_odds - held.log_odds
    near = np.abs(away) < 1e-6
    step = np.where(near, 1e-6, away)
    return np.asarray((_said(fitted, held.log_odds + step) - _said(fitted, np.full(1, held.log_odds))) / step)


def _log_odds_of(fitted: Fitted, probability: float) -> float:
    """The uncalibrated log odds that mean a probability, by halving."""
    low, high = -40.0, 40.0
    for _ in range(80):
        middle = (low + high) / 2
        if _said(fitted, np.array([middle]))[0] < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _sampled(fitted: Fitted, frame: Frame, background: Frame, seed: int) -> Numbers:
    """What each column adds when it is put in, averaged over orders; every second order is the one before reversed."""
    random = np.random.default_rng(seed)
    parts = np.zeros((frame.rows, len(frame.columns)))
    order = np.arange(len(frame.columns))
    for turn in range(_ORDERS):
        order = random.permutation(len(frame.columns)) if turn % 2 == 0 else order[::-1]
        mixed = list(background.take(random.integers(0, background.rows, frame.rows)).columns)
        before = fitted.model.log_odds_of(Frame(tuple(mixed), frame.rows))
        for place in order.tolist():
            mixed[place] = frame.columns[place]
            after = fitted.model.log_odds_of(Frame(tuple(mixed), frame.rows))
            parts[:, place] += (after - before) / _ORDERS
            before = after
    return parts
