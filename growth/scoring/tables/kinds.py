"""What each column of a file holds, and which columns nothing can be learnt from."""

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from growth.locales import N_
from growth.scoring.models.columns import CategoryColumn, Column, NumberColumn
from growth.scoring.tables.cells import are_codes, read_numbers
from growth.scoring.tables.moments import read_moments
from growth.scoring.tables.reading import RawColumn

EMPTY = N_("It is empty.")
NEARLY_EMPTY = N_("Fewer than 1 row in 200 says anything.")
CONSTANT = N_("It says the same everywhere.")
NEARLY_CONSTANT = N_("All but a handful of rows say the same.")
IDENTIFIER = N_("It looks like an identifier: nearly every row has its own value.")

_DAY = 86_400.0
_CALLED_ID = re.compile(
    r"(^|[\W_])(id|ids|uuid|guid|key|number|no|nr|num|code|hash|phone|mobile|号码?|编号)$", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_WORDS = 40
"""Words of a text column that become flags."""


@dataclass(frozen=True)
class Kind:
    """What a column holds: `number`, `date`, `category`, `text`, `dropped`; for the last the sentence that says why."""

    name: str
    kind: str
    why: str | None = None


def tell_kind(raw: RawColumn, moments: NDArray[np.float64] | None) -> tuple[Kind, list[Column]]:
    """The kind of a column and what a model is given of it: one column, or several of a date or a text.

    Args:
        raw: the column.
        moments: second of each row since 1970 when the file has a time column: other dates become days before it,
            since a date itself means nothing to leads that come later.
    """
    if why := _useless(raw):
        return Kind(raw.name, "dropped", why), []
    counts = np.bincount(raw.codes[raw.codes >= 0], minlength=len(raw.values))
    if _share(counts, seconds := read_moments(raw.values)) >= 0.95:
        return Kind(raw.name, "date"), _date_columns(raw, seconds, moments)
    numbers = read_numbers(raw.values)
    if _share(counts, numbers) >= 0.8 and not are_codes(raw.values) and not _is_serial(raw, counts, numbers):
        return Kind(raw.name, "number"), [NumberColumn(raw.name, _spread(raw, numbers), raw.name)]
    if not _is_own_value(counts):
        return Kind(raw.name, "category"), [_category(raw)]
    if _is_text(raw.values):
        return Kind(raw.name, "text"), _text_columns(raw, counts)
    return Kind(raw.name, "dropped", IDENTIFIER), []


def _useless(raw: RawColumn) -> str | None:
    rows = len(raw.codes)
    counts = np.bincount(raw.codes + 1, minlength=len(raw.values) + 1)
    filled = rows - int(counts[0])
    if filled == 0:
        return EMPTY
    if filled < max(5, rows / 200):
        return NEARLY_EMPTY
    most = int(counts.max())
    if most == rows:
        return CONSTANT
    # With fewer than this many rows that differ nothing can be learnt, only remembered.
    return NEARLY_CONSTANT if rows - most < max(5.0, rows / 2000) else None


def _share(counts: NDArray[np.intp], read: NDArray[np.float64]) -> float:
    """The share of filled rows that could be read."""
    return float(counts[~np.isnan(read)].sum() / max(counts.sum(), 1))


def _spread(raw: RawColumn, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.append(values, np.nan)[raw.codes]


def _is_own_value(counts: NDArray[np.intp]) -> bool:
    """Whether nearly every filled row has a value of its own."""
    filled = int(counts.sum())
    return filled >= 20 and len(counts) >= 0.9 * filled


def _is_serial(raw: RawColumn, counts: NDArray[np.intp], numbers: NDArray[np.float64]) -> bool:
    """Whether whole numbers are given out one by one: each its own, and either called so, in order, or dense."""
    known = numbers[~np.isnan(numbers)]
    if not _is_own_value(counts) or (known != np.round(known)).any() or len(known) < 0.98 * counts.sum():
        return False
    rows = _spread(raw, numbers)
    steps = np.diff(rows[~np.isnan(rows)])
    in_order = bool((steps >= 0).mean() > 0.99 or (steps <= 0).mean() > 0.99)
    digits = {len(f"{abs(number):.0f}") for number in known[:1000].tolist()}
    dense = float(np.ptp(known)) <= 3 * len(known) or (len(digits) == 1 and np.ptp(known) <= 20 * len(known))
    return bool(_CALLED_ID.search(_spaced(raw.name)) or in_order or dense)


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _is_text(values: list[str]) -> bool:
    """Whether values are sentences rather than names or keys: four words or more, half of the time."""
    sample = values[:2000]
    return sum(len(_WORD.findall(value)) >= 4 for value in sample) >= 0.5 * len(sample)


def _category(raw: RawColumn) -> CategoryColumn:
    """Values that differ by capitals alone are one level."""
    places: dict[str, int] = {}
    levels: list[str] = []
    renamed = np.empty(len(raw.values) + 1, np.int32)
    for place, value in enumerate(raw.values):
        key = value.casefold()
        if key not in places:
            places[key] = len(levels)
            levels.append(value)
        renamed[place] = places[key]
    renamed[-1] = -1
    return CategoryColumn(raw.name, renamed[raw.codes], tuple(levels), raw.name)


def _date_columns(raw: RawColumn, seconds: NDArray[np.float64], moments: NDArray[np.float64] | None) -> list[Column]:
    days = _spread(raw, seconds) / _DAY
    if moments is None:
        return [NumberColumn(raw.name, days, raw.name), *calendar_columns(raw.name, days)]
    before = moments / _DAY - days
    return [NumberColumn(f"{raw.name}: days before", before, raw.name), *calendar_columns(raw.name, days)]


def calendar_columns(name: str, days: NDArray[np.float64]) -> list[Column]:
    """Weekday, and hour where times are given; `days` since 1970, with their fraction."""
    known = ~np.isnan(days)
    whole = np.floor(np.where(known, days, 0))
    # 1 January 1970 was a Thursday.
    weekday = np.where(known, (whole + 3) % 7, -1).astype(np.int32)
    levels = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    made: list[Column] = [CategoryColumn(f"{name}: weekday", weekday, levels, name, pairs=False)]
    hours = np.where(known, (days - whole) * 24, np.nan)
    if known.any() and np.ptp(hours[known]) > 1:
        made.append(NumberColumn(f"{name}: hour", hours, name))
    return made


def _text_columns(raw: RawColumn, counts: NDArray[np.intp]) -> list[Column]:
    """Number of words, and a flag for each of the words that are neither everywhere nor rare."""
    words = [{found.casefold() for found in _WORD.findall(value)} for value in raw.values]
    seen: Counter[str] = Counter()
    for found, times in zip(words, counts.tolist(), strict=True):
        for word in found:
            seen[word] += times
    filled = int(counts.sum())
    telling = [word for word, times in seen.most_common(5 * _WORDS) if 0.01 * filled <= times <= 0.6 * filled][:_WORDS]
    length = np.array([len(value.split()) for value in raw.values], np.float64)
    made: list[Column] = [NumberColumn(f"{raw.name}: words", _spread(raw, length), raw.name)]
    for word in telling:
        flags = np.array([word in found for found in words], np.float64)
        made.append(NumberColumn(f"{raw.name}: {word}", _spread(raw, flags), raw.name))
    return made
