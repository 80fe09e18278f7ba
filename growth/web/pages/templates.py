"""Messages: those that came with the product and those saved here; new ones, and putting one away."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from sqlalchemy.orm import Session

from growth.campaigns.messages.listing import PAGE, messages
from growth.campaigns.messages.saving import duplicate, new_message, put_away, take_out
from growth.campaigns.messages.sources import message_names
from growth.campaigns.messages.starting import HTML_MESSAGE
from growth.errors import InvalidError
from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.campaign_words import message_title
from growth.web.navigation import NavEntry
from growth.web.rendering import render, said, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/templates")
LOOKS = (Role.MARKETER, Role.MANAGER)
NAV = NavEntry(group=N_("Buyers"), label=N_("Templates"), href="/templates", icon="template", order=12, roles=LOOKS)
After = Annotated[str | None, Query(max_length=80)]
_BEGIN = N_("nothing: HTML of your own")
_HTML = "*html"
"""Chosen instead of a message to copy; no message has such a name."""


@router.get("", dependencies=[allow(*LOOKS)])
def list_messages(
    request: Request, session: SessionDep, viewer: ViewerDep, *, archived: bool = False, after: After = None
) -> Response:
    """Every message on offer, or those archived, each with a small preview."""
    found = messages(session, archived=archived, after=after, size=PAGE + 1)
    return render(
        request,
        "templates.html",
        listed=found[:PAGE],
        following=found[PAGE - 1].name if len(found) > PAGE else None,
        archived=archived,
        title=message_title,
        may=viewer.has(Role.MARKETER),
    )


@router.get("/new", dependencies=[allow(Role.MARKETER)])
def new(request: Request, session: SessionDep, like: str = "") -> Response:
    """What a new message begins as, and what it is called."""
    return _new_page(request, session, like, "")


@router.post("/new", dependencies=[allow(Role.MARKETER)])
def make(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    like: Annotated[str, Form()] = "",
    new_name: Annotated[str, Form()] = "",
) -> Response:
    """A copy to be changed, or one that begins anew in HTML."""
    if like not in (*message_names(session, archived=True), _HTML):
        return _new_page(request, session, like, new_name, InvalidError("like", N_("Choose a message of the list.")))
    told: dict[str, Any] = {"actor": viewer.email, "now": clock.now()}
    try:
        if like == _HTML:
            made = new_message(session, new_name, HTML_MESSAGE, {}, **told)
            return toast(see_other(f"/templates/{made}"), N_("This is a beginning. Change what you like."))
        made = duplicate(session, like, new_name, **told)
    except InvalidError as error:
        return _new_page(request, session, like, new_name, error)
    return toast(see_other(f"/templates/{made}"), N_("This is a copy. Change what you like."))


def _new_page(
    request: Request, session: Session, like: str, new_name: str, error: InvalidError | None = None
) -> Response:
    return render(
        request,
        "template_new.html",
        status=422 if error else 200,
        names=[*((name, message_title(name)) for name in message_names(session)), (_HTML, said(request, _BEGIN))],
        like=like,
        new_name=new_name,
        errors={error.field: error} if error else {},
    )


@router.post("/{name}/archive", dependencies=[allow(Role.MARKETER)])
def archive(session: SessionDep, viewer: ViewerDep, clock: ClockDep, name: str) -> Response:
    """Offer it no more; campaigns keep it."""
    put_away(session, name, actor=viewer.email, now=clock.now())
    sentence = N_("“%(name)s” is in the archive. Campaigns that have it keep it.")
    return toast(see_other("/templates"), sentence, undo=f"/templates/{name}/unarchive", name=message_title(name))


@router.post("/{name}/unarchive", dependencies=[allow(Role.MARKETER)])
def unarchive(session: SessionDep, viewer: ViewerDep, clock: ClockDep, name: str) -> Response:
    """Bring it back."""
    take_out(session, name, actor=viewer.email, now=clock.now())
    return toast(see_other(f"/templates/{name}"), N_("“%(name)s” is on offer again."), name=message_title(name))
