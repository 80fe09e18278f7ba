"""Jobs: what runs when, what goes on now, what failed and why; running, pausing and trying again by hand."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from growth.campaigns.sending.troubles import troubles
from growth.errors import ConflictError
from growth.locales import N_
from growth.people.accounts import Role
from growth.scheduling.by_hand import pause_job, resume_job, retry_run, run_job
from growth.scheduling.due import due_times
from growth.scheduling.ending import UNFINISHED
from growth.scheduling.history import run_by_id, runs_of
from growth.scheduling.overview import Overview, overview, overview_of, staff
from growth.scheduling.schedules import default_zone
from growth.scheduling.words import policy_in_words, zone_in_words
from growth.web.access import SessionDep, allow
from growth.web.job_views import JobView, ReaderDep, RunView, name_of
from growth.web.navigation import NavEntry
from growth.web.rendering import own_path, render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/jobs")
WHO = (Role.MARKETER, Role.MANAGER)
NAV = NavEntry(group=N_("Run"), label=N_("Jobs"), href="/jobs", icon="clock-play", order=10, roles=WHO, key="j")
PAGE = 25
FOLLOWING = 5
FILTERS: dict[str, Sequence[str]] = {
    "": (),
    "running": UNFINISHED,
    "failed": ("failed",),
    "skipped": ("skipped",),
    "succeeded": ("succeeded",),
}

Back = Annotated[str, Query(max_length=500)]
"""The page that a button was pressed on."""


@router.get("", dependencies=[allow(*WHO)])
def jobs(request: Request, session: SessionDep, reader: ReaderDep, show: str = "") -> Response:
    """Every job; with `show` only those `running` or `failing`. htmx asks again and gets the same without its frame."""
    found = overview(session)
    wanted = {
        "": found,
        "running": [one for one in found if one.current is not None],
        "failing": [one for one in found if one.failing],
    }
    return render(
        request,
        "jobs_live.html" if "hx-request" in request.headers else "jobs.html",
        jobs=sorted((JobView(one, reader) for one in wanted.get(show, found)), key=lambda one: one.name),
        counts={key: len(chosen) for key, chosen in wanted.items()},
        show=show if show in wanted else "",
        back=f"/jobs?show={show}" if show in wanted and show else "/jobs",
        staff=staff(session, found, reader.now),
        troubles=troubles(session, reader.now),
        place=zone_in_words(reader.zone, reader.locale),
        may_edit=reader.may_edit,
    )


@router.get("/{job_key}", dependencies=[allow(*WHO)])
def job(
    request: Request,
    session: SessionDep,
    reader: ReaderDep,
    job_key: str,
    *,
    state: str = "",
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Response:
    """One job: its schedule, and its runs in a state, older than the run `before`."""
    found = overview_of(session, job_key)
    state = state if state in FILTERS else ""
    runs = runs_of(session, job_key, states=FILTERS[state], before=before, limit=PAGE + 1)
    return render(
        request,
        "job_live.html" if "hx-request" in request.headers else "job.html",
        job=JobView(found, reader),
        runs=[RunView(run, reader) for run in runs[:PAGE]],
        older=runs[PAGE - 1].id if len(runs) > PAGE else None,
        state=state,
        before=before,
        back=f"/jobs/{job_key}",
        following=following(found, default_zone(session), reader.now),
        policy=policy_in_words(found.job, reader.locale),
        place=zone_in_words(reader.zone, reader.locale),
        may_edit=reader.may_edit,
    )


def following(found: Overview, zone: str, now: datetime) -> list[datetime]:
    """The next moments it is due."""
    return [] if found.when is None else list(islice(due_times(found.when, zone, now), FOLLOWING))


@router.post("/{job_key}/run", dependencies=[allow(*WHO)])
def run_now(session: SessionDep, reader: ReaderDep, job_key: str, back: Back = "/jobs") -> Response:
    """Start it."""
    try:
        run_job(session, job_key, by=reader.email, now=reader.now)
    except ConflictError as error:
        return toast(see_other(own_path(back, "/jobs")), error.message)
    name = name_of(job_key, reader.locale)
    return toast(see_other(own_path(back, "/jobs")), N_("%(name)s was started."), name=name)


@router.post("/{job_key}/pause", dependencies=[allow(*WHO)])
def pause(session: SessionDep, reader: ReaderDep, job_key: str, back: Back = "/jobs") -> Response:
    """Run it by schedule no more."""
    pause_job(session, job_key, by=reader.email, now=reader.now)
    undo, name = _opposite(job_key, "resume", back), name_of(job_key, reader.locale)
    return toast(see_other(own_path(back, "/jobs")), N_("%(name)s is paused."), undo=undo, name=name)


@router.post("/{job_key}/resume", dependencies=[allow(*WHO)])
def resume(session: SessionDep, reader: ReaderDep, job_key: str, back: Back = "/jobs") -> Response:
    """Run it by schedule again."""
    resume_job(session, job_key, by=reader.email, now=reader.now)
    undo, name = _opposite(job_key, "pause", back), name_of(job_key, reader.locale)
    return toast(see_other(own_path(back, "/jobs")), N_("%(name)s runs by its schedule again."), undo=undo, name=name)


def _opposite(job_key: str, action: str, back: str) -> str:
    return f"/jobs/{job_key}/{action}?{urlencode({'back': own_path(back, '/jobs')})}"


@router.post("/runs/{run_id}/retry", dependencies=[allow(*WHO)])
def retry(session: SessionDep, reader: ReaderDep, run_id: int, back: Back = "") -> Response:
    """Let a failed run go on where it failed."""
    run = run_by_id(session, run_id)
    target = see_other(own_path(back, f"/jobs/runs/{run_id}"))
    try:
        retry_run(session, run, by=reader.email, now=reader.now)
    except ConflictError as error:
        return toast(target, error.message)
    return toast(target, N_("%(name)s is tried again."), name=name_of(run.job, reader.locale))
