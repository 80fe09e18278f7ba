"""Addresses that must not be written to: the list, one address looked up, lists brought in, and the way off it."""

import csv
import io
from collections.abc import Iterator
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.database.engine import transaction
from growth.errors import InvalidError, NotFoundError
from growth.locales import N_
from growth.people.accounts import Role
from growth.people.importing import lists_of_addresses, uploads
from growth.people.importing.rejected import safe_cell
from growth.people.importing.suppressing import suppress_address
from growth.people.records import Suppression
from growth.people.suppression import REASONS
from growth.people.suppression_list import (
    REMOVABLE,
    addresses_on_list,
    count_on_list,
    entry_by_id,
    every_entry,
    look_up,
    take_away,
)
from growth.scheduling.history import run_by_id, runs_of
from growth.scheduling.words import STATES
from growth.settings import settings
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.job_views import TONES
from growth.web.navigation import NavEntry
from growth.web.people_words import SUPPRESSIONS
from growth.web.rendering import locale_of, render, said, see_other
from growth.web.toasts import toast
from growth.web.uploads import UNLIMITED, receive_file

router = APIRouter(prefix="/suppressions")
NAV = NavEntry(
    group=N_("Overview"),
    label=N_("Suppressions"),
    href="/suppressions",
    icon="ban",
    order=45,
    roles=(Role.MARKETER,),
)
SIZE = 50
LONGEST_SOURCE = 200
LISTS = 5
EntryId = Annotated[int, Path(ge=1, le=2**63 - 1)]
After = Annotated[int | None, Query(ge=1, le=2**63 - 1)]
_COLUMNS = (N_("Hash"), N_("Scope"), N_("Reason"), N_("Where from"), N_("Since"))


@router.get("", dependencies=[allow(Role.MARKETER)])
def suppressions_page(
    request: Request, session: SessionDep, viewer: ViewerDep, *, reason: str = "", after: After = None
) -> Response:
    """A page of the list, and the forms."""
    return _page(request, session, reason, after, may_remove=viewer.has(Role.ADMIN))


def _page(
    request: Request,
    session: Session,
    reason: str = "",
    after: int | None = None,
    *,
    status: int = 200,
    may_remove: bool = False,
    **more: Any,
) -> Response:
    chosen = reason if reason in REASONS else ""
    found = addresses_on_list(session, chosen or None, after=after, size=SIZE + 1)
    lists = runs_of(session, lists_of_addresses.JOB, states=(), before=None, limit=LISTS)
    values: dict[str, Any] = {"errors": {}, "email": "", "source": "", "checked": None, "asked": ""} | more
    return render(
        request,
        "suppressions.html",
        status=status,
        reason=chosen,
        entries=found[:SIZE],
        next=found[SIZE - 1].id if len(found) > SIZE else None,
        first=after is None,
        count=count_on_list(session, chosen or None),
        reasons=SUPPRESSIONS,
        removable=REMOVABLE if may_remove else (),
        lists=[(run, lists_of_addresses.rejected_rows(run) is not None) for run in lists],
        states=STATES,
        tones=TONES,
        most=settings().max_import_bytes // 1_000_000,
        **values,
    )


@router.post("", dependencies=[allow(Role.MARKETER)])
def add(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    email: Annotated[str, Form()] = "",
    source: Annotated[str, Form()] = "",
) -> Response:
    """Write to one address no more."""
    try:
        told = _source(source)
        done = suppress_address(session, email[:2_000], source=told, actor=viewer.email, now=clock.now())
    except InvalidError as error:
        form: dict[str, Any] = {
            "email": email[:2_000],
            "source": source[:LONGEST_SOURCE],
            "errors": {error.field: error},
        }
        return _page(request, session, status=422, may_remove=viewer.has(Role.ADMIN), **form)
    added, known = N_("The address is on the list now."), N_("The address was on the list already.")
    return toast(see_other("/suppressions"), added if done.new else known)


