"""A campaign from its name on: name and side as it is made, its message, and what every step does with an error."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from sqlalchemy.orm import Session

from growth.campaigns.differences import ChangedError
from growth.campaigns.fields import SIDES
from growth.campaigns.messages.sources import message_names
from growth.campaigns.planning import create, save
from growth.campaigns.reading import campaign_by_id
from growth.campaigns.records import Campaign
from growth.campaigns.states import State
from growth.campaigns.unserved import MOST_COUNTED, lacking, unserved
from growth.errors import InvalidError
from growth.locales import LANGUAGE_NAMES, N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, Viewer, ViewerDep, allow
from growth.web.campaign_words import (
    FIELDS,
    field_words,
    message_key,
    message_of,
    message_options,
    preview_locale,
)
from growth.web.rendering import locale_of, render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/campaigns")
FIRST = "welcome_buyer"
"""The message of a new draft, since everybody can get it: it says nothing of them that may not be known."""
AudienceId = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


@router.get("/new", dependencies=[allow(Role.MARKETER)])
def new(request: Request, audience: AudienceId = None) -> Response:
    """A campaign that isn't there yet; `audience` is a saved one to write to."""
    return _name_page(request, None, {"name": "", "side": "buyer", "audience": audience})


@router.post("/new", dependencies=[allow(Role.MARKETER)])
def make(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    name: Annotated[str, Form()] = "",
    side: Annotated[str, Form()] = "",
    audience: Annotated[str, Form()] = "",
) -> Response:
    """A draft with the first message, and on to the first step."""
    found = message_names(session)
    message = FIRST if FIRST in found else next(iter(found), "")
    try:
        made = create(session, name=name, side=side, message=message, actor=viewer.email, now=clock.now())
    except InvalidError as error:
        asked = {"name": name, "side": side, "audience": audience}
        return _name_page(request, None, asked, errors={error.field: error}, status=422)
    chosen = f"?saved={audience}" if audience.isascii() and audience.isdecimal() and len(audience) < 19 else ""
    return see_other(f"/campaigns/{made.id}/audience{chosen}")


@router.get("/{campaign_id}/name", dependencies=[allow(Role.MARKETER)])
def name_step(request: Request, session: SessionDep, campaign_id: int) -> Response:
    """Name and side again."""
    campaign = campaign_by_id(session, campaign_id)
    if campaign.state != State.DRAFT:
        return see_other(f"/campaigns/{campaign_id}")
    return _name_page(request, campaign, {"name": campaign.name, "side": campaign.side})


@router.post("/{campaign_id}/name", dependencies=[allow(Role.MARKETER)])
def rename(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    name: Annotated[str, Form()] = "",
    side: Annotated[str, Form()] = "",
    version: Annotated[int, Form()] = 0,
) -> Response:
    """Save name and side."""
    asked = {"name": name, "side": side}
    try:
        save(session, campaign_id, asked, version=version, now=clock.now())
    except (InvalidError, ChangedError) as error:
        campaign = campaign_by_id(session, campaign_id)
        return _name_page(request, campaign, asked, **wrong(request, session, viewer, error))
    return see_other(f"/campaigns/{campaign_id}/audience")


def _name_page(
    request: Request, campaign: Campaign | None, asked: dict[str, Any], *, status: int = 200, **more: Any
) -> Response:
    values = {"errors": {}, "conflict": None} | more
    return render(request, "campaign_name.html", status=status, campaign=campaign, asked=asked, sides=SIDES, **values)


def wrong(request: Request, session: Session, viewer: Viewer, error: InvalidError | ChangedError) -> dict[str, Any]:
    """What a step's page is rendered with after an error: beside the field, or theirs beside mine."""
    if isinstance(error, InvalidError):
        return {"errors": {error.field: error}, "status": 422}
    rows = [
        (
            FIELDS[one.field],
            *(field_words(request, session, one.field, value, viewer.time_zone) for value in (one.theirs, one.mine)),
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
    return _message_page(request, session, campaign, message_key(campaign.message, campaign.message_version))


@router.post("/{campaign_id}/message", dependencies=[allow(Role.MARKETER)])
def choose_message(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    message: Annotated[str, Form()] = "",
    version: Annotated[int, Form()] = 0,
    then: Annotated[str, Form()] = "experiment",
) -> Response:
    """Save the message; `then` is the step to go on to."""
    name, number = message_of(message)
    try:
        wanted = {"message": name, "message_version": number}
        save(session, campaign_id, wanted, version=version, now=clock.now())
    except (InvalidError, ChangedError) as error:
        campaign = campaign_by_id(session, campaign_id)
        return _message_page(request, session, campaign, message, **wrong(request, session, viewer, error))
    if then == "message":
        return toast(see_other(f"/campaigns/{campaign_id}/message"), N_("Saved. Nothing is sent yet."))
    return see_other(f"/campaigns/{campaign_id}/experiment")


def _message_page(
    request: Request, session: Session, campaign: Campaign, chosen: str, *, status: int = 200, **more: Any
) -> Response:
    values = {"errors": {}, "conflict": None} | more
    return render(
        request,
        "campaign_message.html",
        status=status,
        campaign=campaign,
        chosen=chosen,
        messages=message_options(session, request, campaign.message, campaign.message_version),
        shown=preview_locale(session, campaign.message, locale_of(request), campaign.message_version),
        lacking=[LANGUAGE_NAMES[one] for one in lacking(session, campaign)],
        counted=None,
        **values,
    )


@router.get("/{campaign_id}/unserved", dependencies=[allow(Role.MARKETER)])
def unserved_people(request: Request, session: SessionDep, clock: ClockDep, campaign_id: int) -> Response:
    """How many read a language that the message lacks: a part of its step."""
    campaign = campaign_by_id(session, campaign_id)
    lacks = lacking(session, campaign)
    counted = unserved(session, campaign, lacks, clock.now()) if lacks else {}
    names = [LANGUAGE_NAMES[one] for one in lacks]
    values: dict[str, Any] = {"campaign": campaign, "lacking": names, "counted": counted, "most": MOST_COUNTED}
    return render(request, "campaign_unserved.html", **values)
