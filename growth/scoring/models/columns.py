"""What a model learns from: columns of numbers and of categories, all of the same length."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Groups = NDArray[np.int64]


@dataclass(frozen=True)
class NumberColumn:
    """One number a row, NaN where there is none. `source` is the column or fact that people know."""

    name: str
    values: Numbers
    source: str

    def take(self, rows: Rows) -> "NumberColumn":
        """These rows alone."""
        return NumberColumn(self.name, self.values[rows], self.source)


@dataclass(frozen=True)
class CategoryColumn:
    """One level a row: `codes[row]` is its place in `levels`, or -1 where there is none.

    `pairs` says whether combinations with other categories may mean something, which a weekday's seldom do.
    """

    name: str
    codes: NDArray[np.int32]
    levels: tuple[str, ...]
    source: str
    pairs: bool = True

    def take(self, rows: Rows) -> "CategoryColumn":
        """These rows alone."""
        return replace(self, codes=self.codes[rows])


Column = NumberColumn | CategoryColumn


@dataclass(frozen=True)
class Frame:
    """Columns of `rows` values each."""

    columns: tuple[Column, ...]
    rows: int

    def take(self, rows: Rows) -> "Frame":
        """These rows alone, in this order."""
        return Frame(tuple(column.take(rows) for column in self.columns), len(rows))

    def only(self, places: Sequence[int]) -> "Frame":
        """These columns alone."""
        return Frame(tuple(self.columns[place] for place in places), self.rows)


@dataclass(frozen=True)
class Cells:
    """How one column is cut into cells, learnt from training rows: levels seen often enough, or ranges of a number.

    Cell 0 is missing, cell 1 is whatever was too rare or never seen, the others are in order.
    """

    name: str
    source: str
    levels: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()

    @property
    def count(self) -> int:
        """Number of cells."""
        return len(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """What each cell holds, in words or numbers."""
        if not self.edges:
            return ("", "…", *self.levels)
        edges = [f"{edge:g}" for edge in self.edges]
        between = [f"{low} – {high}" for low, high in pairwise(edges)]
        return ("", "…", f"< {edges[0]}", *between, f"≥ {edges[-1]}")

    def of(self, column: Column) -> NDArray[np.int32]:
        """The cell of each row."""
        if isinstance(column, NumberColumn):
            cells = np.searchsorted(np.array(self.edges), column.values, side="right").astype(np.int32) + 2
            if not self.edges:
                cells[:] = 1
            cells[np.isnan(column.values)] = 0
            return cells
        known = {level: place + 2 for place, level in enumerate(self.levels)}
        renamed = np.array([known.get(level, 1) for level in column.levels] + [0], np.int32)
        return renamed[column.codes]


def learn_cells(column: Column, *, most: int, fewest: int, ranges: int) -> Cells:
    """Cells of a column: up to `most` levels with `fewest` rows each, or that many `ranges` with equal shares."""
    if isinstance(column, NumberColumn):
        known = column.values[~np.isnan(column.values)]
        if len(known) == 0:
            return Cells(column.name, column.source)
        edges = np.unique(np.quantile(known, np.linspace(0, 1, ranges + 1)[1:-1]))
        return Cells(column.name, column.source, edges=tuple(edges[edges > known.min()].tolist()))
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
    often = np.argsort(-counts, kind="stable")[:most]
    levels = tuple(column.levels[place] for place in often if counts[place] >= fewest)
    return Cells(column.name, column.source, levels=levels)


def sources_of(columns: Sequence[Column]) -> list[str]:
    """The columns or facts that people know, each once, in order."""
    return list(dict.fromkeys(column.source for column in columns))
