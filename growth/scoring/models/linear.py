"""A logistic model over cells of columns, numbers as such, and pairs of categories."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from growth.scoring.measures import logit
from growth.scoring.models.base_rate import fit_column
from growth.scoring.models.columns import (
    CategoryColumn,
    Cells,
    Column,
    Flags,
    Frame,
    NumberColumn,
    Numbers,
    Rows,
    learn_cells,
)

_RANGES = 8
_PAIRED = 5
"""Categories that may form pairs: those that say most alone."""
_PAIR_CELLS = 3_000


@dataclass(frozen=True)
class Scale:
    """How a number is centred and bounded, so that no single row can shout."""

    place: int
    middle: float
    spread: float

    def of(self, column: Column) -> Numbers:
        """Standardised, kept within 4 spreads, 0 where missing."""
        assert isinstance(column, NumberColumn)
        return np.nan_to_num(np.clip((column.values - self.middle) / self.spread, -4, 4))


@dataclass(frozen=True)
class Pair:
    """Cells of two columns together: a code for each combination seen often enough."""

    one: int
    two: int
    known: dict[int, int]

    def of(self, cells: list[NDArray[np.int32]], width: int) -> NDArray[np.int32]:
        """The pair's own cell of each row; -1 for combinations that are rare or new."""
        both = cells[self.one].astype(np.int64) * width + cells[self.two]
        values, place = np.unique(both, return_inverse=True)
        return np.array([self.known.get(int(value), -1) for value in values], np.int32)[place]


@dataclass(frozen=True)
class Block:
    """Some of the columns of a design: where they are not 0, and what they are there."""

    rows: Rows
    columns: NDArray[np.int32]
    values: Numbers
    width: int


@dataclass(frozen=True)
class Design:
    """How rows become the numbers a linear model weighs; `term_of[j]` is the place of column j's own column(s)."""

    cells: tuple[Cells, ...]
    scales: tuple[Scale, ...]
    pairs: tuple[Pair, ...]
    owners: tuple[tuple[int, ...], ...]

    def of(self, frame: Frame) -> sparse.csr_matrix:
        """One row of numbers for each lead."""
        cells = [own.of(column) for own, column in zip(self.cells, frame.columns, strict=True)]
        blocks = [_one_hot(codes, own.count) for codes, own in zip(cells, self.cells, strict=True)]
        blocks += [_measured(scale.of(frame.columns[scale.place])) for scale in self.scales]
        width = self.pair_width
        blocks += [_one_hot(pair.of(cells, width), len(pair.known)) for pair in self.pairs]
        return _side_by_side(blocks, frame.rows)

    @property
    def pair_width(self) -> int:
        """A number above every cell's."""
        return max((own.count for own in self.cells), default=1)


@dataclass(frozen=True)
class Linear:
    """A fitted logistic model."""

    design: Design
    weights: Numbers
    intercept: float

    def log_odds_of(self, frame: Frame) -> Numbers:
        """Log odds of each row."""
        return np.asarray(self.design.of(frame) @ self.weights + self.intercept)

    def parts_of(self, frame: Frame) -> Numbers:
        """What each column adds to the log odds, rows by columns; a pair's part is shared by its two equally."""
        weighed = self.design.of(frame).multiply(self.weights[None, :]).tocsc()
        parts = np.zeros((frame.rows, len(frame.columns)))
        for place, owners in enumerate(self.design.owners):
            start, stop = weighed.indptr[place], weighed.indptr[place + 1]
            rows, values = weighed.indices[start:stop], weighed.data[start:stop]
            for owner in owners:
                parts[rows, owner] += values / len(owners)
        return parts


