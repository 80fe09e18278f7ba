"""Signing in and out."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from growth.database.workspace import workspace
from growth.locales import N_
from growth.people import sign_in as people
from growth.settings import settings
from growth.web.access import (
    EVERYBODY,
    ClockDep,
    SessionDep,
    SetUpNeededError,
    ViewerDep,
    allow,
    public,
    session_cookie,
)
from growth.web.rendering import own_path, render, see_other

router = APIRouter()


@router.get("/login", dependencies=[public()])
def sign_in_page(request: Request, session: SessionDep, next: str = "/") -> Response:  # noqa: A002 - the address's word
    """The form."""
    _only_set_up(request, session)
    return render(request, "login.html", next=own_path(next), email="", problem=None, wait=None)


@router.post("/login", dependencies=[public()])
def sign_in(
    request: Request,
    session: SessionDep,
    clock: ClockDep,
    *,
    email: Annotated[str, Form(max_length=254)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - as above
) -> Response:
    """A new session for a known address and its password; one answer for everything else."""
    _only_set_up(request, session)
    client = request.client.host if request.client else "unknown"
    outcome = people.sign_in(session, email, password, client, clock.now())
    if outcome.token is not None:
        _leave_old_session(request, session)
        return with_session(see_other(own_path(next)), outcome.token)
    problem = N_("The address or the password is not right.")
    if outcome.wait is not None:
        problem = N_("Too many attempts. Wait %(minutes)s minutes, then try again.")
    page = render(
        request,
        "login.html",
        status=429 if outcome.wait else 422,
        next=own_path(next),
        email=email,
        problem=problem,
        wait=_minutes(outcome.wait),
    )
    if outcome.wait:
        page.headers["Retry-After"] = str(int(outcome.wait.total_seconds()) + 1)
    return page


def _minutes(wait: timedelta | None) -> int | None:
    return None if wait is None else int(wait.total_seconds() // 60) + 1


@router.post("/logout", dependencies=[allow(*EVERYBODY)])
def sign_out(
    request: Request, session: SessionDep, viewer: ViewerDep, everywhere: Annotated[str, Form()] = ""
) -> Response:
    """End this browser's session, or all sessions of the account."""
    if everywhere:
        people.close_all_sessions(session, viewer.account_id)
    _leave_old_session(request, session)
    answer = see_other("/login")
    answer.delete_cookie(session_cookie(), path="/", secure=settings().secure_cookies, httponly=True, samesite="lax")
    return answer


def with_session(answer: Response, token: str) -> Response:
    """The answer that gives the browser its session."""
    answer.set_cookie(
        session_cookie(),
        token,
        max_age=int(people.LASTS_AT_MOST.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings().secure_cookies,
    )
    return answer


def _leave_old_session(request: Request, session: SessionDep) -> None:
    if old := request.cookies.get(session_cookie()):
        people.close_session(session, old)


def _only_set_up(request: Request, session: SessionDep) -> None:
    place = workspace(session)
    if place is None:
        raise SetUpNeededError(N_("This installation is not set up yet."))
    request.state.demo = place.demo
