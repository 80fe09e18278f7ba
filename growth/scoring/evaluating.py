"""How well leads of any file can be told apart: from the file to the figures, with nothing prepared."""

from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from growth.errors import InvalidError
from growth.locales import N_
from growth.scoring.leakage import Suspicion, alone, one_sided
from growth.scoring.measures import Measures, auc, mean, measure
from growth.scoring.models.base_rate import fit_base_rate
from growth.scoring.models.columns import Column, Flags, Frame, Numbers, Rows
from growth.scoring.models.fitting import Fitted, fit
from growth.scoring.splitting import Split, check_size, random_splits, time_split
from growth.scoring.tables.cells import read_numbers
from growth.scoring.tables.kinds import Kind, calendar_columns, tell_kind
from growth.scoring.tables.label import Label, find_column, find_label
from growth.scoring.tables.moments import read_order
from growth.scoring.tables.reading import RawColumn, Table, read_table

_DAY = 86_400.0


@dataclass(frozen=True)
class Asked:
    """What to evaluate: a file, and what was said about its columns."""

    path: Path
    label: str | None = None
    time: str | None = None
    drop: tuple[str, ...] = ()
    positive: str | None = None


@dataclass(frozen=True)
class Prepared:
    """A file's labelled rows, ready to learn from."""

    table: Table
    label: Label
    frame: Frame
    kinds: list[Kind]
    time: str | None
    moments: Numbers | None
    rows: Rows
    won: Flags
    notes: list[str] = field(default_factory=list)


def evaluate(asked: Asked) -> dict[str, Any]:
    """Everything `growth score evaluate` prints, as JSON-ready values.

    Figures of five random splits are plain means over the splits. Raises InvalidError with a remedy for a file that
    can't be judged.
    """
    started = monotonic()
    ready = prepare(asked)
    splits = random_splits(ready.won)
    if ready.moments is not None and ready.time is not None:
        splits = [time_split(ready.won, ready.moments, ready.time)]
    judged = [_judge(ready, split, seed) for seed, split in enumerate(splits)]
    measured = mean([measures for measures, _, _ in judged])
    kinds = [fitted.kind for _, _, fitted in judged]
    return {
        "rows": len(ready.won),
        "positives": int(ready.won.sum()),
        "split": _split_words(ready.time, splits),
        "model": max(sorted(set(kinds)), key=kinds.count),
        **measured.as_json(),
        "baseline_auc": round(float(np.mean([base for _, base, _ in judged])), 6),
        "dropped": [{"column": kind.name, "why": kind.why} for kind in ready.kinds if kind.why],
        "suspected_leakage": [{"column": one.column, "why": str(one)} for one in suspicions(ready, splits[0])],
        "label": ready.label.name,
        "positive": ready.label.positive,
        "label_guessed": ready.label.guessed,
        "columns": {kind.name: kind.kind for kind in ready.kinds if not kind.why},
        "settings": judged[0][2].settings,
        "calibration": judged[0][2].calibration.method,
        "notes": ready.notes,
        "seconds": round(monotonic() - started, 2),
    }


def prepare(asked: Asked) -> Prepared:
    """Read the file, find its label and its time, and tell what each column holds."""
    table = read_table(asked.path)
    label = find_label(table, asked.label, asked.positive)
    dropped = {find_column(table, name, "drop").name for name in asked.drop}
    time = find_column(table, asked.time, "time") if asked.time is not None else None
    if time is not None and time.name == label.name:
        raise InvalidError("time", N_("The label can't be the time."), remedy=N_("Name another column."))
    notes = _notes(table, label)
    rows, won, moments = label.rows, label.won, None
    if time is not None:
        seconds = _moments(time)[rows]
        known = ~np.isnan(seconds)
        rows, won, moments = rows[known], won[known], seconds[known]
        if not known.all():
            notes.append(f"{int((~known).sum())} rows have no readable {time.name} and were left out.")
    check_size(won)
    kinds, columns = [], []
    for raw in table.columns:
        if raw.name == label.name or raw.name in dropped:
            continue
        if time is not None and raw.name == time.name:
            assert moments is not None
            columns += calendar_columns(raw.name, moments / _DAY) if _are_dates(moments) else []
            continue
        kind, made = tell_kind(raw.take(rows), moments if moments is not None and _are_dates(moments) else None)
        kinds.append(kind)
        columns += made
    return Prepared(
        table, label, Frame(tuple(columns), len(rows)), kinds, time.name if time else None, moments, rows, won, notes
    )


def suspicions(ready: Prepared, split: Split) -> list[Suspicion]:
    """Columns that know too much, each once; those dropped as identifiers are looked at too."""
    found: dict[str, Suspicion] = {}
    by_source: dict[str, list[Column]] = {}
    for column in ready.frame.columns:
        by_source.setdefault(column.source, []).append(column)
    for source, columns in by_source.items():
        if suspicion := alone(columns, ready.won, split.seen, split.held):
            found[source] = suspicion
    asked_for = {kind.name for kind in ready.kinds}
    for raw in ready.table.columns:
        suspicion = one_sided(raw.name, raw.codes[ready.rows] >= 0, ready.won)
        if suspicion and raw.name in asked_for - found.keys():
            found[raw.name] = suspicion
    return list(found.values())


def _judge(ready: Prepared, split: Split, seed: int) -> tuple[Measures, float, Fitted]:
    """Measures on the held-out rows, the AUC of the plainest model there, and the model."""
    seen, held, won = ready.frame.take(split.seen), ready.frame.take(split.held), ready.won
    moments = ready.moments[split.seen] if ready.moments is not None else None
    fitted = fit(seen, won[split.seen], moments, seed)
    base = fit_base_rate(seen, won[split.seen], seed)
    return measure(fitted.predict(held), won[split.held]), auc(base.log_odds_of(held), won[split.held]), fitted


def _moments(raw: RawColumn) -> Numbers:
    """The moment of each row of the file, NaN where it can't be read. Raises InvalidError when most can't."""
    order = read_order(raw.values, read_numbers(raw.values))
    values = np.append(order, np.nan)[raw.codes]
    if np.isnan(values).mean() > 0.5:
        raise InvalidError(
            "time",
            N_("The column %(time)s can't be read as dates: most rows say things like %(value)s."),
            remedy=N_("Name a column of dates such as 2018-04-03 or 03-04-2018, or leave out --time."),
            time=raw.name,
            value=raw.values[0] if raw.values else "''",
        )
    return values


def _are_dates(moments: Numbers) -> bool:
    """Whether an order is seconds between 1980 and 2100 rather than years or plain numbers."""
    return bool(np.quantile(moments, 0.05) > 3.1e8 and moments.max() < 4.2e9)


def _notes(table: Table, label: Label) -> list[str]:
    notes = []
    if table.set_aside:
        notes.append(f"{table.set_aside} rows have more cells than the header and were left out.")
    if len(label.rows) < table.rows:
        notes.append(f"{table.rows - len(label.rows)} rows have no {label.name} and were left out.")
    return notes


def _split_words(time: str | None, splits: list[Split]) -> str:
    if time is None:
        return f"{len(splits)} seeded random splits, 30 % held out"
    first, held = len(splits[0].seen), len(splits[0].held)
    return f"by {time}: first {first} rows, last {held} held out"
