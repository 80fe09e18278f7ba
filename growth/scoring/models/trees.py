"""Boosted trees, for what bends and interacts beyond pairs."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from growth.scoring.measures import logit
from growth.scoring.models.columns import Cells, Column, Flags, Frame, NumberColumn, Numbers, learn_cells
from growth.scoring.models.threads import one_thread

_LEVELS = 200
"""scikit-learn's trees take at most 255 levels of a category."""


@dataclass(frozen=True)
class Trees:
    """Fitted trees with the way rows become their numbers."""

    cells: tuple[Cells | None, ...]
    used: tuple[int, ...]
    model: Any
    constant: float

    def log_odds_of(self, frame: Frame) -> Numbers:
        """Log odds of each row."""
        if self.model is None:
            return np.full(frame.rows, self.constant)
        with one_thread():
            return np.asarray(self.model.decision_function(_matrix(frame, self.cells)[:, self.used]), np.float64)


def fit_trees(frame: Frame, won: Flags, seed: int, *, leaves: int, rounds: int) -> Trees:
    """Small trees, many of them, held back (`HistGradientBoostingClassifier`)."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - heavy, and only where models are fitted

    fewest = max(5, frame.rows // 2_000)
    cells = tuple(
        None if _is_measure(column) else learn_cells(column, most=_LEVELS, fewest=fewest, ranges=1)
        for column in frame.columns
    )
    matrix = _matrix(frame, cells)
    # One distinct value in a column makes scikit-learn 1.9 stop with "window shape cannot be larger".
    used = tuple(place for place in range(matrix.shape[1]) if _distinct(matrix[:, place]) > 1)
    constant = float(logit(np.array([won.mean()]))[0])
    if not used:
        return Trees(cells, used, None, constant)
    categories = [index for index, place in enumerate(used) if cells[place] is not None]
    model = HistGradientBoostingClassifier(
        max_iter=rounds,
        learning_rate=0.05,
        max_leaf_nodes=leaves,
        min_samples_leaf=20,
        l2_regularization=5.0,
        categorical_features=categories or None,
        early_stopping=False,
        random_state=seed,
    )
    model.fit(matrix[:, used], won)
    return Trees(cells, used, model, constant)


def _matrix(frame: Frame, cells: tuple[Cells | None, ...]) -> Numbers:
    made = np.empty((frame.rows, len(frame.columns)))
    for place, (column, own) in enumerate(zip(frame.columns, cells, strict=True)):
        if own is not None:
            made[:, place] = own.of(column)
        else:
            assert isinstance(column, NumberColumn)
            made[:, place] = column.values
    return made


def _is_measure(column: Column) -> bool:
    """Whether it is a number with more to say than that it is there."""
    return isinstance(column, NumberColumn) and _distinct(column.values) > 1


def _distinct(values: Numbers) -> int:
    known = values[~np.isnan(values)]
    return 0 if len(known) == 0 else 1 + bool((known != known[0]).any())
