"""Bringing one file of people in: read and check, stage, plan, and unless it is a dry run, merge."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from growth.clock import Clock
from growth.database.audit import audit
from growth.errors import InvalidError, TransientError
from growth.locales import N_
from growth.people.importing.columns import positions
from growth.people.importing.files import FileFormat, header_of, read_rows
from growth.people.importing.matching import Verdict
from growth.people.importing.merging import OvertakenError, merge, wait_for_turn
from growth.people.importing.permissions import FilePermission
from growth.people.importing.planning import Counts, counts, plan, refused
from growth.people.importing.rejected import RejectedFile
from growth.people.importing.rows import RowChecker, RowRules, StagedRow
from growth.people.importing.staging import close_staging, open_staging, stage

Progress = Callable[[int], None]
_EVERY = 5_000
_IN_THE_WAY = (DeadlockDetected, LockNotAvailable)
_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class ImportFile:
    """A file to bring in and how to take it."""

    path: Path
    name: str
    """What the reader calls it; kept with each permission as its evidence."""
    form: FileFormat
    rejected: Path
    """Where the rows that can't go in are written; made only when there are any."""
    permission: FilePermission = field(default_factory=FilePermission)
    zone: str = "UTC"
    """Where moments without an offset are meant."""
    locale: str = "en"
    """Language of the rejected file."""


Finish = Callable[[Session, Counts], None]


def bring_in(
    engine: Engine,
    clock: Clock,
    file: ImportFile,
    *,
    by: str,
    dry_run: bool = False,
    progress: Progress = lambda _: None,
    finish: Finish = lambda _session, _counts: None,
) -> Counts:
    """Bring the file in, all good rows or, after a crash, none; bringing it in again changes nothing.

    `progress` is told how many rows were read so far; `finish` may write in the merge's own transaction. A dry run
    counts and writes nothing but the rejected file. Raises InvalidError when the file as a whole can't be read.
    """
    now = clock.now()
    header = header_of(file.path, file.form)
    rules = RowRules(positions(header, file.form.columns), len(header), file.permission, file.zone, now)
    with closing(RejectedFile(file.rejected, header, file.locale)) as rejected, engine.connect() as connection:
        open_staging(connection)
        try:
            checked = stage(connection, _checked(file, RowChecker(rules), rejected, progress))
            done = _merged(connection, file, checked, rejected, now=now, by=by, dry_run=dry_run, finish=finish)
        finally:
            # A connection that broke took its table with it.
            if not connection.invalidated:
                connection.rollback()
                close_staging(connection)
    return done


def _checked(file: ImportFile, check: RowChecker, rejected: RejectedFile, progress: Progress) -> Iterator[StagedRow]:
    read = 0
    for read, (number, cells) in enumerate(read_rows(file.path, file.form), 1):
        if read % _EVERY == 0:
            progress(read)
        try:
            yield check(number, cells)
        except InvalidError as wrong:
            rejected.reject(number, cells, wrong)
    progress(read)


def _merged(
    connection: Connection,
    file: ImportFile,
    checked: int,
    rejected: RejectedFile,
    *,
    now: datetime,
    by: str,
    dry_run: bool,
    finish: Finish,
) -> Counts:
    for _ in range(_ATTEMPTS):
        with Session(connection, expire_on_commit=False) as session:
            try:
                if not dry_run:
                    wait_for_turn(session)
                found = plan(session, now, file.permission)
                done = counts(found, checked, rejected.count)
                if not dry_run:
                    merge(session, file=file.name, permission=file.permission, now=now)
                _hand_back(session, file, rejected)
                if dry_run:
                    session.rollback()
                else:
                    _record(session, file, done, by, now)
                    finish(session, done)
                    session.commit()
            except OvertakenError:
                session.rollback()
                continue
            except OperationalError as broken:
                session.rollback()
                if not isinstance(broken.orig, _IN_THE_WAY):
                    raise
                continue
            return done
    raise TransientError(
        N_("Other work kept storing the same people, so nobody was imported."), remedy=N_("Try again in a few minutes.")
    )


def _hand_back(session: Session, file: ImportFile, rejected: RejectedFile) -> None:
    """Write the rows refused by the plan into the rejected file, reading the file again to find them."""
    waiting = _refusals(session)
    verdict = next(waiting, None)
    with closing(read_rows(file.path, file.form)) as rows:
        while verdict is not None:
            number, cells = next(rows)
            if number == verdict.row:
                rejected.refuse(verdict, cells)
                verdict = next(waiting, None)


def _refusals(session: Session) -> Iterator[Verdict]:
    after = 0
    while page := refused(session, after, _EVERY):
        yield from page
        after = page[-1].row


def _record(session: Session, file: ImportFile, done: Counts, by: str, now: datetime) -> None:
    detail = asdict(done) | {"permission": file.permission.as_json() if file.permission.chosen() else None}
    if done.new or done.changed:
        audit(session, actor=by, action="people.import", subject=file.name, detail=detail, now=now)


def digest_of(path: Path) -> bytes:
    """SHA-256 of the file, by which the same file is recognised."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
