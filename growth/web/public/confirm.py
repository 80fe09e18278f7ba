"""`/p/confirm`: the owner of an address says yes, by a button; opening the page says nothing."""

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from growth.campaigns import wishes
from growth.campaigns.letters import asking
from growth.database.workspace import workspace
from growth.errors import ConflictError, RefusedError
from growth.locales import N_, closest
from growth.people.permission import confirming
from growth.people.permission.confirming import ADDRESS
from growth.people.permission.guarding import ip_prefix
from growth.people.permission.lists import in_words, list_by_id
from growth.people.permission.records import Confirmation, SignUpForm
from growth.web.access import ClockDep, SessionDep, public
from growth.web.rendering import render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/p/confirm")


@router.get("", dependencies=[public()])
def confirm_page(request: Request, session: SessionDep, clock: ClockDep, t: str = "") -> Response:
    """What is asked and a button, or how it ended."""
    found = confirming.read(session, t)
    place = workspace(session)
    request.state.demo = place is not None and place.demo
    locale = closest(request.cookies.get("locale")) or found.locale
    stage = "expired" if confirming.is_expired(found, clock.now()) else found.state
    wanted = list_by_id(session, found.list_id) if found.list_id else None
    response = render(
        request,
        "confirm.html",
        locale=locale,
        token=t,
        kind=found.kind,
        stage=stage,
        again_possible=confirming.may_ask_again(found),
        organisation=place.name if place else "",
        list_name=in_words(wanted.names, locale) if wanted else "",
        address=_masked(found),
        form=_form(session, found),
    )
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@router.post("", dependencies=[public()])
def confirm(request: Request, session: SessionDep, clock: ClockDep, t: str = "") -> Response:
    """Take the yes, once; then the page says how it ended."""
    found, now = confirming.read(session, t, lock=True), clock.now()
    network = ip_prefix(request.client.host if request.client else None)
    if found.state == confirming.WAITING and not confirming.is_expired(found, now):
        if found.kind != ADDRESS:
            asking.confirm(session, found, ip_prefix=network, now=now)
        elif not wishes.confirm_new_address(session, found, ip_prefix=network, now=now):
            raise ConflictError(N_("This address is somebody else's by now, so nothing was changed."))
    return see_other(f"/p/confirm?t={t}")


@router.post("/again", dependencies=[public()])
def send_again(session: SessionDep, clock: ClockDep, t: str = "") -> Response:
    """Another letter with a fresh link, of which there are few."""
    found, now = confirming.read(session, t, lock=True), clock.now()
    if found.state == confirming.CONFIRMED:
        return see_other(f"/p/confirm?t={t}")
    if not confirming.ask_again(session, found, now):
        raise RefusedError(
            N_("No more messages can be sent to this address at the moment."),
            remedy=N_("Wait a minute, then look into your mailbox and the folder for spam."),
        )
    (wishes if found.kind == ADDRESS else asking).post_confirmation(session, found, now)
    return toast(see_other(f"/p/confirm?t={t}"), N_("A new message is on its way."))


def _masked(found: Confirmation) -> str | None:
    """`a***@example.com`: enough to know it by."""
    if found.email_sealed is None:
        return None
    name, _, domain = confirming.open_address(found).rpartition("@")
    return f"{name[:1]}***@{domain}"


def _form(session: Session, found: Confirmation) -> SignUpForm | None:
    """The form by which to begin anew, if it is open."""
    form = session.get(SignUpForm, found.form_id) if found.form_id else None
    return form if form is not None and form.archived_at is None else None
