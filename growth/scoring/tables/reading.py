"""From rows of text to columns of distinct values with a code for each row."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from growth.errors import InvalidError
from growth.locales import N_
from growth.people.importing.opening import LARGEST_CELL, Lines, encoding_of, separator_of, unclosed, unpacked

_MISSING = frozenset(
    {"", "-", "--", "?", ".", "na", "n/a", "#n/a", "nan", "nat", "null", "(null)", "none", "nil", "\\n", "select"}
    | {"undefined", "(blank)", "<na>", "#value!", "#ref!", "#div/0!"}
)
_BLOCK = 50_000


@dataclass(frozen=True)
class RawColumn:
    """One column as text. `codes[row]` is the place of its value in `values`, or -1 where there is none."""

    name: str
    codes: NDArray[np.int32]
    values: list[str]

    def take(self, rows: NDArray[np.intp]) -> "RawColumn":
        """The same column with these rows alone."""
        return RawColumn(self.name, self.codes[rows], self.values)


@dataclass(frozen=True)
class Table:
    """A file's columns, all of `rows` values; `set_aside` rows were too wide to tell what belongs where."""

    columns: list[RawColumn]
    rows: int
    set_aside: int


def read_table(path: Path) -> Table:
    """The whole file. Raises InvalidError when it has no header, a single column, no rows or an open quote."""
    csv.field_size_limit(LARGEST_CELL)
    with unpacked(path) as plain:
        encoding = encoding_of(plain)
        separator = separator_of(plain, encoding)
        with plain.open(encoding=encoding, errors="replace", newline="") as file:
            return _read(_rows(file, separator))


def _rows(file: TextIO, separator: str) -> Iterator[list[str]]:
    """Rows with anything in them, the `sep=` line apart."""
    lines = Lines(file)
    number = 0
    try:
        for number, row in enumerate(csv.reader(lines, delimiter=separator, skipinitialspace=True), 1):
            # The reader asks for a line beyond the last only inside a quotation.
            if lines.ended:
                raise unclosed(number)
            if number == 1 and row and row[0].lower().startswith("sep=") and len(row) <= 2:
                continue
            if any(row):
                yield row
    except csv.Error:
        raise unclosed(number + 1) from None


def _read(rows: Iterator[list[str]]) -> Table:
    header = next(rows, None)
    if header is None:
        raise InvalidError("file", N_("The file has no rows."), remedy=N_("Export it again, with its headers."))
    if len(header) < 2:
        raise InvalidError(
            "file",
            N_("Only one column was found, called %(name)s."),
            remedy=N_("Separate the columns by commas, semicolons or tabs."),
            name=header[0][:80],
        )
    width, read, set_aside = len(header), 0, 0
    gathered = [_Gathered() for _ in header]
    while block := list(islice(rows, _BLOCK)):
        fitting = [fitted for row in block if (fitted := _fitted(row, width)) is not None]
        set_aside += len(block) - len(fitting)
        read += len(fitting)
        for column, cells in zip(gathered, zip(*fitting, strict=True), strict=False):
            column.add(cells)
    columns = [column.finish(name) for name, column in zip(_names(header), gathered, strict=True)]
    return Table(columns, read, set_aside)


def _fitted(row: list[str], width: int) -> list[str] | None:
    """The row made as wide as the header; None when cells that say something would be left over."""
    if len(row) == width:
        return row
    if len(row) < width:
        return row + [""] * (width - len(row))
    return None if any(row[width:]) else row[:width]


def _names(header: list[str]) -> list[str]:
    """Every column's own name: what has none is called by its place, what comes again is numbered."""
    seen: Counter[str] = Counter()
    given = {cell.strip() for cell in header}
    names = []
    for place, cell in enumerate(header, 1):
        name = cell.strip().lstrip("\ufeff") or f"column {place}"
        seen[name] += 1
        number = seen[name]
        while number > 1 and f"{name} ({number})" in given:
            number += 1
        names.append(name if number == 1 else f"{name} ({number})")
    return names


class _Gathered:
    """A column while it is read: a code for every cell, given in the order of first sight."""

    def __init__(self) -> None:
        following: Callable[[], int] = count().__next__
        self._seen: defaultdict[str, int] = defaultdict(following)
        self._codes: list[NDArray[np.int32]] = []

    def add(self, cells: tuple[str, ...]) -> None:
        self._codes.append(np.fromiter(map(self._seen.__getitem__, cells), np.int32, len(cells)))

    def finish(self, name: str) -> RawColumn:
        """Values stripped of white space; whatever means nothing is missing."""
        values: dict[str, int] = {}
        renamed = np.empty(len(self._seen), np.int32)
        for cell, code in self._seen.items():
            value = " ".join(cell.split())
            renamed[code] = -1 if value.casefold() in _MISSING else values.setdefault(value, len(values))
        codes = np.concatenate(self._codes) if self._codes else np.empty(0, np.int32)
        return RawColumn(name, renamed[codes], list(values))
