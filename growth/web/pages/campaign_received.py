"""One message of a campaign as its recipient received it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response
from sqlalchemy.orm import Session

from growth.campaigns.email.archive import Received, as_received
from growth.campaigns.reading import campaign_by_id
from growth.errors import NotFoundError
from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import SessionDep, allow
from growth.web.message_frames import framed
from growth.web.rendering import render

router = APIRouter(prefix="/campaigns")
LOOKS = (Role.MARKETER, Role.MANAGER)
DeliveryNumber = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("/{campaign_id}/messages/{delivery_id}", dependencies=[allow(*LOOKS)])
def received(
    request: Request,
    session: SessionDep,
    campaign_id: int,
    delivery_id: DeliveryNumber,
    form: Literal["html", "text"] = "html",
) -> Response:
    """What was sent, with its headers; its links lead where they end, and nobody is counted or unsubscribed by them."""
    campaign = campaign_by_id(session, campaign_id)
    found = _of(session, campaign_id, delivery_id)
    return render(request, "campaign_received.html", campaign=campaign, received=found, form=form)


@router.get("/{campaign_id}/messages/{delivery_id}/frame", dependencies=[allow(*LOOKS)])
def received_frame(
    session: SessionDep, campaign_id: int, delivery_id: DeliveryNumber, scheme: str = "auto"
) -> Response:
    """The message alone, for its frame."""
    return framed(_of(session, campaign_id, delivery_id).html, scheme)


def _of(session: Session, campaign_id: int, delivery_id: int) -> Received:
    """The message when it is one of this campaign. Raises NotFoundError."""
    found = as_received(session, delivery_id)
    if found.campaign_id != campaign_id:
        raise NotFoundError(N_("This message can't be shown."))
    return found
