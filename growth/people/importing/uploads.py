"""Files uploaded on the page: kept below `<home>/imports` until they are brought in, looked at and decided upon."""

import re
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.errors import ConflictError, NotFoundError, PermanentError
from growth.locales import N_
from growth.people.importing.bring_in import Finish, ImportFile, digest_of
from growth.people.importing.columns import positions
from growth.people.importing.files import FileFormat, guess_format, header_of
from growth.people.importing.permissions import FilePermission
from growth.people.importing.planning import Counts
from growth.people.records import PeopleImport
from growth.scheduling.firing import fire_free
from growth.scheduling.records import JobRun
from growth.scheduling.run import JobRun as JobRunning
from growth.settings import settings

UPLOADED, CHECKED, IMPORTED, FAILED = "uploaded", "checked", "imported", "failed"
JOB = "import_people"
UNFINISHED = ("queued", "running")
_PATIENCE = timedelta(days=1)
_MEMORY = timedelta(days=30)
_GONE, _AGAIN = N_("The uploaded file is no longer here."), N_("Files are kept for a day. Upload it again.")
_NAME = re.compile(r"[0-9a-f]{32}\.")


def imports_folder() -> Path:
    """Where uploads and rejected rows are kept, for the owner of the process alone."""
    folder = settings().home / "imports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def new_place() -> Path:
    """A path for the next upload, which nobody can guess and which says nothing of its name."""
    return imports_folder() / f"{secrets.token_hex(16)}.upload"


def rejected_of(run: JobRun, job: str) -> Path | None:
    """The rows that a run of this job could not bring in, while their file is kept; its upload is its `path`."""
    name = Path(str(run.args.get("path", ""))).name
    path = imports_folder() / f"{Path(name).stem}.rejected.csv"
    return path if run.job == job and name and path.exists() else None


def uploaded_of(run: JobRunning) -> Path:
    """The upload that a run works on, its `path`. Raises PermanentError when it is gone."""
    path = imports_folder() / Path(str(run.args.get("path", "none"))).name
    if not path.is_file():
        raise PermanentError(_GONE, remedy=_AGAIN)
    return path


@dataclass(frozen=True)
class Received:
    """A file that has arrived."""

    path: Path
    filename: str
    digest: bytes
    lines: int
    """Line ends: about how many rows it has."""


def bring_in_later(session: Session, job: str, received: Received, *, locale: str, by: str, now: datetime) -> int:
    """Have a job bring an uploaded file in; gives the run. Two files at the same moment are two runs."""
    args = {"path": received.path.name, "name": received.filename, "locale": locale, "by": by}
    return fire_free(session, job, now=now, fired_by=f"person:{by}", args=args)


def keep_upload(session: Session, received: Received, *, by: str, now: datetime) -> PeopleImport:
    """Remember an upload with its format as guessed. Raises InvalidError (field `file`) when it can't be read."""
    form = guess_format(received.path)
    upload = PeopleImport(
        filename=received.filename,
        digest=received.digest,
        path=str(received.path),
        format=form.as_json(),
        state=UPLOADED,
        counts={"lines": max(received.lines - 1, 0)},
        by=by,
        created_at=now,
    )
    session.add(upload)
    session.flush()
    return upload


def record_of(file: ImportFile, *, by: str, now: datetime) -> Finish:
    """What the merge of a file that was not uploaded writes down with it."""
    digest = digest_of(file.path)

    def finish(session: Session, counts: Counts) -> None:
        kept = PeopleImport(
            filename=file.name,
            digest=digest,
            format=file.form.as_json(),
            permission=file.permission.as_json() if file.permission.chosen() else None,
            state=IMPORTED,
            counts=asdict(counts),
            rejected_path=str(file.rejected.resolve()) if counts.rejected else None,
            by=by,
            created_at=now,
            finished_at=now,
        )
        session.add(kept)

    return finish


def upload_by_id(session: Session, upload_id: int, *, lock: bool = False) -> PeopleImport:
    """The import. Raises NotFoundError."""
    upload = session.get(PeopleImport, upload_id, with_for_update=lock or None, populate_existing=lock)
    if upload is None:
        raise NotFoundError(N_("There is no such import."))
    return upload


def form_of(upload: PeopleImport) -> FileFormat:
    """How its file is to be read."""
    return FileFormat(**upload.format)


