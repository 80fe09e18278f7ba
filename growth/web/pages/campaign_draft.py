"""A campaign from its name to its schedule, in five steps; each is a page of its own that works without a script."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from growth.campaigns.email.catalogue import message_names
from growth.campaigns.fields import SIDES
from growth.campaigns.planning import ChangedError, create, save
from growth.campaigns.reading import campaign_by_id
from growth.campaigns.records import Campaign
from growth.campaigns.states import State
from growth.errors import InvalidError
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, Viewer, ViewerDep, allow
from growth.web.campaign_words import FIELDS, field_words, message_title, preview_locale
from growth.web.rendering import locale_of, render, see_other

router = APIRouter(prefix="/campaigns")


@router.get("/new", dependencies=[allow(Role.MARKETER)])
def new(request: Request) -> Response:
    """The first step, of a campaign that isn't there yet."""
    return _name_page(request, None, {"name": "", "side": "buyer"})


@router.post("/new", dependencies=[allow(Role.MARKETER)])
def make(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    name: Annotated[str, Form()] = "",
    side: Annotated[str, Form()] = "",
) -> Response:
    """A draft with the first message, and on to the second step."""
    message = next(iter(message_names()), "")
    try:
        made = create(session, name=name, side=side, message=message, actor=viewer.email, now=clock.now())
    except InvalidError as error:
        return _name_page(request, None, {"name": name, "side": side}, errors={error.field: error}, status=422)
    return see_other(f"/campaigns/{made.id}/message")


@router.get("/{campaign_id}/name", dependencies=[allow(Role.MARKETER)])
def name_step(request: Request, session: SessionDep, campaign_id: int) -> Response:
    """The first step again."""
    campaign = campaign_by_id(session, campaign_id)
    if campaign.state != State.DRAFT:
        return see_other(f"/campaigns/{campaign_id}")
    return _name_page(request, campaign, {"name": campaign.name, "side": campaign.side})


@router.post("/{campaign_id}/name", dependencies=[allow(Role.MARKETER)])
def rename(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    campaign_id: int,
    *,
    name: Annotated[str, Form()] = "",
    side: Annotated[str, Form()] = "",
    version: Annotated[int, Form()] = 0,
) -> Response:
    """Save name and side."""
    asked = {"name": name, "side": side}
    try:
        save(session, campaign_id, asked, version=version)
    except (InvalidError, ChangedError) as error:
        campaign = campaign_by_id(session, campaign_id)
        return _name_page(request, campaign, asked, **wrong(request, viewer, error))
    return see_other(f"/campaigns/{campaign_id}/message")


def _name_page(
    request: Request, campaign: Campaign | None, asked: dict[str, Any], *, status: int = 200, **more: Any
) -> Response:
    values = {"errors": {}, "conflict": None} | more
    return render(request, "campaign_name.html", status=status, campaign=campaign, asked=asked, sides=SIDES, **values)


def wrong(request: Request, viewer: Viewer, error: InvalidError | ChangedError) -> dict[str, Any]:
    """What a step's page is rendered with after an error: beside the field, or theirs beside mine."""
    if isinstance(error, InvalidError):
        return {"errors": {error.field: error}, "status": 422}
    rows = [
        (
            FIELDS[one.field],
            *(field_words(request, one.field, value, viewer.time_zone) for value in (one.theirs, one.mine)),
        )
        for one in error.differences
    ]
    return {"conflict": {"rows": rows, "version": error.version}, "status": 409}


@router.get("/{campaign_id}/message", dependencies=[allow(Role.MARKETER)])
def message_step(request: Request, session: SessionDep, campaign_id: int) -> Response:
    """The second step: which message."""
    campaign = campaign_by_id(session, campaign_id)
    if campaign.state != State.DRAFT:
        return see_other(f"/campaigns/{campaign_id}")
    return _message_page(request, campaign, campaign.message)


@router.post("/{campaign_id}/message", dependencies=[allow(Role.MARKETER)])
def choose_message(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    campaign_id: int,
    *,
    message: Annotated[str, Form()] = "",
    version: Annotated[int, Form()] = 0,
    then: Annotated[str, Form()] = "audience",
) -> Response:
    """Save the message; `then` is the step to go on to."""
    try:
        save(session, campaign_id, {"message": message}, version=version)
    except (InvalidError, ChangedError) as error:
        campaign = campaign_by_id(session, campaign_id)
        return _message_page(request, campaign, message, **wrong(request, viewer, error))
    return see_other(f"/campaigns/{campaign_id}/{'message' if then == 'message' else 'audience'}")


def _message_page(request: Request, campaign: Campaign, chosen: str, *, status: int = 200, **more: Any) -> Response:
    values = {"errors": {}, "conflict": None} | more
    return render(
        request,
        "campaign_message.html",
        status=status,
        campaign=campaign,
        chosen=chosen,
        messages=[(name, message_title(name)) for name in message_names()],
        shown=preview_locale(campaign.message, locale_of(request)),
        **values,
    )