def design(frame: Frame, won: Flags, *, pairs: bool) -> Design:
    """Cells, scales and pairs learnt from training rows."""
    fewest = max(5, frame.rows // 2_000)
    cells = tuple(learn_cells(column, most=300, fewest=fewest, ranges=_RANGES) for column in frame.columns)
    scales = tuple(_scales(frame))
    found = tuple(_pairs(frame, won, cells, fewest)) if pairs else ()
    owners: list[tuple[int, ...]] = [(place,) for place, own in enumerate(cells) for _ in range(own.count)]
    owners += [(scale.place,) for scale in scales]
    owners += [(pair.one, pair.two) for pair in found for _ in pair.known]
    return Design(cells, scales, found, tuple(owners))


def weigh(made: Design, matrix: sparse.csr_matrix, won: Flags, strength: float) -> Linear:
    """A logistic regression held back by a ridge; a smaller `strength` holds it back more."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy, and only where models are fitted

    if matrix.shape[1] == 0:
        return Linear(made, np.zeros(0), float(logit(np.array([won.mean()]))[0]))
    model = LogisticRegression(C=strength, max_iter=300, tol=1e-3)
    model.fit(matrix, won)
    return Linear(made, model.coef_[0], float(model.intercept_[0]))


def _scales(frame: Frame) -> list[Scale]:
    made = []
    for place, column in enumerate(frame.columns):
        if isinstance(column, NumberColumn):
            known = column.values[~np.isnan(column.values)]
            if len(known) < 2:
                continue
            # A figure of 10 to the 300 in one cell is no reason to stop.
            with np.errstate(over="ignore", invalid="ignore"):
                kept = np.clip(known, *np.quantile(known, [0.01, 0.99]))
                middle, spread = float(kept.mean()), float(kept.std())
            if spread > 0 and np.isfinite(spread) and np.isfinite(middle):
                made.append(Scale(place, middle, spread))
    return made


def _one_hot(codes: NDArray[np.int32], count: int) -> Block:
    rows = np.flatnonzero(codes >= 0)
    return Block(rows, codes[rows], np.ones(len(rows)), count)


def _measured(values: Numbers) -> Block:
    rows = np.flatnonzero(values)
    return Block(rows, np.zeros(len(rows), np.int32), values[rows], 1)


def _side_by_side(blocks: list[Block], rows: int) -> sparse.csr_matrix:
    """One matrix of all; joining a matrix for each takes most of the time where there are hundreds."""
    if not blocks:
        return sparse.csr_matrix((rows, 0))
    starts = np.cumsum([0, *(block.width for block in blocks)])
    places = [start + block.columns for start, block in zip(starts[:-1], blocks, strict=True)]
    values, seats = np.concatenate([block.values for block in blocks]), [block.rows for block in blocks]
    return sparse.csr_matrix((values, (np.concatenate(seats), np.concatenate(places))), shape=(rows, int(starts[-1])))


def _pairs(frame: Frame, won: Flags, cells: tuple[Cells, ...], fewest: int) -> list[Pair]:
    """Pairs of the categories that say most alone, with the combinations seen often enough."""
    chosen = _telling(frame, won, cells)
    width = max((own.count for own in cells), default=1)
    codes = {place: cells[place].of(frame.columns[place]) for place in chosen}
    made = []
    for index, one in enumerate(chosen):
        for two in chosen[index + 1 :]:
            both = codes[one].astype(np.int64) * width + codes[two]
            values, counts = np.unique(both, return_counts=True)
            often = values[(counts >= fewest)][:_PAIR_CELLS]
            if len(often) > 1:
                made.append(Pair(one, two, {int(value): place for place, value in enumerate(often)}))
    return made


def _telling(frame: Frame, won: Flags, cells: tuple[Cells, ...]) -> list[int]:
    """Places of the categories whose shares differ most, measured as the spread of their log odds over the rows."""
    spreads: list[tuple[float, int]] = []
    for place, column in enumerate(frame.columns):
        if isinstance(column, CategoryColumn) and column.pairs and cells[place].count > 3:
            model = fit_column(column, won, 0)
            spreads.append((float(model.log_odds_of(Frame((column,), frame.rows)).std()), place))
    return sorted(place for _, place in sorted(spreads, reverse=True)[:_PAIRED])
