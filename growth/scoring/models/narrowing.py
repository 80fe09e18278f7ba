"""The columns worth learning from where a file has more of them than can be weighed in good time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from growth.scoring.models.candidates import Candidate, Model
from growth.scoring.models.columns import Column, Flags, Frame, NumberColumn, Numbers

MOST_COLUMNS = 250
"""Columns a model is fitted on; of more, those that say most alone."""
_MOST_ROWS = 10_000
_RANGES = 8
_LEVELS = 20


@dataclass(frozen=True)
class Narrowed:
    """A model of some columns alone."""

    places: tuple[int, ...]
    model: Model

    def log_odds_of(self, frame: Frame) -> Numbers:
        """Log odds of each row."""
        return self.model.log_odds_of(frame.only(self.places))


def fit_narrowed(candidate: Candidate, frame: Frame, won: Flags, seed: int) -> Model:
    """A candidate fitted on the columns that say most; on all where they are few."""
    places = telling(frame, won)
    if len(places) == len(frame.columns):
        return candidate.fit(frame, won, seed)
    return Narrowed(places, candidate.fit(frame.only(places), won, seed))


def telling(frame: Frame, won: Flags) -> tuple[int, ...]:
    """Places of the columns that say most alone, in order; to be asked of rows that are learnt from.

    Of many rows evenly spaced ones are looked at.
    """
    if len(frame.columns) <= MOST_COLUMNS:
        return tuple(range(len(frame.columns)))
    rows = np.arange(0, frame.rows, 1 + (frame.rows - 1) // _MOST_ROWS)
    says = [_says(column.take(rows), won[rows]) for column in frame.columns]
    return tuple(sorted(np.argsort(says, kind="stable")[-MOST_COLUMNS:].tolist()))


def _says(column: Column, won: Flags) -> float:
    """The likelihood-ratio statistic G of cells against ends, in deviations above what chance makes of it."""
    cells = _cells(column)
    leads = np.bincount(cells)
    wins = np.bincount(cells, weights=won)[leads > 0].astype(np.float64)
    leads = leads[leads > 0]
    free = len(leads) - 1
    if free == 0:
        return 0.0
    gain = _likelihood(wins, leads) - _likelihood(wins.sum(keepdims=True), leads.sum(keepdims=True))
    return float((2 * gain - free) / np.sqrt(2 * free))


def _likelihood(wins: Numbers, leads: NDArray[np.intp]) -> float:
    """Log likelihood of ends that come in each cell as often as they did."""
    return float(sum((ends * np.log(np.maximum(ends, 1) / leads)).sum() for ends in (wins, leads - wins)))


def _cells(column: Column) -> NDArray[np.intp]:
    """The range or level of each row, and one of its own for what is missing."""
    if not isinstance(column, NumberColumn):
        often = np.argsort(-np.bincount(column.codes + 1), kind="stable")[:_LEVELS]
        renamed = np.full(int(column.codes.max()) + 2, _LEVELS)
        renamed[often] = np.arange(len(often))
        return np.asarray(renamed[column.codes + 1], np.intp)
    known = np.sort(column.values[~np.isnan(column.values)])
    edges = known[np.arange(1, _RANGES) * len(known) // _RANGES] if len(known) else known
    return np.where(np.isnan(column.values), _RANGES, np.searchsorted(edges, column.values, side="right"))
