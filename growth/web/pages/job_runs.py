"""One run of a job: how far it is, its parts, its log, and what went wrong in words."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from growth.locales import N_
from growth.people.accounts import Role
from growth.scheduling.history import lines_of, parts_of, run_by_id
from growth.scheduling.words import STATES, outcome_in_words
from growth.web.access import SessionDep, allow
from growth.web.job_views import TONES, PartView, ReaderDep, RunView, may_run, name_of
from growth.web.rendering import render

router = APIRouter(prefix="/jobs/runs")
PARTS = 50
LINES = 50
LEVELS = {"warning": ("alert-triangle", "warn", N_("Look")), "error": ("alert-circle", "bad", N_("Failure"))}


@router.get("/{run_id}", dependencies=[allow(Role.MARKETER, Role.MANAGER)])
def job_run(
    request: Request,
    session: SessionDep,
    reader: ReaderDep,
    run_id: int,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Response:
    """The run, with lines of its log older than the line `before`."""
    run = run_by_id(session, run_id)
    parts = parts_of(session, run_id, limit=PARTS)
    lines = lines_of(session, run_id, before=before, limit=LINES + 1)
    told = [(one, outcome_in_words(one.words, reader.locale, reader.zone)[0]) for one in lines[:LINES]]
    return render(
        request,
        "job_run_live.html" if "hx-request" in request.headers else "job_run.html",
        shown=RunView(run, reader),
        run=run,
        name=name_of(run.job, reader.locale),
        may_run=may_run(run.job),
        parts=parts,
        shown_parts=[PartView(one, reader) for one in parts.shown],
        lines=told,
        older=lines[LINES - 1].id if len(lines) > LINES else None,
        before=before,
        states=STATES,
        tones=TONES,
        levels=LEVELS,
    )
