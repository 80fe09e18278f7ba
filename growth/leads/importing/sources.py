"""The files of one import: found in a folder or named, unpacked, and told apart into leads and deals that closed."""

import gzip
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from growth.errors import InvalidError
from growth.leads.importing.columns import find_columns
from growth.locales import N_
from growth.people.importing.files import FileFormat, guess_format, header_of


@dataclass(frozen=True)
class LeadFile:
    """One file of an import, unpacked and understood.

    Args:
        name: what the reader calls it.
        path: where its plain text lies.
        form: its encoding and separator.
        header: names of its columns.
        places: field → place of its column.
    """

    name: str
    path: Path
    form: FileFormat
    header: list[str]
    places: dict[str, int]

    @property
    def has_leads(self) -> bool:
        """Whether its rows are leads; otherwise they are deals that closed, of leads known by their key."""
        return "contacted_at" in self.places

    @property
    def source(self) -> str:
        """Where such a file comes from, as far as its columns tell."""
        return "olist" if any(cell.strip().casefold() == "mql_id" for cell in self.header) else "import"


@contextmanager
def opened(paths: Sequence[Path]) -> Iterator[list[LeadFile]]:
    """The files, those of leads before those of deals. Of a folder, what is neither is left alone.

    Raises InvalidError when there is no such file, or none with leads or deals.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for number, (path, named) in enumerate(_listed(paths)):
            file = _understood(path, _plain(path, Path(folder) / f"{number}.csv"))
            if file.has_leads or {"key", "won_at"} <= file.places.keys():
                found.append(file)
            elif named:
                raise _neither(file)
        if not found:
            raise InvalidError(
                "file",
                N_("There is no file of leads here."),
                remedy=N_("Name a CSV file, or a folder with some, packed by gzip or not."),
            )
        yield sorted(found, key=lambda file: not file.has_leads)


def _listed(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Each file, and whether it was named itself."""
    for path in paths:
        if path.is_dir():
            yield from ((one, False) for one in sorted(path.iterdir()) if one.name.endswith((".csv", ".csv.gz")))
        elif path.is_file():
            yield path, True
        else:
            raise InvalidError("file", N_("There is no file %(path)s."), remedy=N_("Check the name."), path=path)


def _plain(path: Path, unpacked: Path) -> Path:
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK\x03\x04"):
        raise InvalidError(
            "file",
            N_("%(name)s is a workbook or an archive, not a CSV file."),
            remedy=N_("Export it again as CSV, with its first row of headers."),
            name=path.name,
        )
    if not start.startswith(b"\x1f\x8b"):
        return path
    try:
        with gzip.open(path) as packed, unpacked.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
    except (gzip.BadGzipFile, EOFError):
        raise InvalidError(
            "file",
            N_("%(name)s is packed and can't be unpacked."),
            remedy=N_("Copy it again; it was cut short."),
            name=path.name,
        ) from None
    return unpacked


def _understood(path: Path, plain: Path) -> LeadFile:
    form = guess_format(plain)
    header = header_of(plain, form)
    return LeadFile(path.name, plain, form, header, find_columns(header))


def _neither(file: LeadFile) -> InvalidError:
    return InvalidError(
        "contacted_at",
        N_("%(name)s has no column with the date of first contact; it has %(columns)s."),
        remedy=N_("Call that column contacted_at. Deals that closed need lead_id and won_at."),
        name=file.name,
        columns=", ".join(cell[:40] for cell in file.header[:20]),
    )
