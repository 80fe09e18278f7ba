"""The rows of an experiment's file, one at a time: group, outcome, value and segment, with the line they begin on."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple, TextIO

from growth.errors import InvalidError
from growth.locales import N_
from growth.people.importing.opening import LARGEST_CELL, Lines, encoding_of, separator_of, unclosed, unpacked


class Row(NamedTuple):
    """The cells asked for, by the names of the question; `cells` is None where the row is no row of this table."""

    line: int
    cells: tuple[str, ...] | None


@dataclass(frozen=True)
class Opened:
    """A file that is open: its columns as asked for, and its rows."""

    columns: Mapping[str, str]
    """Option → the column's name as it is written."""
    rows: Iterator[Row]


@contextmanager
def opened(path: Path, wanted: Mapping[str, str]) -> Iterator[Opened]:
    """A file, packed or not, with the places of the columns wanted (option → name). Raises InvalidError."""
    csv.field_size_limit(LARGEST_CELL)
    with unpacked(path) as plain:
        encoding = encoding_of(plain)
        separator = separator_of(plain, encoding)
        with plain.open(encoding=encoding, errors="replace", newline="") as file:
            rows = _split(file, separator)
            header = _header(rows)
            places = [_place(header, name, option) for option, name in wanted.items()]
            names = {option: header[place] for option, place in zip(wanted, places, strict=True)}
            yield Opened(names, _chosen(rows, places, len(header)))


def _split(file: TextIO, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with anything in them and the line they begin on, the `sep=` line apart."""
    lines = Lines(file)
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    begins = 1
    try:
        for row in reader:
            # The reader asks for a line beyond the last only inside a quotation.
            if lines.ended:
                raise unclosed(begins)
            if any(row) and not (begins == 1 and row[0].lower().startswith("sep=") and len(row) <= 2):
                yield begins, row
            begins = reader.line_num + 1
    except csv.Error:
        raise unclosed(begins) from None


def _header(rows: Iterator[tuple[int, list[str]]]) -> list[str]:
    _, header = next(rows, (0, []))
    if not header:
        raise InvalidError("file", N_("The file has no rows."), remedy=N_("Export it again, with its headers."))
    return [printed(cell.lstrip("\ufeff")) for cell in header]


def printed(name: str) -> str:
    """A name as it can be shown anywhere, a terminal included: in one line, without signs that control it."""
    return "".join(one if one.isprintable() else "\ufffd" for one in " ".join(name.split()))


def _place(header: list[str], name: str, option: str) -> int:
    """Where a column is, capitals and spaces aside. Raises InvalidError with the closest names, or when it is twice."""
    folded = [_folded(cell) for cell in header]
    alike = [place for place, cell in enumerate(header) if cell == name]
    alike = alike or [place for place, cell in enumerate(folded) if cell == _folded(name)]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise InvalidError(
            option,
            N_("The file has the column %(name)s %(times)d times."),
            remedy=N_("Give all but the right one another name."),
            name=name[:80],
            times=len(alike),
        )
    close = get_close_matches(_folded(name), folded, 3, 0.5)
    likely = [header[folded.index(one)] for one in close] or [cell for cell in header if cell][:20]
    raise InvalidError(
        option,
        N_("The file has no column %(name)s."),
        remedy=N_("Did you mean one of these: %(close)s?"),
        name=name[:80],
        close=", ".join(one[:80] for one in likely),
    )


def _folded(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").split())


def _chosen(rows: Iterator[tuple[int, list[str]]], places: list[int], width: int) -> Iterator[Row]:
    for line, row in rows:
        if len(row) != width and (len(row) <= max(places) or any(row[width:])):
            yield Row(line, None)
        else:
            yield Row(line, tuple(row[place] for place in places))
