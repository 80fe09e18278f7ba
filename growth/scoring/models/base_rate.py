"""The plainest model: the share won so far among those alike in one column, drawn towards the share of all."""

from dataclasses import dataclass

import numpy as np

from growth.scoring.measures import log_loss, logit
from growth.scoring.models.columns import Cells, Column, Flags, Frame, Numbers, Rows, learn_cells

PRIOR_LEADS = 20.0
"""How many leads of the overall share each group is thought to have had already (a beta prior's weight)."""


@dataclass(frozen=True)
class BaseRate:
    """Log odds of each cell of one column, or of all leads alike where there is no column."""

    column: int | None
    cells: Cells | None
    log_odds: tuple[float, ...]

    def log_odds_of(self, frame: Frame) -> Numbers:
        """Log odds of each row."""
        if self.column is None or self.cells is None:
            return np.full(frame.rows, self.log_odds[0])
        return np.array(self.log_odds)[self.cells.of(frame.columns[self.column])]


def fit_column(column: Column, won: Flags, place: int) -> BaseRate:
    """Shares by the cells of one column."""
    cells = learn_cells(column, most=500, fewest=2, ranges=20)
    group = cells.of(column)
    leads = np.bincount(group, minlength=cells.count)
    wins = np.bincount(group, weights=won, minlength=cells.count)
    shares = (wins + PRIOR_LEADS * won.mean()) / (leads + PRIOR_LEADS)
    return BaseRate(place, cells, tuple(logit(shares).tolist()))


def fit_base_rate(frame: Frame, won: Flags, seed: int) -> BaseRate:
    """The one column that says most: learnt on a half of the rows and judged on the other, then learnt on all."""
    halves = np.array_split(np.random.default_rng(seed).permutation(frame.rows), 2)
    best, least = None, _loss_of_none(won, halves)
    for place, column in enumerate(frame.columns):
        loss = _loss(column, won, halves)
        if loss < least:
            best, least = place, loss
    if best is None:
        return BaseRate(None, None, (float(logit(np.array([won.mean()]))[0]),))
    return fit_column(frame.columns[best], won, best)


def _loss(column: Column, won: Flags, halves: list[Rows]) -> float:
    seen, held = halves
    model = fit_column(column.take(seen), won[seen], 0)
    said = model.log_odds_of(Frame((column.take(held),), len(held)))
    return log_loss(1 / (1 + np.exp(-said)), won[held])


def _loss_of_none(won: Flags, halves: list[Rows]) -> float:
    seen, held = halves
    return log_loss(np.full(len(held), won[seen].mean()), won[held])