def recent(session: Session, count: int = 10) -> list[PeopleImport]:
    """The newest imports."""
    return list(session.scalars(select(PeopleImport).order_by(PeopleImport.id.desc()).limit(count)))


def run_of(session: Session, upload: PeopleImport) -> JobRun | None:
    """The run that works, or last worked, on it."""
    return session.get(JobRun, upload.job_run_id) if upload.job_run_id is not None else None


def path_of(upload: PeopleImport) -> Path:
    """Its file. Raises ConflictError when it is gone: brought in, or a day old."""
    if upload.path is None or not (path := Path(upload.path)).exists():
        raise ConflictError(_GONE, remedy=_AGAIN)
    return path


def start_check(
    session: Session, upload: PeopleImport, form: FileFormat, permission: FilePermission, *, by: str, now: datetime
) -> None:
    """Fire a dry run with these columns and this permission. The upload must be locked.

    Raises InvalidError for columns that don't go together, ConflictError while it is worked on or after the import.
    """
    _check_free(session, upload)
    positions(header_of(path_of(upload), form), form.columns)
    upload.format, upload.permission = form.as_json(), permission.as_json() if permission.chosen() else None
    upload.state, upload.counts = UPLOADED, {"lines": upload.counts.get("lines") or upload.counts.get("rows")}
    upload.job_run_id = _fire(session, upload, dry_run=True, by=by, now=now)


def start_import(session: Session, upload: PeopleImport, *, by: str, now: datetime) -> None:
    """Fire the import of a checked file. The upload must be locked. Raises ConflictError when it isn't checked."""
    _check_free(session, upload)
    if upload.state != CHECKED:
        raise ConflictError(N_("This file has to be checked first."))
    path_of(upload)
    upload.job_run_id = _fire(session, upload, dry_run=False, by=by, now=now)


def _check_free(session: Session, upload: PeopleImport) -> None:
    if upload.state == IMPORTED:
        raise ConflictError(N_("This file has been imported already."))
    run = run_of(session, upload)
    if run is not None and run.state in UNFINISHED:
        raise ConflictError(N_("This file is being worked on at the moment."))


def _fire(session: Session, upload: PeopleImport, *, dry_run: bool, by: str, now: datetime) -> int:
    args = {"import": upload.id, "dry_run": dry_run, "by": by}
    return fire_free(session, JOB, now=now, fired_by=f"person:{by}", args=args)


def remove_old(session: Session, now: datetime) -> int:
    """Remove uploads that nobody brought in for a day, and rejected rows after a month; returns how many files."""
    removed = 0
    waiting = select(PeopleImport).where(PeopleImport.path.is_not(None), PeopleImport.created_at < now - _PATIENCE)
    for upload in session.scalars(waiting.with_for_update(skip_locked=True)):
        run = run_of(session, upload)
        if run is None or run.state not in UNFINISHED:
            removed += _remove(upload.path)
            upload.path = None
            upload.state = upload.state if upload.state == IMPORTED else FAILED
    read = select(PeopleImport).where(PeopleImport.rejected_path.is_not(None), PeopleImport.created_at < now - _MEMORY)
    for upload in session.scalars(read.with_for_update(skip_locked=True)):
        removed += _remove(upload.rejected_path)
        upload.rejected_path = None
    return removed + _remove_strays(session, now)


def _remove(path: str | None) -> int:
    """Remove a file of ours; what a command wrote elsewhere belongs to who typed it."""
    if path is None or Path(path).parent != imports_folder() or not Path(path).exists():
        return 0
    Path(path).unlink(missing_ok=True)
    return 1


def _remove_strays(session: Session, now: datetime) -> int:
    """Files that no record tells of: left when an upload was cut off, or by a check made before another one."""
    old = [
        str(path)
        for path in (*imports_folder().glob("*.upload"), *imports_folder().glob("*.rejected.csv"))
        if _NAME.match(path.name) and path.stat().st_mtime < (now - _PATIENCE).timestamp()
    ]
    told = select(PeopleImport.path, PeopleImport.rejected_path).where(
        PeopleImport.path.in_(old) | PeopleImport.rejected_path.in_(old)
    )
    known = {path for both in session.execute(told) for path in both}
    return sum(_remove(path) for path in old if path not in known)
