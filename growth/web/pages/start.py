"""The start page of each role, and the language switcher."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from growth.locales import closest
from growth.people.accounts import Role
from growth.people.sign_in import account_of_session
from growth.web.access import EVERYBODY, ClockDep, SessionDep, ViewerDep, allow, public, session_cookie
from growth.web.rendering import own_path, see_other

router = APIRouter()

_STARTS = ((Role.MANAGER, "/channels"), (Role.MARKETER, "/campaigns"), (Role.REP, "/leads"))


@router.get("/", dependencies=[allow(*EVERYBODY)])
def start(viewer: ViewerDep) -> Response:
    """To the page that this role begins its day with."""
    return see_other(next((path for role, path in _STARTS if viewer.has(role)), "/profile"))


@router.post("/language", dependencies=[public()])
def choose_language(
    request: Request,
    session: SessionDep,
    clock: ClockDep,
    *,
    locale: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - the address's word
) -> Response:
    """Remember the language, in this browser and in the profile of who is signed in; then the same page again."""
    answer = see_other(own_path(next))
    chosen = closest(locale)
    if chosen is None:
        return answer
    token = request.cookies.get(session_cookie())
    account = account_of_session(session, token, clock.now()) if token else None
    if account is not None:
        account.locale = chosen
    answer.set_cookie("locale", chosen, max_age=31_536_000, path="/", samesite="lax", httponly=True)
    return answer
