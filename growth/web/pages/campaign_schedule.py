"""Scheduling a campaign, the last step: when, naming how many get it."""

from datetime import datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request, Response

from growth.campaigns.fields import moment_in
from growth.campaigns.planning import begun, schedule
from growth.campaigns.readiness import UnreadyError, check_ready, look
from growth.campaigns.reading import campaign_by_id
from growth.campaigns.records import Campaign
from growth.campaigns.states import Action, State, possible
from growth.errors import InvalidError
from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, Viewer, ViewerDep, allow
from growth.web.campaign_words import audience_words
from growth.web.rendering import render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/campaigns")


@router.get("/{campaign_id}/schedule", dependencies=[allow(Role.MARKETER)])
def schedule_step(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int, *, when: str = "later"
) -> Response:
    """The fifth step: when, naming how many get it."""
    campaign = campaign_by_id(session, campaign_id)
    if Action.SCHEDULE not in possible(State(campaign.state), begun=begun(session, campaign_id)):
        return see_other(f"/campaigns/{campaign_id}")
    who, checks = look(session, campaign, clock.now())
    asked = {"when": when if when == "now" else "later", "at": _proposed(campaign, viewer, clock.now())}
    return _schedule_page(request, viewer, campaign, asked, who=who, checks=checks)


def _proposed(campaign: Campaign, viewer: Viewer, now: datetime) -> str:
    """The moment it had, or tomorrow at ten."""
    zone = ZoneInfo(viewer.time_zone)
    tomorrow = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(10))
    had = campaign.scheduled_at
    return (had.astimezone(zone) if had and had > now else tomorrow).strftime("%Y-%m-%dT%H:%M")


def _schedule_page(
    request: Request, viewer: Viewer, campaign: Campaign, asked: dict[str, str], *, status: int = 200, **more: Any
) -> Response:
    values = {"errors": {}} | more
    audience = audience_words(request, campaign.audience, viewer.time_zone)
    return render(
        request, "campaign_schedule.html", status=status, campaign=campaign, asked=asked, audience=audience, **values
    )


@router.post("/{campaign_id}/schedule", dependencies=[allow(Role.MARKETER)])
def schedule_it(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    when: Annotated[str, Form()] = "later",
    at: Annotated[str, Form()] = "",
    version: Annotated[int, Form()] = 0,
) -> Response:
    """Send it now, or at a moment in the viewer's time zone."""
    campaign, now = campaign_by_id(session, campaign_id), clock.now()
    try:
        moment = None if when == "now" else moment_in(at, viewer.time_zone, now)
        check_ready(session, campaign, now)
        schedule(session, campaign_id, at=moment, version=version, actor=viewer.email, now=now)
    except (InvalidError, UnreadyError) as error:
        who, checks = look(session, campaign, now)
        wrong = {"at": error} if isinstance(error, InvalidError) else {}
        asked = {"when": when, "at": at}
        return _schedule_page(request, viewer, campaign, asked, who=who, checks=checks, errors=wrong, status=422)
    if moment is None:
        undo = f"/campaigns/{campaign_id}/pause"
        return toast(
            see_other(f"/campaigns/{campaign_id}"), N_("“%(name)s” goes out now."), undo=undo, name=campaign.name
        )
    undo = f"/campaigns/{campaign_id}/take-back"
    return toast(see_other(f"/campaigns/{campaign_id}"), N_("“%(name)s” is scheduled."), undo=undo, name=campaign.name)
