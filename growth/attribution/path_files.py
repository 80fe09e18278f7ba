"""Files of paths: `a > b > c` with conversions, value and nulls; equal paths are added up, wrong rows are told."""

import gzip
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from growth.attribution.paths import Numbers, Paths, paths_of
from growth.errors import InvalidError
from growth.locales import N_
from growth.people.importing.encodings import guess_encoding

if TYPE_CHECKING:
    import pandas as pd

LARGEST = 10**12
"""Of a conversion count or value; the sums of a file stay exact below it."""
LONGEST_PATH = 1_000
"""Contacts of one path."""

_NAMES = {
    "path": ("path",),
    "conversions": ("conversions", "total_conversions", "conversion"),
    "value": ("value", "total_conversion_value", "conversion_value", "total_value"),
    "nulls": ("nulls", "total_null", "total_nulls", "null"),
}
"""What a column may be called; the second ones as the data of the package ChannelAttribution have it."""

_TOO_LONG = re.compile(r"Skipping line (\d+)")


@dataclass(frozen=True)
class Wrong:
    """A row that was left out: its line, counted from 1 with the header, and what is wrong."""

    row: int
    error: InvalidError


@dataclass(frozen=True)
class ReadPaths:
    """Every path that can be read, and the rows that can't."""

    paths: Paths
    wrong: Sequence[Wrong]


def read_paths(file: Path) -> ReadPaths:
    """Read a CSV file, packed or not, with commas, semicolons or tabs.

    Raises InvalidError, naming the column, when it has no such columns, is no text, or has no row that can be read.
    """
    frame, wrong = _frame(file)
    columns = _columns(list(frame.columns))
    places, names = frame[columns["path"]].factorize()
    told = [channels_of(text) for text in names]
    usable = np.array([0 < len(one) <= LONGEST_PATH for one in told] + [False], dtype=bool)[places]
    wrong += [Wrong(_line(place), _path_problem()) for place in _written(frame, np.flatnonzero(~usable))]
    sums = []
    for name in ("conversions", "value", "nulls"):
        numbers, bad = _numbers(frame, columns.get(name), required=name == "conversions")
        wrong += [Wrong(_line(place), _number_problem(name)) for place in np.flatnonzero(bad & usable)]
        usable &= ~bad
        sums.append(numbers)
    wrong.sort(key=lambda one: one.row)
    if not usable.any():
        raise wrong[0].error if wrong else InvalidError("path", N_("There is no path in this file."))
    kept = np.unique(places[usable])
    counted = [np.bincount(places[usable], weights=one[usable], minlength=len(told))[kept] for one in sums]
    return ReadPaths(paths_of([told[place] for place in kept], *counted), wrong)


def channels_of(text: str) -> list[str]:
    """The channels of a path as it is written."""
    return [name for part in text.split(">") if (name := part.strip())]


def _written(frame: "pd.DataFrame", rows: NDArray[np.signedinteger[Any]]) -> NDArray[np.signedinteger[Any]]:
    """Those of these rows in which something is written."""
    cells = frame.iloc[rows]
    written: NDArray[np.bool_] = ((cells != "") & cells.notna()).any(axis=1).to_numpy()
    return rows[written]


def _line(place: np.signedinteger[Any]) -> int:
    return int(place) + 2


def _frame(file: Path) -> "tuple[pd.DataFrame, list[Wrong]]":
    """The file as it is; lines with more cells than the header are left out and told."""
    import pandas as pd  # noqa: PLC0415 - a fifth of a second, which the pages need not spend

    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            frame = _decoded(file)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError, EOFError, OSError) as problem:
        raise InvalidError(
            "file",
            N_("This is no CSV file that can be read: %(why)s"),
            remedy=N_("Save it as CSV in UTF-8, with a header."),
            why=str(problem)[:200],
        ) from problem
    lines = [int(line) for one in told for line in _TOO_LONG.findall(str(one.message))]
    too_many = InvalidError("path", N_("There are more cells than columns."), remedy=N_("Put the path in quotes."))
    return frame, [Wrong(line, too_many) for line in lines]


def _decoded(file: Path) -> "pd.DataFrame":
    """In UTF-8, or else in the encoding its letters look like."""
    try:
        return _cells(file, "utf-8-sig")
    except UnicodeError:
        encoding = guess_encoding(file)
        if encoding == "utf-8" or file.suffix == ".gz":
            raise
        return _cells(file, encoding)


def _cells(file: Path, encoding: str) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415 - as above

    separator = _separator(file, encoding)
    frame = pd.read_csv(
        file, sep=separator, dtype=dict.fromkeys(_NAMES["path"], str), keep_default_na=False, encoding=encoding,
        on_bad_lines="warn", index_col=False, low_memory=False, skip_blank_lines=False,
    )  # fmt: skip
    for name in frame.columns if separator != "," else ():  # one may stand before decimals then
        if frame[name].dtype.kind not in "iuf" and str(name).strip().lower() not in _NAMES["path"]:
            frame[name] = frame[name].str.replace(",", ".", regex=False)
    return frame


def _separator(file: Path, encoding: str) -> str:
    """The sign between cells, by the header."""
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding=encoding, errors="replace") as read:
        header = str(read.readline(10_000))
    return max(",;\t", key=header.count)


def _columns(header: Sequence[str]) -> dict[str, str]:
    """Our name of each column that is there, and the file's."""
    by_name = {str(name).strip().lower(): name for name in header}
    found = {ours: by_name[name] for ours, names in _NAMES.items() for name in reversed(names) if name in by_name}
    for ours in ("path", "conversions"):
        if ours not in found:
            raise InvalidError(
                ours,
                N_("The file has no column “%(name)s”."),
                remedy=N_("Its columns are path, conversions, and if you have them value and nulls."),
                name=ours,
            )
    return found


def _numbers(frame: "pd.DataFrame", column: str | None, *, required: bool) -> tuple[Numbers, NDArray[np.bool_]]:
    """A column as numbers, and where it holds none; an empty cell is nothing where it may be."""
    import pandas as pd  # noqa: PLC0415 - as above

    if column is None:
        return np.zeros(len(frame)), np.zeros(len(frame), dtype=bool)
    cells = frame[column]
    if cells.dtype.kind not in "iuf" and not required:
        cells = cells.replace("", "0")
    numbers: Numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float)
    with np.errstate(invalid="ignore"):
        bad = ~((numbers >= 0) & (numbers <= LARGEST))
    return np.where(bad, 0, numbers), bad


def _path_problem() -> InvalidError:
    return InvalidError(
        "path",
        N_("There is no path here, or one of more than %(longest)s contacts."),
        remedy=N_("Write it as channel > channel > channel."),
        longest=LONGEST_PATH,
    )


def _number_problem(column: str) -> InvalidError:
    return InvalidError(
        column, N_("This is no number of nothing or more."), remedy=N_("Write it with digits, such as 12 or 12.50.")
    )
