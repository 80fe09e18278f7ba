"""`/p/unsubscribe`: the end of a kind of e-mails, by a button on a page or by a mail program's own (RFC 8058)."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy.orm import Session

from growth.campaigns.email import feedback
from growth.campaigns.email.recipients import Recipient, recipients
from growth.database.workspace import workspace
from growth.errors import NotFoundError
from growth.events.links import read_unsubscribe
from growth.keyring import keyring
from growth.locales import N_, closest, translate
from growth.people.consent import EMAIL_CHANNEL, MARKETING, PURPOSES, may_write
from growth.people.records import Identity
from growth.web.access import ClockDep, SessionDep, public
from growth.web.public.happened import happened
from growth.web.public.recipient_words import REASONS, masked
from growth.web.rendering import render, see_other

router = APIRouter(prefix="/p/unsubscribe")


@router.get("", dependencies=[public()])
def unsubscribe_page(request: Request, session: SessionDep, t: str = "") -> Response:
    """What would end, and a button: opening a page ends nothing, since programs open pages too."""
    recipient = _recipient(session, t)
    place = workspace(session)
    request.state.demo = place is not None and place.demo
    response = render(
        request,
        "unsubscribe.html",
        locale=_locale(request, recipient),
        token=t,
        organisation=place.name if place else "",
        address=_address(session, recipient),
        ended=_ended(session, recipient),
        known=recipient.person_id is not None,
        reasons=REASONS,
        purpose=PURPOSES[recipient.purpose] if recipient.purpose in PURPOSES and recipient.purpose != MARKETING else "",
    )
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@router.post("", dependencies=[public(cross_site=True)])
def unsubscribe(
    request: Request,
    session: SessionDep,
    clock: ClockDep,
    t: str = "",
    one_click: Annotated[str, Form(alias="List-Unsubscribe")] = "",
) -> Response:
    """End it; again changes nothing. A mail program gets a word, a reader the page, which now says so."""
    recipient, now = _recipient(session, t), clock.now()
    ended_before = _ended(session, recipient)
    if recipient.person_id is not None:
        # Also where nothing is permitted now: a permission from before this moment may be learned of later.
        feedback.unsubscribe(session, recipient.delivery_id, now=now, source="one-click" if one_click else "page")
    if not ended_before:
        happened(session, recipient, "unsubscribe", "link", now)
    if one_click:
        return PlainTextResponse(translate(_locale(request, recipient), N_("You are unsubscribed.")))
    return see_other(f"/p/unsubscribe?t={t}")


def _recipient(session: Session, signed: str) -> Recipient:
    delivery = read_unsubscribe(signed)
    recipient = recipients(session, [delivery]).get(delivery)
    if recipient is None:
        raise NotFoundError(N_("The message that this link came with is gone."))
    return recipient


def _locale(request: Request, recipient: Recipient) -> str:
    """The language chosen on the page, else the message's."""
    return closest(request.cookies.get("locale")) or closest(recipient.locale) or "en"


def _ended(session: Session, recipient: Recipient) -> bool:
    person = recipient.person_id
    return person is None or not may_write(session, person, recipient.purpose, EMAIL_CHANNEL)


def _address(session: Session, recipient: Recipient) -> str | None:
    identity = session.get(Identity, recipient.identity_id) if recipient.identity_id is not None else None
    if identity is None or identity.sealed is None:
        return None
    return masked(keyring().unseal(identity.sealed))
