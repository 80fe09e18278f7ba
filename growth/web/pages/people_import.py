"""Importing people: a file is uploaded, its columns are confirmed, it is checked, and then it goes in."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from anyio import to_thread
from fastapi import APIRouter, Form, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from markupsafe import Markup
from pydantic import BaseModel
from sqlalchemy.orm import Session

from growth.database.engine import transaction
from growth.errors import InvalidError, NotFoundError
from growth.locales import N_
from growth.people.accounts import Role
from growth.people.consent import PURPOSES
from growth.people.importing import uploads
from growth.people.importing.columns import FIELDS, labels
from growth.people.importing.encodings import CHOICES
from growth.people.importing.files import DELIMITERS, FileFormat, guess_format, header_of, preview
from growth.people.importing.permissions import FilePermission, read_permission, stored_permission
from growth.people.permission.lists import all_lists, in_words, list_by_id, list_by_key
from growth.people.records import PeopleImport
from growth.scheduling.progress import Progress, progress
from growth.scheduling.records import JobRun
from growth.settings import settings
from growth.web.access import ClockDep, SessionDep, Viewer, ViewerDep, allow
from growth.web.charts import meter
from growth.web.people_words import BASES
from growth.web.rendering import render, said, see_other
from growth.web.uploads import UNLIMITED, receive_file

router = APIRouter(prefix="/people/import")
UploadId = Annotated[int, InPath(ge=1, le=2**63 - 1)]
SAID_FIELDS = ("consent", "basis", "source", "wording", "at", "jurisdiction", "purpose")
"""Fields that tell of permission, row by row."""
STATES = {
    uploads.UPLOADED: (N_("Uploaded"), ""),
    uploads.CHECKED: (N_("Checked"), "warn"),
    uploads.IMPORTED: (N_("Imported"), "good"),
    uploads.FAILED: (N_("Not imported"), "bad"),
}


class Choice(BaseModel):
    """How the file is to be read and what is said of everybody in it, as it was chosen."""

    encoding: str = ""
    delimiter: str = ""
    """The character's number."""
    columns: list[str] = []
    """For each of our fields the number of its column, or nothing."""
    basis: str = ""
    source: str = ""
    wording: str = ""
    at: str = ""
    purpose: str = ""
    list_key: str = ""

    def form(self, path: Path) -> FileFormat:
        """The file's format. Raises InvalidError."""
        delimiter = next((one for one in DELIMITERS if str(ord(one)) == self.delimiter), None)
        guessed = guess_format(path, encoding=self.encoding or None, delimiter=delimiter)
        if not self.columns:
            return guessed
        named = dict(enumerate(map(str, labels(header_of(path, guessed)))))
        numbers = {field: int(one) for field, one in zip(FIELDS, self.columns, strict=False) if one.isdecimal()}
        columns = {field: named[number] for field, number in numbers.items() if number in named}
        return FileFormat(guessed.encoding, guessed.delimiter, columns)


@dataclass(frozen=True)
class Going:
    """A run under way, as the pages of jobs draw one."""

    run: JobRun
    progress: Progress
    meter: Markup


@router.get("", dependencies=[allow(Role.MARKETER)])
def start(request: Request, session: SessionDep) -> Response:
    """The form, and the imports so far."""
    return _start(request, session)


def _start(request: Request, session: Session, *, status: int = 200, **more: Any) -> Response:
    most = settings().max_import_bytes // 1_000_000
    values = {"recent": uploads.recent(session), "states": STATES, "most": most, "errors": {}} | more
    return render(request, "people_import.html", status=status, **values)


@router.post("", dependencies=[allow(Role.MARKETER)], max_body_size=UNLIMITED)
async def upload(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep) -> Response:
    """Take the file in while it arrives, and look at it."""
    # Nobody's connection waits for a slow upload.
    await to_thread.run_sync(session.commit)
    most, engine = settings().max_import_bytes, request.app.state.engine
    try:
        received = await receive_file(request, "file", uploads.new_place(), most=most)
    except InvalidError as error:
        return await to_thread.run_sync(_again, request, error)

    def keep() -> Response:
        try:
            with transaction(engine) as kept:
                made = uploads.keep_upload(kept, received, by=viewer.email, now=clock.now())
        except InvalidError as error:
            received.path.unlink(missing_ok=True)
            return _again(request, error)
        return see_other(f"/people/import/{made.id}")

    return await to_thread.run_sync(keep)


