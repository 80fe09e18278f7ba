"""Editing a job's schedule: what it would mean is shown before it is saved, and nobody overwrites another unseen."""

from datetime import datetime
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from sqlalchemy.orm import Session

from growth.errors import ConflictError, InvalidError
from growth.locales import N_
from growth.people.accounts import Role
from growth.people.set_up import time_zones
from growth.scheduling.by_hand import change_schedule, undo_schedule
from growth.scheduling.due import due_times
from growth.scheduling.overview import overview_of
from growth.scheduling.schedules import default_zone
from growth.scheduling.when import WEEKDAYS
from growth.scheduling.words import schedule_in_words, weekday_name, zone_in_words
from growth.web.access import SessionDep, allow
from growth.web.job_views import JobView, Reader, ReaderDep, name_of
from growth.web.rendering import render, said, see_other
from growth.web.schedule_form import UNITS, ScheduleForm, filled_in
from growth.web.toasts import toast

router = APIRouter(prefix="/jobs/{job_key}/schedule")
_SHOWN = 5


@router.get("", dependencies=[allow(Role.MARKETER)])
def edit_schedule(
    request: Request,
    session: SessionDep,
    reader: ReaderDep,
    job_key: str,
    asked: Annotated[ScheduleForm, Query()],
) -> Response:
    """The form; with what was typed so far in the query, also when that would be due."""
    if not asked.kind:
        found = overview_of(session, job_key)
        asked = filled_in(found.when, found.job.when, found.version)
    return _page(request, session, job_key, asked, reader)


@router.post("", dependencies=[allow(Role.MARKETER)])
def save_schedule(
    request: Request,
    session: SessionDep,
    reader: ReaderDep,
    job_key: str,
    asked: Annotated[ScheduleForm, Form()],
) -> Response:
    """It holds from now on. 409 with the difference when somebody else was faster."""
    try:
        when = asked.when()
        saved = change_schedule(session, job_key, when, version=asked.version, by=reader.email, now=reader.now)
    except InvalidError as error:
        return _page(request, session, job_key, asked, reader, status=422, error=error)
    except ConflictError as error:
        return _page(request, session, job_key, asked, reader, status=409, conflict=error)
    found = overview_of(session, job_key)
    undo = f"/jobs/{job_key}/schedule/undo?version={saved.version}"
    words = schedule_in_words(found.when, reader.locale, reader.zone)
    name = name_of(job_key, reader.locale)
    return toast(see_other(f"/jobs/{job_key}"), N_("%(name)s: %(schedule)s"), undo=undo, name=name, schedule=words)


@router.post("/undo", dependencies=[allow(Role.MARKETER)])
def undo(session: SessionDep, reader: ReaderDep, job_key: str, version: Annotated[int, Query(ge=1)]) -> Response:
    """Back to the schedule before the last change, unless there was another since."""
    undo_schedule(session, job_key, version=version, by=reader.email, now=reader.now)
    return toast(see_other(f"/jobs/{job_key}"), N_("It runs as before."))


def _page(
    request: Request,
    session: Session,
    job_key: str,
    asked: ScheduleForm,
    reader: Reader,
    *,
    status: int = 200,
    error: InvalidError | None = None,
    conflict: ConflictError | None = None,
) -> Response:
    found, zone = overview_of(session, job_key), default_zone(session)
    following: list[datetime] = []
    try:
        wanted = asked.when() or found.job.when
        following = list(islice(due_times(wanted, zone, reader.now), _SHOWN)) if wanted else []
        words = schedule_in_words(wanted, reader.locale, reader.zone)
    except InvalidError as unclear:
        error, words = error or unclear, ""
    if conflict is not None:
        asked.version = found.version
    return render(
        request,
        "job_schedule.html",
        status=status,
        job=JobView(found, reader),
        asked=asked,
        errors={error.field: error} if error is not None else {},
        conflict=conflict,
        words=words,
        following=following,
        place=zone_in_words(reader.zone, reader.locale),
        declared=schedule_in_words(found.job.when, reader.locale, reader.zone),
        units=UNITS,
        weekdays=[(day, weekday_name(day, reader.locale)) for day in WEEKDAYS],
        zones=[
            ("", said(request, N_("As the workspace (%(zone)s)"), zone=zone)),
            *((one, one.replace("_", " ")) for one in time_zones()),
        ],
    )
