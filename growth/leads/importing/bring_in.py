"""Bringing leads in from files: read and check, stage, plan, and unless it is a dry run, merge."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from growth.clock import Clock
from growth.database.audit import audit
from growth.database.copying import copy_rows
from growth.database.workspace import workspace
from growth.errors import InvalidError
from growth.leads.importing.columns import FIELDS
from growth.leads.importing.dates import Moments, day_comes_first
from growth.leads.importing.merging import Counts, count, merge, open_staging, plan
from growth.leads.importing.people import bring_people
from growth.leads.importing.rows import STAGED, RowChecker, StagedRow
from growth.leads.importing.sources import LeadFile, opened
from growth.locales import N_
from growth.people.importing.files import read_rows
from growth.people.importing.rejected import RejectedFile

_ORPHAN = InvalidError(
    "key", N_("No lead of this number is known."), remedy=N_("Import the file of leads together with this one.")
)


@dataclass(frozen=True, kw_only=True)
class LeadImport:
    """What to bring in and how to take it."""

    paths: Sequence[Path]
    """Files, or folders with files: leads, and deals that closed."""
    rejected: Path
    """Folder for the files of rows that can't go in, made only when there are any."""
    source: str | None = None
    """Where they come from; with the lead's own number it makes them known again. Told by the columns when left out."""
    day_first: bool | None = None
    """Whether 03-04-2026 is in April; told by the files when left out."""
    locale: str = "en"
    """Language of the rejected files."""


@dataclass(frozen=True)
class Brought:
    """What came of it: counts, the source, and the files of rejected rows."""

    counts: Counts
    source: str
    rejected: list[Path]


def import_leads(engine: Engine, clock: Clock, asked: LeadImport, *, by: str, dry_run: bool = False) -> Brought:
    """Bring all good rows in, or after a crash none; again changes nothing. A dry run writes but rejected files.

    People behind e-mail addresses and phone numbers are stored first, without any permission. Raises InvalidError
    when a file as a whole can't be read.
    """
    with opened(asked.paths) as files, ExitStack() as stack:
        outs = [stack.enter_context(closing(_rejected(asked, file))) for file in files]
        if not dry_run:
            for file in files:
                bring_people(engine, clock, file, by=by)
        with Session(engine, expire_on_commit=False) as session:
            source = asked.source or files[0].source
            counts = _import(session, clock, asked, files, outs, source=source, by=by, dry_run=dry_run)
            if dry_run:
                session.rollback()
            else:
                session.commit()
    return Brought(counts, source, [out.path for out in outs if out.count])


def _import(
    session: Session,
    clock: Clock,
    asked: LeadImport,
    files: Sequence[LeadFile],
    outs: Sequence[RejectedFile],
    *,
    source: str,
    by: str,
    dry_run: bool,
) -> Counts:
    now = clock.now()
    moments = Moments(_day_first(asked, files), _zone(session), now)
    open_staging(session)
    for number, (file, out) in enumerate(zip(files, outs, strict=True)):
        checked = _checked(file, RowChecker(number, file, moments), out)
        copy_rows(session, "lead_row", list(STAGED), checked, types=list(STAGED.values()))
    rejected = sum(out.count for out in outs)
    orphans = plan(session, source)
    _hand_back(orphans, files, outs)
    counts = count(session, rejected, len(orphans))
    if not dry_run:
        merge(session, source, counts, by=by, now=now)
        if counts.new or counts.changed or counts.won:
            names = ", ".join(file.name for file in files)
            audit(session, actor=by, action="leads.import", subject=names, detail=asdict(counts), now=now)
    return counts


def _zone(session: Session) -> str:
    place = workspace(session)
    return place.time_zone if place else "UTC"


def _day_first(asked: LeadImport, files: Sequence[LeadFile]) -> bool:
    if asked.day_first is not None:
        return asked.day_first
    return day_comes_first(cell for file in files for cell in _moment_cells(file))


def _moment_cells(file: LeadFile) -> Iterator[tuple[int, str, str]]:
    places = [(field, file.places[field]) for field in ("contacted_at", "won_at") if field in file.places]
    for number, cells in read_rows(file.path, file.form):
        yield from ((number, field, cells[place]) for field, place in places if place < len(cells))


def _checked(file: LeadFile, check: RowChecker, out: RejectedFile) -> Generator[StagedRow]:
    for number, cells in read_rows(file.path, file.form):
        try:
            yield check(number, cells)
        except InvalidError as wrong:
            out.reject(number, cells, wrong)


def _hand_back(orphans: Sequence[tuple[int, int]], files: Sequence[LeadFile], outs: Sequence[RejectedFile]) -> None:
    """Write deals without a lead into their rejected file, reading it again to find them."""
    for place, (file, out) in enumerate(zip(files, outs, strict=True)):
        wanted = {row for number, row in orphans if number == place}
        if not wanted:
            continue
        found = ((number, cells) for number, cells in read_rows(file.path, file.form) if number in wanted)
        for number, cells in islice(found, len(wanted)):
            out.reject(number, cells, _ORPHAN)


def _rejected(asked: LeadImport, file: LeadFile) -> RejectedFile:
    name = file.name.removesuffix(".gz").removesuffix(".csv")
    return RejectedFile(asked.rejected / f"{name}.rejected.csv", file.header, asked.locale, FIELDS)
