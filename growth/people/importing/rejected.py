"""The file of rows that didn't go in: what was wrong, how to put it right, and the row as it was."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from growth.errors import InvalidError
from growth.locales import N_, translate
from growth.people.importing.columns import FIELDS
from growth.people.importing.matching import WORDS, Verdict

_LONGEST_CELL = 32_000
"""Characters; spreadsheets take 32,767."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_HEADER = (N_("Row"), N_("Field"), N_("What was wrong"), N_("How to put it right"))
_ROW = N_("Row")


def safe_cell(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection), stripped of what files can't hold."""
    text = cell if len(cell) <= _LONGEST_CELL else cell[:_LONGEST_CELL] + "…"
    text = text.replace("\0", "\ufffd").encode("utf-8", errors="replace").decode()
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text


class RejectedFile:
    """Writes rejected rows in a reader's language, as UTF-8 with a mark, so that spreadsheets show every script."""

    def __init__(self, path: Path, header: Sequence[str], locale: str, fields: Mapping[str, str] = FIELDS) -> None:
        self.path = path
        self.count = 0
        self._header = header
        self._locale = locale
        self._fields = fields
        self._file: TextIO | None = None

    def reject(self, number: int, cells: Sequence[str], wrong: InvalidError) -> None:
        """Write one row; the file is made with the first."""
        remedy = translate(self._locale, wrong.remedy, **wrong.values) if wrong.remedy else ""
        self._write(
            number,
            self._fields.get(wrong.field, _ROW),
            translate(self._locale, wrong.message, **wrong.values),
            remedy,
            cells,
        )

    def refuse(self, verdict: Verdict, cells: Sequence[str]) -> None:
        """Write a row that was right in itself."""
        assert verdict.reason is not None
        field, wrong, remedy = WORDS[verdict.reason]
        said = translate(self._locale, wrong, row=verdict.other)
        self._write(verdict.row, FIELDS[field], said, translate(self._locale, remedy), cells)

    def close(self) -> None:
        """Finish the file."""
        if self._file:
            self._file.close()

    def _write(self, number: int, field: str, wrong: str, remedy: str, cells: Sequence[str]) -> None:
        if self._file is None:
            self._file = self._opened()
        row = [number, translate(self._locale, field), wrong, remedy, *(safe_cell(cell) for cell in cells)]
        csv.writer(self._file).writerow(row)
        self.count += 1

    def _opened(self) -> TextIO:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.unlink(missing_ok=True)
        self.path.touch(mode=0o600)
        file = self.path.open("w", encoding="utf-8-sig", newline="")
        csv.writer(file).writerow([*(translate(self._locale, one) for one in _HEADER), *map(safe_cell, self._header)])
        return file
