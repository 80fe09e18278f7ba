"""Leads: the ranked queue beside one lead with its score, its reasons and its history."""

import secrets
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request, Response
from sqlalchemy.orm import Session

from growth.attribution.channels import labels
from growth.errors import InvalidError
from growth.leads import working
from growth.leads.reading import Worker, history, name_of, reps, visible_lead
from growth.leads.records import Lead
from growth.leads.stages import LOST, OUTCOMES, REASONS, STAGES, WON_STAGES
from growth.locales import N_
from growth.people.accounts import Role
from growth.people.reading import addresses_of
from growth.scoring.queue import MOST_COUNTED, SIDE, VIEWS, Asked, count, origins, rank_of, read_queue, scores_of
from growth.web.access import ClockDep, SessionDep, Viewer, ViewerDep, allow
from growth.web.charts import ring
from growth.web.lead_words import fact_text, happenings, in_short, moment_in, readable, told_reasons
from growth.web.navigation import NavEntry
from growth.web.rendering import render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/leads")
WORKERS = (Role.REP, Role.MANAGER)
NAV = NavEntry(
    group=N_("Sellers"), label=N_("Leads"), href="/leads", icon="phone-call", order=10, roles=WORKERS, key="l"
)
_VIEW_NAMES = {"todo": N_("To do"), "follow-ups": N_("Follow-ups"), "all": N_("All")}


def _worker(viewer: Viewer) -> Worker:
    return Worker(viewer.account_id, sees_all=viewer.has(Role.MANAGER))


class Query:
    """What the address asks for: view, filters and place, empty ones left out of links."""

    def __init__(
        self, *, view: str = "todo", q: str = "", channel: str = "", origin: str = "", stage: str = "", after: str = ""
    ) -> None:
        self.view = view if view in VIEWS else "todo"
        self.filters = {"q": q.strip()[:200], "channel": channel, "origin": origin, "stage": stage}
        self.after = after

    @property
    def filtered(self) -> bool:
        """Whether any filter is set."""
        return any(self.filters.values())

    def asked(self, worker: Worker, view: str | None = None) -> Asked:
        """The same for the queue."""
        rest = {name: value for name, value in self.filters.items() if name != "q"}
        return Asked(view or self.view, worker, search=self.filters["q"], **rest)

    def link(self, path: str = "/leads", **changed: str) -> str:
        """A path with this query, some of it changed."""
        values = {"view": self.view if self.view != "todo" else "", **self.filters, "after": self.after} | changed
        kept = urlencode({name: value for name, value in values.items() if value})
        return f"{path}?{kept}" if kept else path


QueryDep = Annotated[Query, Depends()]


@router.get("", dependencies=[allow(*WORKERS)])
def queue(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, query: QueryDep) -> Response:
    """The queue, with the first lead open beside it where there is room."""
    return _page(request, session, viewer, clock, query)


@router.get("/{lead_id}", dependencies=[allow(*WORKERS)])
def one_lead(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, *, query: QueryDep, lead_id: int
) -> Response:
    """One lead, with the queue beside it where there is room."""
    lead = visible_lead(session, _worker(viewer), lead_id)
    return _page(request, session, viewer, clock, query, lead=lead)


def _page(
    request: Request,
    session: Session,
    viewer: Viewer,
    clock: ClockDep,
    query: Query,
    *,
    lead: Lead | None = None,
    status: int = 200,
    **form: object,
) -> Response:
    worker, now = _worker(viewer), clock.now()
    page = read_queue(session, query.asked(worker), now, after=query.after)
    chosen = lead or (session.get(Lead, page.entries[0].lead_id) if page.entries else None)
    counts = {view: count(session, query.asked(worker, view), now) for view in VIEWS}
    return render(
        request,
        "leads.html",
        status=status,
        query=query,
        page=page,
        views=[(view, _VIEW_NAMES[view], counts[view]) for view in VIEWS],
        most=MOST_COUNTED,
        alone=lead is not None,
        channels=labels(SIDE),
        origins=origins(session),
        stages=STAGES,
        lead=chosen,
        ring=ring,
        readable=readable,
        fact=lambda name: fact_text(name, chosen.facts[name], viewer.locale) if chosen else "",
        why=lambda entry: in_short(entry.reasons, viewer.locale),
        **(_detail(session, viewer, chosen) | form if chosen else {}),
    )


