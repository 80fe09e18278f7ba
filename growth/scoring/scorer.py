"""What scores leads: a fitted model, the columns it uses, where its reasons start and how sure it is."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from growth.scoring.features import FEATURES
from growth.scoring.measures import logit
from growth.scoring.models.base_rate import PRIOR_LEADS, BaseRate
from growth.scoring.models.calibration import AS_IT_IS
from growth.scoring.models.columns import CategoryColumn, Column, Flags, Frame, Groups, Numbers, learn_cells
from growth.scoring.models.fitting import FEWEST_OUTCOMES, Fitted, fit
from growth.scoring.reasons import Reference, parts_of, reference

_BANDS = 20
_SURE = 0.9
"""The share of intervals that should hold the true share."""


@dataclass(frozen=True)
class Scorer:
    """Everything needed to score a lead.

    Args:
        fitted: the model.
        columns: names of the columns it uses.
        reference: where reasons are counted from.
        edges: probabilities that part the leads of the training into bands of those scored alike.
        alike: how many leads that it had not seen fell into each band.
    """

    fitted: Fitted
    columns: tuple[str, ...]
    reference: Reference
    edges: Numbers
    alike: Numbers

    def frame_of(self, frame: Frame) -> Frame:
        """The columns it uses, in its order."""
        named = {column.name: column for column in frame.columns}
        return Frame(tuple(named[name] for name in self.columns), frame.rows)

    def predict(self, frame: Frame) -> Numbers:
        """Probabilities."""
        return self.fitted.predict(self.frame_of(frame))

    def intervals(self, said: Numbers) -> tuple[Numbers, Numbers]:
        """Where the share won among leads scored alike lies, 9 times of 10 (Jeffreys' beta interval)."""
        from scipy.stats import beta  # noqa: PLC0415 - heavy, and only where leads are scored

        leads = self.alike[np.searchsorted(self.edges, said, side="right")]
        wins, tail = said * leads, (1 - _SURE) / 2
        low = beta.ppf(tail, wins + 0.5, leads - wins + 0.5)
        high = beta.ppf(1 - tail, wins + 0.5, leads - wins + 0.5)
        return np.minimum(low, said), np.maximum(high, said)

    def reasons(self, frame: Frame, words: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
        """For each lead what each feature adds to the average, the weightiest first.

        A reason is {"feature", "message", "values", "points"}: a translatable sentence, its values, and shares of 1
        that sum, over all reasons, to the probability less the average.
        """
        parts = parts_of(self.fitted, self.frame_of(frame), self.reference, seed=0)
        told = []
        for row, known in zip(parts.tolist(), words, strict=True):
            made = [_reason(key, known[key], points) for key, points in zip(self.columns, row, strict=True)]
            told.append(sorted((one for one in made if one["points"]), key=lambda one: -abs(one["points"])))
        return told


def _reason(key: str, value: Any, points: float) -> dict[str, Any]:
    known = FEATURES[key]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return {
        "feature": key,
        "message": known.unknown if value is None else known.says,
        "values": {} if value is None else {"value": value},
        "points": points,
    }


def telling(frame: Frame) -> tuple[list[str], list[str]]:
    """Names of the columns that differ between rows, and of those that say the same everywhere."""
    differ = [column.name for column in frame.columns if _differs(column)]
    return differ, [column.name for column in frame.columns if column.name not in differ]


def _differs(column: Column) -> bool:
    values = column.codes if isinstance(column, CategoryColumn) else column.values
    return len(np.unique(values)) > 1


def make_scorer(frame: Frame, won: Flags, contacted: Numbers, leads: Groups, prior: float) -> Scorer:
    """Learn from leads whose end is known; with few ends, from the share won by channel alone, drawn to `prior`."""
    names, _ = telling(frame)
    used = Frame(tuple(column for column in frame.columns if column.name in names), frame.rows)
    if min(int(won.sum()), int((~won).sum())) < FEWEST_OUTCOMES:
        return cold_start(frame, won, prior)
    return _scorer(fit(used, won, contacted, seed=0, groups=leads), tuple(names), used, leads)


def cold_start(frame: Frame, won: Flags, prior: float, column: str = "channel") -> Scorer:
    """The share won so far by channel, each drawn towards the share of all, and that one towards `prior`."""
    average = (float(won.sum()) + prior * PRIOR_LEADS) / (len(won) + PRIOR_LEADS)
    source = next(one for one in frame.columns if one.name == column)
    cells = learn_cells(source, most=500, fewest=1, ranges=1)
    group = cells.of(source)
    wins, leads = np.bincount(group, weights=won, minlength=cells.count), np.bincount(group, minlength=cells.count)
    shares = (wins + average * PRIOR_LEADS) / (leads + PRIOR_LEADS)
    model = BaseRate(0, cells, tuple(logit(shares).tolist()))
    said = 1 / (1 + np.exp(-model.log_odds_of(Frame((source,), frame.rows))))
    fitted = Fitted("base_rate", f"share won by {column}", model, AS_IT_IS, 0.0, (said, won), {})
    if frame.rows == 0:
        held = Reference(average, float(logit(np.array([average]))[0]), np.array([logit(np.array([average]))[0]]), None)
        return Scorer(fitted, (column,), held, np.zeros(0), np.array([PRIOR_LEADS]))
    return _scorer(fitted, (column,), Frame((source,), frame.rows), np.arange(frame.rows))


def _scorer(fitted: Fitted, names: tuple[str, ...], used: Frame, leads: Groups) -> Scorer:
    said = np.sort(fitted.unseen[0])
    bands = int(np.clip(len(said) // 50, 1, _BANDS))
    edges = np.unique(np.quantile(said, np.linspace(0, 1, bands + 1)[1:-1]))
    rows_a_lead = used.rows / max(len(np.unique(leads)), 1)
    sizes = np.bincount(np.searchsorted(edges, said, side="right"), minlength=len(edges) + 1)
    alike = np.maximum(sizes / rows_a_lead, 1.0)
    # What was held back is needed no more, and would make the stored model large.
    small = replace(fitted, unseen=(np.zeros(0), np.zeros(0, np.bool_)))
    return Scorer(small, names, reference(fitted, used, seed=0), edges, alike)