def _again(request: Request, error: InvalidError) -> Response:
    with transaction(request.app.state.engine) as session:
        return _start(request, session, status=422, errors={"file": error})


@router.get("/{upload_id}", dependencies=[allow(Role.MARKETER)])
def one(request: Request, session: SessionDep, viewer: ViewerDep, upload_id: UploadId) -> Response:
    """Wherever it stands: columns to confirm, progress, what would happen, or what happened."""
    return _one(request, session, viewer, uploads.upload_by_id(session, upload_id))


def _one(
    request: Request,
    session: Session,
    viewer: Viewer,
    upload: PeopleImport,
    *,
    choice: Choice | None = None,
    errors: dict[str, InvalidError] | None = None,
) -> Response:
    run = uploads.run_of(session, upload)
    stage = stage_of(upload, run, choosing=choice is not None or "choose" in request.query_params)
    values: dict[str, Any] = {"going": _going(request, run) if run else None, "errors": errors or {}}
    if stage == "choosing":
        values |= _choosing(upload, choice or _chosen(session, upload, viewer), errors or {})
    return render(
        request,
        "people_import_one.html",
        status=422 if errors else 200,
        upload=upload,
        run=run,
        stage=stage,
        form=uploads.form_of(upload),
        permission=stored_permission(upload.permission),
        fields=FIELDS,
        said_fields=SAID_FIELDS,
        delimiters=DELIMITERS,
        separators=[(str(ord(sign)), name) for sign, name in DELIMITERS.items()],
        encodings=CHOICES,
        bases=BASES,
        purposes=PURPOSES,
        lists=[(one.key, in_words(one.names, viewer.locale)) for one in all_lists(session)],
        **values,
    )


def stage_of(upload: PeopleImport, run: JobRun | None, *, choosing: bool) -> str:
    """What the page is about: working, imported, gone (its file is), choosing, failed or checked."""
    if run is not None and run.state in uploads.UNFINISHED:
        return "working"
    if upload.state == uploads.IMPORTED:
        return "imported"
    if upload.path is None or not Path(upload.path).exists():
        return "gone"
    if choosing or run is None:
        return "choosing"
    return "checked" if upload.state == uploads.CHECKED and run.state != "failed" else "failed"


def _chosen(session: Session, upload: PeopleImport, viewer: Viewer) -> Choice:
    """What was chosen last, or guessed, for the form."""
    form, permission = uploads.form_of(upload), stored_permission(upload.permission)
    at = permission.at.astimezone(ZoneInfo(viewer.time_zone)).strftime("%Y-%m-%dT%H:%M") if permission.at else ""
    return Choice(
        encoding=form.encoding,
        delimiter=str(ord(form.delimiter)),
        basis=permission.basis or "",
        source=permission.source or "",
        wording=permission.wording or "",
        at=at,
        purpose=permission.purpose or "" if permission.list_id is None else "",
        list_key=list_by_id(session, permission.list_id).key if permission.list_id is not None else "",
    )


def _choosing(upload: PeopleImport, choice: Choice, errors: dict[str, InvalidError]) -> dict[str, Any]:
    """What the form of columns needs: the file's own columns, its first rows, and what is chosen."""
    path, form = uploads.path_of(upload), uploads.form_of(upload)
    header: list[str] = []
    rows: list[list[str]] = []
    try:
        header = labels(header_of(path, form))
        rows = preview(path, form)
    except InvalidError as error:
        errors = {"file": error} | errors
    places = {label: str(place) for place, label in enumerate(header)}
    chosen = {field: places.get(label, "") for field, label in form.columns.items()}
    if choice.columns:
        chosen = dict(zip(FIELDS, choice.columns, strict=False))
    says = any(chosen.get(field) for field in SAID_FIELDS)
    return {"choice": choice, "header": header, "rows": rows, "chosen": chosen, "says": says, "errors": errors}


