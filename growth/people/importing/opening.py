"""Opening a file of any encoding, packed or not, and telling what separates its cells."""

import csv
import gzip
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import TextIO

from growth.errors import InvalidError
from growth.locales import N_
from growth.people.importing.encodings import guess_encoding

SEPARATORS = (",", ";", "\t", "|", "^", "~", ":", " ")
LARGEST_CELL = 4 * 1024 * 1024
"""Characters. A larger cell means that a quote was opened and not closed."""
_START = 256 * 1024
_EXPORT_AGAIN = N_("Export it again as CSV, with its first row of headers.")


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The file itself, or what is in it when it is gzip, told by its first bytes rather than its name.

    Raises InvalidError when there is no such file, when it is empty or when it is a workbook.
    """
    if not path.is_file():
        raise InvalidError("file", N_("There is no file %(path)s."), path=path, remedy=N_("Check the name."))
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK\x03\x04"):
        raise InvalidError("file", N_("This is a workbook or an archive, not a CSV file."), remedy=_EXPORT_AGAIN)
    if not start:
        raise InvalidError("file", N_("The file is empty."), remedy=_EXPORT_AGAIN)
    if not start.startswith(b"\x1f\x8b"):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "table.csv"
        try:
            with gzip.open(path) as packed, plain.open("wb") as out:
                shutil.copyfileobj(packed, out)
        except (OSError, EOFError):
            raise InvalidError(
                "file", N_("The file is packed and can't be unpacked."), remedy=N_("Copy it again; it was cut short.")
            ) from None
        if plain.stat().st_size == 0:
            raise InvalidError("file", N_("The file is empty."), remedy=_EXPORT_AGAIN)
        yield plain


def encoding_of(path: Path) -> str:
    """The encoding as Python's codecs know it; UTF-8 when the letters don't tell."""
    return guess_encoding(path)


def separator_of(path: Path, encoding: str) -> str:
    """The separator that gives the most rows as wide as the header; then the one that makes the table widest."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        start = file.read(_START)
    if start[:4].lower() == "sep=" and len(start) > 5:
        return start[4]
    return max(SEPARATORS, key=lambda separator: _fit(start, separator))


def _fit(start: str, separator: str) -> tuple[float, int]:
    rows = []
    try:
        # The last row may be cut by the end of the sample.
        for row in csv.reader(StringIO(start, newline=""), delimiter=separator):
            if any(row):
                rows.append(row)
            if len(rows) > 200:
                break
    except csv.Error:
        return 0.0, 0
    width = len(rows[0]) if rows else 0
    if width < 2:
        return 0.0, 0
    below = rows[1:-1] or rows[1:] or rows
    even = sum(len(row) == width for row in below) / len(below)
    # Spaces and colons also stand inside cells, so they have to fit without exception.
    if separator in " :" and even < 1:
        return 0.0, 0
    return round(even, 1) + (0.05 if separator not in " :" else 0), width


class Lines:
    """The lines of a file, remembering whether its end was met: inside a row that means an open quote.

    One that is longer than a cell may be raises csv.Error: most likely a quote was opened and not closed.
    """

    def __init__(self, file: TextIO, longest: int = LARGEST_CELL) -> None:
        self._file, self._longest = file, longest
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(self._longest + 1)
        if not line:
            self.ended = True
            raise StopIteration
        if len(line) > self._longest:
            raise csv.Error
        return line


def unclosed(number: int) -> InvalidError:
    """What is said of a quotation that swallows the rest of a file."""
    return InvalidError(
        "file",
        N_("A quotation mark opened in row %(row)d is never closed."),
        remedy=N_("Close it or remove it, and try again."),
        row=number,
    )
