"""A file of rows: its encoding, its separator, its header, and its rows one at a time."""

import csv
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

from growth.errors import InvalidError
from growth.locales import N_
from growth.people.importing.columns import guess_columns
from growth.people.importing.encodings import CHOICES, guess_encoding
from growth.people.importing.opening import Lines

DELIMITERS = {",": N_("comma"), ";": N_("semicolon"), "\t": N_("tab"), "|": N_("vertical bar")}
LARGEST_CELL = 16 * 1024 * 1024
"""Characters. A larger cell means that a quote was opened and not closed."""
MOST_COLUMNS = 1000
_PREVIEW = 64 * 1024


@dataclass(frozen=True)
class FileFormat:
    """How a file is to be read: its encoding, its separator, and field → label of the column."""

    encoding: str
    delimiter: str
    columns: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """For storing."""
        return asdict(self)


def guess_format(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> FileFormat:
    """How a file is probably to be read. Raises InvalidError for an empty file or an encoding we don't know."""
    if path.stat().st_size == 0:
        raise InvalidError(
            "file", N_("The file is empty."), remedy=N_("Export it again, with its first row of headers.")
        )
    if encoding is not None and encoding not in CHOICES:
        raise InvalidError("encoding", N_("We read %(choices)s."), choices=", ".join(CHOICES))
    known = encoding or guess_encoding(path)
    guessed = FileFormat(known, delimiter or _guess_delimiter(path, known), {})
    return replace(guessed, columns=guess_columns(header_of(path, guessed)))


def _guess_delimiter(path: Path, encoding: str) -> str:
    with _opened(path, encoding) as file:
        start = file.read(_PREVIEW)
    first = start.split("\n", 1)[0].strip().lower()
    if first.startswith("sep=") and first[4:5] in DELIMITERS:
        return first[4]
    return max(DELIMITERS, key=lambda delimiter: _tells(start, delimiter))


def _tells(start: str, delimiter: str) -> tuple[int, float, int]:
    """How well a separator fits: header words found, share of rows as wide as the header, width."""
    rows = [row for _, row in zip(range(50), _split(StringIO(start, newline=""), delimiter), strict=False) if any(row)]
    if not rows:
        return 0, 0.0, 0
    width = len(rows[0])
    even = sum(len(row) == width for row in rows) / len(rows)
    return len(guess_columns(rows[0])), even if width > 1 else 0.0, width


def _opened(path: Path, encoding: str) -> TextIO:
    # What isn't UTF-8 in a UTF-8 file becomes lone surrogates, and the row that has them is rejected.
    strict = encoding not in {"utf-8", "utf-8-sig"}
    return path.open(encoding=encoding, errors="replace" if strict else "surrogateescape", newline="")


def _split(lines: Iterator[str] | TextIO, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(LARGEST_CELL)
    return csv.reader(lines, delimiter=delimiter)


def header_of(path: Path, form: FileFormat) -> list[str]:
    """The first row that is not empty. Raises InvalidError when there is none or it looks like a person."""
    with closing(_numbered(path, form)) as rows:
        header = next((cells for _, cells in rows if any(cell.strip() for cell in cells)), None)
    if header is None:
        raise InvalidError(
            "file", N_("The file is empty."), remedy=N_("Export it again, with its first row of headers.")
        )
    if len(header) > MOST_COLUMNS:
        raise InvalidError("file", N_("The file has more than %(most)d columns."), most=MOST_COLUMNS)
    if any("@" in cell and "." in cell.rpartition("@")[2] for cell in header):
        raise InvalidError(
            "file",
            N_("The first row is a person already, not the names of the columns."),
            remedy=N_("Put a row above it, such as: email,name,country."),
        )
    return header


def read_rows(path: Path, form: FileFormat) -> Generator[tuple[int, list[str]]]:
    """Rows below the header with their number as a spreadsheet shows it; empty ones are left out.

    Raises InvalidError where a quote is opened and never closed.
    """
    rows = _numbered(path, form)
    for _, cells in rows:
        if any(cell.strip() for cell in cells):
            break
    for number, cells in rows:
        if any(cells) and any(cell.strip() for cell in cells):
            yield number, cells


def preview(path: Path, form: FileFormat, count: int = 5) -> list[list[str]]:
    """The first rows below the header, long cells cut, for a look before the import."""
    with closing(read_rows(path, form)) as rows:
        return [[cell[:80] for cell in cells[:50]] for _, (_, cells) in zip(range(count), rows, strict=False)]


def _numbered(path: Path, form: FileFormat) -> Generator[tuple[int, list[str]]]:
    with _opened(path, form.encoding) as file:
        lines = Lines(file, LARGEST_CELL)
        number = 0
        try:
            for number, cells in enumerate(_split(lines, form.delimiter), 1):
                if lines.ended:
                    raise _unclosed(number)
                if number == 1 and len(cells) <= 2 and cells and cells[0].lower().startswith("sep="):
                    continue
                yield number, cells
        except csv.Error:
            raise InvalidError(
                "file",
                N_("Row %(row)d has a cell of more than 16 million characters, so nobody was imported."),
                remedy=N_("Most likely a quotation mark opened there is never closed."),
                row=number + 1,
            ) from None


def _unclosed(number: int) -> InvalidError:
    return InvalidError(
        "file",
        N_("A quotation mark opened in row %(row)d is never closed, so nobody was imported."),
        remedy=N_("Close it or remove it, and try again."),
        row=number,
    )
