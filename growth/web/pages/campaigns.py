"""Campaigns: what goes out and how it does; pausing, resuming and ending one."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from growth.campaigns import planning
from growth.campaigns.reading import (
    PAGE,
    TROUBLE,
    WAITING,
    Whole,
    campaign_by_id,
    campaigns,
    left_out_people,
    receivers,
    whole,
)
from growth.campaigns.records import Campaign
from growth.campaigns.states import NAMES, Action, State, possible
from growth.errors import NotFoundError
from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.campaign_words import (
    DELIVERY_STATES,
    MORE,
    REASONS,
    TONES,
    audience_words,
    message_title,
)
from growth.web.charts import meter
from growth.web.formats import number_text
from growth.web.navigation import NavEntry
from growth.web.rendering import locale_of, render, said, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/campaigns")
LOOKS = (Role.MARKETER, Role.MANAGER)
NAV = NavEntry(
    group=N_("Buyers"), label=N_("Campaigns"), href="/campaigns", icon="mail", order=10, roles=LOOKS, key="m"
)
After = Annotated[int | None, Query(ge=1, le=2**63 - 1)]
_SOON = timedelta(minutes=2)


@router.get("", dependencies=[allow(*LOOKS)])
def list_campaigns(
    request: Request, session: SessionDep, viewer: ViewerDep, *, state: State | None = None, before: After = None
) -> Response:
    """The newest first, in one state when given."""
    found = campaigns(session, state=state, before=before, size=PAGE + 1)
    older = found[PAGE - 1].campaign.id if len(found) > PAGE else None
    return render(
        request,
        "campaigns.html",
        listed=found[:PAGE],
        state=state,
        states=NAMES,
        tones=TONES,
        older=older,
        first=before is None,
        may=viewer.has(Role.MARKETER),
        title=message_title,
    )


@router.get("/{campaign_id}", dependencies=[allow(*LOOKS)])
def campaign_page(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    state: str | None = None,
    after: After = None,
) -> Response:
    """How it does, and who got it: a page of messages, of one state when given. A draft is reviewed instead."""
    found = whole(session, campaign_id)
    if found.campaign.state == State.DRAFT:
        return see_other(f"/campaigns/{campaign_id}/review")
    chosen = state if state in (*WAITING, *TROUBLE) else None
    people = receivers(session, found.run.id, state=chosen, after=after, size=PAGE + 1) if found.run else []
    return render(
        request,
        "campaign.html",
        **_shown(request, found, clock.now()),
        actions=possible(State(found.campaign.state), begun=found.run is not None)
        if viewer.has(Role.MARKETER)
        else frozenset(),
        can=Action,
        may=viewer.has(Role.MARKETER),
        people=people[:PAGE],
        following=people[PAGE - 1].place if len(people) > PAGE else None,
        chosen=chosen,
        filters=(*WAITING, *TROUBLE),
        delivery_states=DELIVERY_STATES,
        audience=audience_words(request, found.campaign.audience, viewer.time_zone),
        title=message_title,
        reasons=REASONS,
        more=MORE,
    )


def _shown(request: Request, found: Whole, now: datetime) -> dict[str, Any]:
    """What the page and its live part both show."""
    counts, campaign = found.counts, found.campaign
    words = said(
        request,
        N_("%(done)s of %(total)s messages are done with"),
        done=number_text(counts.settled, locale_of(request)),
        total=number_text(counts.messages, locale_of(request)),
    )
    due = campaign.scheduled_at if campaign.state == State.SCHEDULED else None
    return {
        "campaign": campaign,
        "run": found.run,
        "counts": counts,
        "left_out": found.left_out,
        "states": NAMES,
        "tones": TONES,
        "meter": meter(counts.settled / counts.messages if counts.messages else 0, 1, words),
        "live": campaign.state == State.SENDING or (due is not None and due <= now + _SOON),
    }


@router.get("/{campaign_id}/progress", dependencies=[allow(*LOOKS)])
def progress(request: Request, session: SessionDep, clock: ClockDep, campaign_id: int, state: str = "") -> Response:
    """The live part of the page; when the campaign is in another state than it shows, the page is loaded again."""
    found = whole(session, campaign_id)
    if state and state != found.campaign.state:
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    return render(request, "campaign_progress.html", **_shown(request, found, clock.now()))


@router.get("/{campaign_id}/left-out/{reason}", dependencies=[allow(*LOOKS)])
def left_out(request: Request, session: SessionDep, campaign_id: int, reason: str, after: After = None) -> Response:
    """The people a campaign leaves out for a reason."""
    campaign = campaign_by_id(session, campaign_id)
    if reason not in REASONS:
        raise NotFoundError(N_("There is no such page."))
    people = left_out_people(session, campaign, reason=reason, after=after, size=PAGE + 1)
    return render(
        request,
        "campaign_left_out.html",
        campaign=campaign,
        reason=reason,
        reasons=REASONS,
        people=people[:PAGE],
        following=people[PAGE - 1].person_id if len(people) > PAGE else None,
    )


@router.post("/{campaign_id}/pause", dependencies=[allow(Role.MARKETER)])
def pause(session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int) -> Response:
    """Stop it at once."""
    campaign = planning.pause(session, campaign_id, actor=viewer.email, now=clock.now())
    return _told(campaign, N_("“%(name)s” is paused."), undo="resume")


@router.post("/{campaign_id}/resume", dependencies=[allow(Role.MARKETER)])
def resume(session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int) -> Response:
    """Go on."""
    campaign = planning.resume(session, campaign_id, actor=viewer.email, now=clock.now())
    return _told(campaign, N_("“%(name)s” goes on."), undo="pause")


@router.post("/{campaign_id}/take-back", dependencies=[allow(Role.MARKETER)])
def take_back(session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int) -> Response:
    """Make a draft of it again, to change it."""
    campaign = planning.take_back(session, campaign_id, actor=viewer.email, now=clock.now())
    return _told(campaign, N_("“%(name)s” is a draft again."))


def _told(campaign: Campaign, sentence: str, undo: str | None = None) -> Response:
    back = f"/campaigns/{campaign.id}/{undo}" if undo else None
    return toast(see_other(f"/campaigns/{campaign.id}"), sentence, undo=back, name=campaign.name)


@router.get("/{campaign_id}/cancel", dependencies=[allow(Role.MARKETER)])
def confirm_cancel(request: Request, session: SessionDep, campaign_id: int) -> Response:
    """What cancelling means, with the number."""
    found = whole(session, campaign_id)
    if Action.CANCEL not in possible(State(found.campaign.state), begun=found.run is not None):
        return see_other(f"/campaigns/{campaign_id}")
    return render(request, "campaign_cancel.html", campaign=found.campaign, counts=found.counts, run=found.run)


@router.post("/{campaign_id}/cancel", dependencies=[allow(Role.MARKETER)])
def cancel(session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int) -> Response:
    """End it for good."""
    campaign = planning.cancel(session, campaign_id, actor=viewer.email, now=clock.now())
    return _told(campaign, N_("“%(name)s” is cancelled."))


@router.post("/{campaign_id}/duplicate", dependencies=[allow(Role.MARKETER)])
def duplicate(session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int) -> Response:
    """A draft like it."""
    copy = planning.duplicate(session, campaign_id, actor=viewer.email, now=clock.now())
    return toast(see_other(f"/campaigns/{copy.id}/name"), N_("This is a copy. Nothing is sent yet."))


@router.post("/{campaign_id}/delete", dependencies=[allow(Role.MARKETER)])
def delete(session: SessionDep, campaign_id: int) -> Response:
    """Delete a draft."""
    planning.delete_draft(session, campaign_id)
    return toast(see_other("/campaigns"), N_("The draft is deleted."))
