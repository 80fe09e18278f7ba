"""Scheduling a campaign, the last step: when, how often and how fast, naming how many get it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy.orm import Session

from growth.campaigns.differences import ChangedError
from growth.campaigns.occasions.causes import EVENTS
from growth.campaigns.occasions.recurring import EVERY
from growth.campaigns.planning import begun, save, schedule
from growth.campaigns.readiness import UnreadyError, check_ready, look, needs_approval
from growth.campaigns.reading import campaign_by_id
from growth.campaigns.records import Campaign
from growth.campaigns.states import Action, Kind, State, possible
from growth.errors import InvalidError
from growth.leads.stages import STAGES
from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.campaign_schedule_form import KINDS, MODES, UNITS, ScheduleAsked, filled_in
from growth.web.campaign_when import weekday_names
from growth.web.pages.campaign_draft import wrong
from growth.web.rendering import locale_of, render, said, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/campaigns")


@router.get("/{campaign_id}/schedule", dependencies=[allow(Role.MARKETER)])
def schedule_step(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    when: str | None = None,
    kind: str | None = None,
) -> Response:
    """The fifth step; of a campaign that is scheduled already, another moment."""
    campaign = campaign_by_id(session, campaign_id)
    if Action.SCHEDULE not in possible(State(campaign.state), begun=begun(session, campaign_id)):
        return see_other(f"/campaigns/{campaign_id}")
    asked = filled_in(campaign, viewer.time_zone, clock.now(), kind=kind, when=when)
    return _schedule_page(request, session, campaign, asked, clock.now())


def _schedule_page(
    request: Request,
    session: Session,
    campaign: Campaign,
    asked: ScheduleAsked,
    now: datetime,
    *,
    status: int = 200,
    **more: Any,
) -> Response:
    who, checks = look(session, campaign, now)
    values: dict[str, Any] = {"errors": {}, "conflict": None} | more
    return render(
        request,
        "campaign_schedule.html",
        status=status,
        campaign=campaign,
        asked=asked,
        who=who,
        checks=checks,
        approval=needs_approval(session, campaign, who.reached, now),
        whole=campaign.state == State.DRAFT,
        kinds=KINDS,
        modes=MODES,
        units=[(key, said(request, words)) for key, words in UNITS.items()],
        every=[(key, said(request, words)) for key, words in EVERY.items()],
        weekdays=weekday_names(locale_of(request)),
        causes=EVENTS,
        stages=STAGES,
        **values,
    )


@router.post("/{campaign_id}/schedule", dependencies=[allow(Role.MARKETER)])
def schedule_it(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    asked: Annotated[ScheduleAsked, Form()],
    version: Annotated[int, Form()] = 0,
    then: Annotated[str, Form()] = "schedule",
) -> Response:
    """Save when it goes out, and unless it was only to be saved, have it go."""
    campaign, now = campaign_by_id(session, campaign_id), clock.now()
    try:
        if campaign.state == State.DRAFT:
            seen = campaign.version
            campaign = save(session, campaign_id, asked.changes(viewer.time_zone, now), version=version, now=now)
            # What was saved just now is no reason to look again; what somebody else saved before is.
            version = campaign.version if version == seen else version
        if then == "save" and campaign.state == State.DRAFT:
            return toast(see_other(f"/campaigns/{campaign_id}/schedule"), N_("Saved. Nothing is sent yet."))
        moment = asked.moment(viewer.time_zone, now)
        reached = check_ready(session, campaign, now).reached
        schedule(session, campaign_id, at=moment, version=version, actor=viewer.email, now=now, reached=reached)
    except (InvalidError, UnreadyError, ChangedError) as error:
        found = {"status": 422} if isinstance(error, UnreadyError) else wrong(request, session, viewer, error)
        return _schedule_page(request, session, campaign, asked, now, **found)
    return _told(campaign, now)


def _told(campaign: Campaign, now: datetime) -> Response:
    """What was done, with the way back."""
    page, name = f"/campaigns/{campaign.id}", campaign.name
    if campaign.state == State.AWAITS:
        undo = f"{page}/take-back"
        return toast(see_other(page), N_("“%(name)s” waits for somebody else's approval."), undo=undo, name=name)
    if campaign.kind == Kind.TRIGGERED:
        return toast(see_other(page), N_("“%(name)s” is on."), undo=f"{page}/pause", name=name)
    if campaign.scheduled_at is not None and campaign.scheduled_at <= now:
        return toast(see_other(page), N_("“%(name)s” goes out now."), undo=f"{page}/pause", name=name)
    return toast(see_other(page), N_("“%(name)s” is scheduled."), undo=f"{page}/take-back", name=name)