def _detail(session: Session, viewer: Viewer, lead: Lead) -> dict[str, object]:
    rank = rank_of(session, lead.id) if lead.closed_at is None else None
    addresses = addresses_of(session, [lead.person_id]).get(lead.person_id, {}) if lead.person_id else {}
    scores = scores_of(session, lead.id)
    return {
        "rank": rank,
        "reasons": told_reasons(rank.reasons, viewer.locale) if rank else [],
        "addresses": addresses,
        "owner": name_of(session, lead.owner_id) if lead.owner_id else None,
        "mine": lead.owner_id == viewer.account_id,
        "reps": reps(session) if viewer.has(Role.MANAGER) else [],
        "told": happenings(history(session, lead.id), scores, viewer.locale),
        "outcomes": OUTCOMES,
        "lost_reasons": REASONS,
        "next_stages": [key for key in STAGES if key != lead.stage and (not lead.won_at or key in WON_STAGES)],
        "submission": secrets.token_urlsafe(12),
        "errors": {},
        "outcome": "",
        "note": "",
        "follow_up": "",
        "stage": "",
        "reason": "",
    }


@router.post("/{lead_id}/log", dependencies=[allow(*WORKERS)])
def log_call(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    query: QueryDep,
    lead_id: int,
    outcome: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
    follow_up: Annotated[str, Form()] = "",
    submission: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Write down a call, once however often the button is pressed."""
    worker = _worker(viewer)
    try:
        due = moment_in(viewer.time_zone, "follow_up", follow_up)
        deed = working.Deed(outcome=outcome, note=note, follow_up=due, submission=submission or None)
        activity = working.log(session, worker, lead_id, deed, clock.now())
    except InvalidError as error:
        form = {"outcome": outcome, "note": note, "follow_up": follow_up, "submission": submission}
        lead = visible_lead(session, worker, lead_id)
        return _page(request, session, viewer, clock, query, lead=lead, status=422, errors={error.field: error}, **form)
    undo = query.link(f"/leads/{lead_id}/activities/{activity}/undo")
    return toast(see_other(query.link(f"/leads/{lead_id}")), N_("The call is logged."), undo=undo)


@router.post("/{lead_id}/activities/{activity_id}/undo", dependencies=[allow(*WORKERS)])
def undo_log(
    session: SessionDep, viewer: ViewerDep, clock: ClockDep, *, query: QueryDep, lead_id: int, activity_id: int
) -> Response:
    """Take back a call that was logged a moment ago."""
    working.undo(session, _worker(viewer), lead_id, activity_id, clock.now())
    return toast(see_other(query.link(f"/leads/{lead_id}")), N_("The call is not logged any more."))


@router.post("/{lead_id}/take", dependencies=[allow(*WORKERS)])
def take(session: SessionDep, viewer: ViewerDep, clock: ClockDep, query: QueryDep, lead_id: int) -> Response:
    """Make it mine."""
    lead = working.take(session, _worker(viewer), lead_id, clock.now())
    return toast(see_other(query.link(f"/leads/{lead_id}")), N_("%(name)s is yours now."), name=lead.name[:80])


@router.post("/{lead_id}/assign", dependencies=[allow(Role.MANAGER)])
def assign(
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    query: QueryDep,
    lead_id: int,
    account: Annotated[int, Form()] = 0,
) -> Response:
    """Give it to a rep."""
    lead = working.assign(session, _worker(viewer), lead_id, account, clock.now())
    who = name_of(session, account)
    answer = see_other(query.link(f"/leads/{lead_id}"))
    return toast(answer, N_("%(name)s is given to %(who)s."), name=lead.name[:80], who=who[:80])


@router.post("/{lead_id}/stage", dependencies=[allow(*WORKERS)])
def move(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    query: QueryDep,
    lead_id: int,
    stage: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Move it to another stage."""
    worker, by = _worker(viewer), viewer.name
    try:
        lead = working.move(session, worker, lead_id, stage, seen=seen, reason=reason, by=by, now=clock.now())
    except InvalidError as error:
        lead = visible_lead(session, worker, lead_id)
        errors = {error.field: error}
        return _page(
            request, session, viewer, clock, query, lead=lead, status=422, errors=errors, stage=stage, reason=reason
        )
    sentence = N_("%(name)s is lost.") if stage == LOST else N_("%(name)s has moved on.")
    answer = see_other(query.link(f"/leads/{lead_id}"))
    return toast(answer, sentence, undo=query.link(f"/leads/{lead_id}/stage/undo"), name=lead.name[:80])


@router.post("/{lead_id}/stage/undo", dependencies=[allow(*WORKERS)])
def undo_move(session: SessionDep, viewer: ViewerDep, clock: ClockDep, query: QueryDep, lead_id: int) -> Response:
    """Take back a move of a moment ago."""
    lead = working.undo_move(session, _worker(viewer), lead_id, by=viewer.name, now=clock.now())
    return toast(see_other(query.link(f"/leads/{lead_id}")), N_("%(name)s is where it was."), name=lead.name[:80])
