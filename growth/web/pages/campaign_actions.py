"""What is done with a campaign by one press: pausing, going on, approving, ending, copying, putting away."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from growth.campaigns import approving, planning
from growth.campaigns.changing import change_speed
from growth.campaigns.fields import per_hour_in
from growth.campaigns.reading import whole
from growth.campaigns.records import Campaign
from growth.campaigns.states import Action, State, possible
from growth.errors import InvalidError
from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.pages.campaigns import campaign_shown
from growth.web.rendering import render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/campaigns")
APPROVES = (Role.MARKETER, Role.MANAGER)
Version = Annotated[int, Form()]


@router.post("/{campaign_id}/pause", dependencies=[allow(Role.MARKETER)])
def pause(session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int) -> Response:
    """Stop it at once."""
    campaign = planning.pause(session, campaign_id, actor=viewer.email, now=clock.now())
    return _told(campaign, N_("“%(name)s” is paused."), undo="resume")


@router.post("/{campaign_id}/resume", dependencies=[allow(Role.MARKETER)])
def resume(session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int) -> Response:
    """Go on; what was changed after its approval waits for another."""
    campaign = planning.resume(session, campaign_id, actor=viewer.email, now=clock.now())
    if campaign.state == State.AWAITS:
        return _told(campaign, N_("“%(name)s” waits for somebody else's approval."), undo="take-back")
    return _told(campaign, N_("“%(name)s” goes on."), undo="pause")


@router.post("/{campaign_id}/take-back", dependencies=[allow(Role.MARKETER)])
def take_back(session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int) -> Response:
    """Make a draft of it again, to change it."""
    campaign = planning.take_back(session, campaign_id, actor=viewer.email, now=clock.now())
    if campaign.state == State.PAUSED:
        return _told(campaign, N_("“%(name)s” is paused."))
    return _told(campaign, N_("“%(name)s” is a draft again."))


@router.post("/{campaign_id}/skip", dependencies=[allow(Role.MARKETER)])
def skip(session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int) -> Response:
    """Leave out the time that a recurring campaign waits for, or missed."""
    campaign = planning.skip(session, campaign_id, actor=viewer.email, now=clock.now())
    return _told(campaign, N_("“%(name)s” waits for its next time."))


@router.post("/{campaign_id}/speed", dependencies=[allow(Role.MARKETER)])
def speed(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    per_hour: Annotated[str, Form()] = "",
) -> Response:
    """At most so many messages an hour from now on; nothing for as fast as it goes."""
    now = clock.now()
    try:
        wanted = per_hour_in(per_hour)
        campaign = change_speed(session, campaign_id, per_hour=wanted, actor=viewer.email, now=now)
    except InvalidError as error:
        typed: dict[str, Any] = {"per_hour": per_hour, "errors": {error.field: error}}
        return campaign_shown(request, session, viewer, now, campaign_id, status=422, **typed)
    if wanted is None:
        return _told(campaign, N_("“%(name)s” is sent as fast as it goes."))
    return _told(campaign, N_("“%(name)s” is sent at %(speed)s messages an hour."), speed=wanted)


@router.post("/{campaign_id}/approve", dependencies=[allow(*APPROVES)])
def approve(
    session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int, *, version: Version = 0
) -> Response:
    """Let it go out."""
    campaign = approving.approve(session, campaign_id, version=version, actor=viewer.email, now=clock.now())
    return _told(campaign, N_("You approved “%(name)s”."), undo="pause" if viewer.has(Role.MARKETER) else None)


@router.post("/{campaign_id}/send-back", dependencies=[allow(*APPROVES)])
def send_back(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    note: Annotated[str, Form()] = "",
) -> Response:
    """Not like this."""
    now = clock.now()
    try:
        campaign = approving.send_back(session, campaign_id, note=note, actor=viewer.email, now=now)
    except InvalidError as error:
        typed: dict[str, Any] = {"note": note, "errors": {error.field: error}}
        return campaign_shown(request, session, viewer, now, campaign_id, status=422, **typed)
    return _told(campaign, N_("“%(name)s” is sent back with your note."))


@router.get("/{campaign_id}/cancel", dependencies=[allow(Role.MARKETER)])
def confirm_cancel(request: Request, session: SessionDep, campaign_id: int) -> Response:
    """What cancelling means, with the number."""
    found = whole(session, campaign_id)
    begun = planning.begun(session, campaign_id)
    if Action.CANCEL not in possible(State(found.campaign.state), begun=begun):
        return see_other(f"/campaigns/{campaign_id}")
    return render(request, "campaign_cancel.html", campaign=found.campaign, counts=found.counts, run=found.run)


@router.post("/{campaign_id}/cancel", dependencies=[allow(Role.MARKETER)])
def cancel(session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int) -> Response:
    """End it for good."""
    campaign = planning.cancel(session, campaign_id, actor=viewer.email, now=clock.now())
    return _told(campaign, N_("“%(name)s” is cancelled."))


@router.post("/{campaign_id}/archive", dependencies=[allow(Role.MARKETER)])
def archive(session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int) -> Response:
    """Archive what has ended."""
    campaign = planning.archive(session, campaign_id, archived=True, actor=viewer.email, now=clock.now())
    return _told(campaign, N_("“%(name)s” is in the archive; the list leaves it out."), undo="bring-back")


@router.post("/{campaign_id}/bring-back", dependencies=[allow(Role.MARKETER)])
def bring_back(session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int) -> Response:
    """Have it in the list again."""
    campaign = planning.archive(session, campaign_id, archived=False, actor=viewer.email, now=clock.now())
    return _told(campaign, N_("“%(name)s” is in the list again."))


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


def _told(campaign: Campaign, sentence: str, undo: str | None = None, **values: int) -> Response:
    back = f"/campaigns/{campaign.id}/{undo}" if undo else None
    return toast(see_other(f"/campaigns/{campaign.id}"), sentence, undo=back, name=campaign.name, **values)
