"""Files of events, brought in by a job, and of currency rates, brought in at once."""

from pathlib import Path as FilePath
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.database.engine import transaction
from growth.errors import InvalidError, NotFoundError
from growth.events import uploaded
from growth.locales import N_
from growth.people.accounts import Role
from growth.people.importing import uploads
from growth.people.importing.uploads import Received
from growth.scheduling.history import run_by_id, runs_of
from growth.scheduling.words import STATES
from growth.settings import settings
from growth.spend.currencies import base_currency, latest_rates, record_rates
from growth.spend.files import Wrong, read_rates
from growth.web.access import ClockDep, SessionDep, Viewer, ViewerDep, allow
from growth.web.job_views import TONES
from growth.web.rendering import locale_of, render, see_other
from growth.web.toasts import toast
from growth.web.uploads import UNLIMITED, receive_file

router = APIRouter(prefix="/settings/files")
RunId = Annotated[int, Path(ge=1, le=2**63 - 1)]
FILES = 10
_LARGEST_RATES = 10_000_000
_NAMED = 20


@router.get("", dependencies=[allow(Role.MARKETER)])
def files_page(request: Request, session: SessionDep) -> Response:
    """The forms, the files so far, and the rates known."""
    return _page(request, session)


def _page(request: Request, session: Session, *, status: int = 200, **more: Any) -> Response:
    runs = runs_of(session, uploaded.JOB, states=(), before=None, limit=FILES)
    base = base_currency(session)
    values: dict[str, Any] = {"errors": {}, "wrong": ()} | more
    return render(
        request,
        "settings_files.html",
        status=status,
        runs=[(run, uploaded.rejected_rows(run) is not None) for run in runs],
        states=STATES,
        tones=TONES,
        base=base,
        rates=latest_rates(session, base),
        most=settings().max_import_bytes // 1_000_000,
        **values,
    )


def _again(engine: Engine, request: Request, **more: Any) -> Response:
    with transaction(engine) as session:
        return _page(request, session, status=422, **more)


@router.post("/events", dependencies=[allow(Role.MARKETER)], max_body_size=UNLIMITED)
async def bring_events(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep) -> Response:
    """Take a file in while it arrives, and have it brought in by a job."""
    # Nobody's connection waits for a slow upload.
    await to_thread.run_sync(session.commit)
    most, engine, locale = settings().max_import_bytes, request.app.state.engine, locale_of(request)
    try:
        received = await receive_file(request, "events", uploads.new_place(), most=most)
    except InvalidError as error:
        wrong = {"events": error}
        return await to_thread.run_sync(lambda: _again(engine, request, errors=wrong))

    def keep() -> Response:
        with transaction(engine) as kept:
            run_id = uploaded.start(kept, received, locale=locale, by=viewer.email, now=clock.now())
        return see_other(f"/jobs/runs/{run_id}")

    return await to_thread.run_sync(keep)


@router.post("/rates", dependencies=[allow(Role.MARKETER)], max_body_size=UNLIMITED)
async def bring_rates(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep) -> Response:
    """Take rates in; days reckoned with others, or with none, are counted again."""
    await to_thread.run_sync(session.commit)
    engine = request.app.state.engine
    try:
        received = await receive_file(request, "rates", uploads.new_place(), most=_LARGEST_RATES)
    except InvalidError as error:
        wrong = {"rates": error}
        return await to_thread.run_sync(lambda: _again(engine, request, errors=wrong))
    return await to_thread.run_sync(_rates_kept, request, received, viewer, clock)


def _rates_kept(request: Request, received: Received, viewer: Viewer, clock: ClockDep) -> Response:
    engine, now = request.app.state.engine, clock.now()
    try:
        read = read_rates(received.path, now)
    except InvalidError as error:
        return _again(engine, request, errors={"rates": error})
    finally:
        FilePath(received.path).unlink(missing_ok=True)
    with transaction(engine) as session:
        base = base_currency(session)
        changed = record_rates(session, base, read.good, now)
        if changed:
            detail = {"changed": changed, "base": base, "wrong": len(read.wrong)}
            audit(session, actor=viewer.email, action="rates import", subject=received.filename, detail=detail, now=now)
        if read.wrong:
            shown: tuple[Wrong, ...] = tuple(read.wrong[:_NAMED])
            return _page(request, session, status=422, wrong=shown, changed=changed, left=len(read.wrong))
    if not changed:
        return toast(see_other("/settings/files"), N_("These rates were known already."))
    return toast(see_other("/settings/files"), N_("The rates are kept. The days they are for are counted again."))


@router.get("/rejected/{run_id}.csv", dependencies=[allow(Role.MARKETER)])
def rejected(session: SessionDep, run_id: RunId) -> Response:
    """The rows of a file that didn't go in, each with what is wrong and how to put it right."""
    path = uploaded.rejected_rows(run_by_id(session, run_id))
    if path is None:
        raise NotFoundError(N_("There is no file of rejected rows any more."))
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename="events.rejected.csv")
