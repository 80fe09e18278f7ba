"""Columns that know too much: what was written down after the end, or because of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from growth.locales import N_
from growth.scoring.measures import auc
from growth.scoring.models.base_rate import fit_column
from growth.scoring.models.columns import Column, Flags, Frame, Rows

ALONE = 0.9
"""A single column that orders unseen leads this well is seldom honest."""
_FEWEST = 20
_ALONE = N_("Alone it tells who was won nearly perfectly (AUC %(auc)s on held-out rows).")
_ONE_SIDED = N_("Where it is filled in, %(filled)s %% were won; where it is empty, %(empty)s %%.")


@dataclass(frozen=True)
class Suspicion:
    """A column that may have been filled in after the fact; `why` is a translatable sentence."""

    column: str
    why: str
    values: dict[str, object]

    def __str__(self) -> str:
        """The English sentence."""
        return self.why % self.values


def alone(columns: list[Column], won: Flags, seen: Rows, held: Rows) -> Suspicion | None:
    """Whether one of a source's columns orders the held-out rows nearly perfectly, having learnt from the others.

    A value that was not seen while learning says nothing, so that identifiers don't look clever.
    """
    best = 0.5
    for column in columns:
        model = fit_column(column.take(seen), won[seen], 0)
        said = model.log_odds_of(Frame((column.take(held),), len(held)))
        best = max(best, auc(said, won[held]))
    if best < ALONE:
        return None
    return Suspicion(columns[0].source, _ALONE, {"auc": f"{best:.3f}"})


def one_sided(name: str, filled: NDArray[np.bool_], won: Flags) -> Suspicion | None:
    """Whether a column is filled in, or left empty, only where it ended one way: such as a date of closing.

    One side is pure, which by the other side's share would happen less than once in 10^9; or it is nearly pure and the
    two sides are at odds.
    """
    sizes = int(filled.sum()), int((~filled).sum())
    if min(sizes) < _FEWEST:
        return None
    shares = float(won[filled].mean()), float(won[~filled].mean())
    apart = abs(shares[0] - shares[1])
    for size, share in zip(sizes, shares, strict=True):
        pure = share in {0.0, 1.0} and size * np.log(max(1 - apart, 1e-9)) < np.log(1e-9)
        nearly = not 0.005 < share < 0.995 and apart >= 0.5
        if pure or nearly:
            return Suspicion(name, _ONE_SIDED, {"filled": f"{100 * shares[0]:.1f}", "empty": f"{100 * shares[1]:.1f}"})
    return None