def _going(request: Request, run: JobRun) -> Going:
    now = request.app.state.clock.now()
    far = progress(run.done, run.total, since=run.started_at, done_before=0, now=now)
    if far.share == 1.0:  # all is read, and nobody knows how long storing it takes
        far = replace(far, rate=None, left=None)
    return Going(run, far, meter(far.share or 0, 1, said(request, N_("Progress"))))


@router.get("/{upload_id}/progress", dependencies=[allow(Role.MARKETER)])
def how_far(request: Request, session: SessionDep, upload_id: UploadId) -> Response:
    """The part of the page that moves; at the end the page is asked for again."""
    upload = uploads.upload_by_id(session, upload_id)
    run = uploads.run_of(session, upload)
    if run is None or run.state not in uploads.UNFINISHED:
        return Response(status_code=204, headers={"HX-Redirect": f"/people/import/{upload_id}"})
    return render(request, "people_import_progress.html", upload=upload, going=_going(request, run))


@router.post("/{upload_id}/read", dependencies=[allow(Role.MARKETER)])
def read_again(
    session: SessionDep, upload_id: UploadId, choice: Annotated[Choice, Form()], *, request: Request, viewer: ViewerDep
) -> Response:
    """Read the file in the chosen encoding and with the chosen separator, and guess its columns anew."""
    upload = uploads.upload_by_id(session, upload_id, lock=True)
    try:
        form = choice.model_copy(update={"columns": []}).form(uploads.path_of(upload))
    except InvalidError as error:
        return _one(request, session, viewer, upload, choice=choice, errors={error.field: error})
    upload.format = form.as_json()
    return see_other(f"/people/import/{upload_id}?choose=yes")


@router.post("/{upload_id}/check", dependencies=[allow(Role.MARKETER)])
def check(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    upload_id: UploadId,
    *,
    choice: Annotated[Choice, Form()],
) -> Response:
    """Have every row looked at, with these columns, before anything is stored."""
    upload = uploads.upload_by_id(session, upload_id, lock=True)
    now = clock.now()
    try:
        form = choice.form(uploads.path_of(upload))
        permission = _permission(session, choice, viewer, now)
        uploads.start_check(session, upload, form, permission, by=viewer.email, now=now)
    except InvalidError as error:
        return _one(request, session, viewer, upload, choice=choice, errors={error.field: error})
    return see_other(f"/people/import/{upload_id}")


def _permission(session: Session, choice: Choice, viewer: Viewer, now: datetime) -> FilePermission:
    said_of_all = {name: getattr(choice, name) for name in ("basis", "source", "wording", "at", "purpose")}
    to = list_by_key(session, choice.list_key) if choice.list_key else None
    return read_permission(**said_of_all, to=to, zone=viewer.time_zone, now=now)


@router.post("/{upload_id}/import", dependencies=[allow(Role.MARKETER)])
def bring_in(session: SessionDep, viewer: ViewerDep, clock: ClockDep, upload_id: UploadId) -> Response:
    """Bring the checked file in. Asked for twice, it is done once."""
    upload = uploads.upload_by_id(session, upload_id, lock=True)
    uploads.start_import(session, upload, by=viewer.email, now=clock.now())
    return see_other(f"/people/import/{upload_id}")


@router.get("/{upload_id}/rejected.csv", dependencies=[allow(Role.MARKETER)])
def rejected(session: SessionDep, upload_id: UploadId) -> Response:
    """The rows that can't go in, each with what is wrong and how to put it right."""
    upload = uploads.upload_by_id(session, upload_id)
    if upload.rejected_path is None or not Path(upload.rejected_path).exists():
        raise NotFoundError(N_("There is no file of rejected rows any more."))
    name = f"{Path(upload.filename).stem}.rejected.csv"
    return FileResponse(upload.rejected_path, media_type="text/csv; charset=utf-8", filename=name)