def _source(text: str) -> str:
    told = text.strip()
    if not told:
        raise InvalidError("source", N_("Say where the wish, or the list, comes from."))
    if len(told) > LONGEST_SOURCE:
        raise InvalidError("source", N_("This is longer than %(most)s letters."), most=LONGEST_SOURCE)
    return told


@router.post("/check", dependencies=[allow(Role.MARKETER)])
def check(
    request: Request, session: SessionDep, viewer: ViewerDep, *, address: Annotated[str, Form()] = ""
) -> Response:
    """Look one address up. By POST, so that no log of addresses asked for keeps it."""
    asked = address.strip()[:2_000]
    may_remove = viewer.has(Role.ADMIN)
    try:
        found = look_up(session, asked)
    except InvalidError as error:
        return _page(request, session, status=422, may_remove=may_remove, asked=asked, errors={"address": error})
    return _page(request, session, may_remove=may_remove, asked=asked, checked=found)


@router.get("/{entry_id}/remove", dependencies=[allow()])
def ask_to_remove(request: Request, session: SessionDep, entry_id: EntryId) -> Response:
    """What it would mean."""
    entry = entry_by_id(session, entry_id)
    may = entry.reason in REMOVABLE
    return render(request, "suppression_remove.html", entry=entry, reasons=SUPPRESSIONS, may=may)


@router.post("/{entry_id}/remove", dependencies=[allow()])
def remove(session: SessionDep, viewer: ViewerDep, clock: ClockDep, entry_id: EntryId) -> Response:
    """Take it off the list."""
    take_away(session, entry_by_id(session, entry_id), actor=viewer.email, now=clock.now())
    return toast(see_other("/suppressions"), N_("The address is off the list."))


@router.post("/import", dependencies=[allow(Role.MARKETER)], max_body_size=UNLIMITED)
async def bring_in(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep) -> Response:
    """Take a list in while it arrives, and have it brought in by a job."""
    # Nobody's connection waits for a slow upload.
    await to_thread.run_sync(session.commit)
    most, engine, locale = settings().max_import_bytes, request.app.state.engine, locale_of(request)
    try:
        received = await receive_file(request, "file", uploads.new_place(), most=most)
    except InvalidError as error:
        wrong, admin = error, viewer.has(Role.ADMIN)

        def again() -> Response:
            with transaction(engine) as read:
                return _page(request, read, status=422, may_remove=admin, errors={"file": wrong})

        return await to_thread.run_sync(again)

    def keep() -> Response:
        with transaction(engine) as kept:
            run_id = lists_of_addresses.start(
                kept, received, source=received.filename, locale=locale, by=viewer.email, now=clock.now()
            )
        return see_other(f"/jobs/runs/{run_id}")

    return await to_thread.run_sync(keep)


@router.get("/rejected/{run_id}.csv", dependencies=[allow(Role.MARKETER)])
def rejected(session: SessionDep, run_id: EntryId) -> Response:
    """The rows of a list that could not be read, each with what is wrong."""
    path = lists_of_addresses.rejected_rows(run_by_id(session, run_id))
    if path is None:
        raise NotFoundError(N_("There is no file of rejected rows any more."))
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename="rejected.csv")


@router.get("/export.csv", dependencies=[allow(Role.MARKETER)])
def export(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, *, reason: str = "") -> Response:
    """The list of the same filter as a file, hashes and reasons without addresses."""
    chosen = reason if reason in REASONS else None
    detail = {"reason": chosen}
    audit(session, actor=viewer.email, action="suppressions.export", subject="list", detail=detail, now=clock.now())
    header = [said(request, name) for name in _COLUMNS]
    return StreamingResponse(
        _written(header, every_entry(request.app.state.engine, chosen)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="suppressions.csv"'},
    )


def _written(header: list[str], entries: Iterator[Suppression]) -> Iterator[bytes]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(header)
    for number, one in enumerate(entries, 1):
        writer.writerow(map(safe_cell, [one.hash.hex(), one.scope, one.reason, one.source, one.at.isoformat()]))
        if number % 500 == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
