"""Setting a password by the one-time link that an administrator gave."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from growth.database.audit import audit
from growth.errors import InvalidError
from growth.people.passwords import account_of_link, check_password, hashed
from growth.people.sign_in import close_all_sessions, open_session
from growth.web.access import ClockDep, SessionDep, public
from growth.web.pages.sign_in import with_session
from growth.web.rendering import render, see_other

router = APIRouter()


@router.get("/password", dependencies=[public()])
def password_page(request: Request, session: SessionDep, clock: ClockDep, t: str = "") -> Response:
    """The form, while the link is good."""
    account = account_of_link(session, t, clock.now())
    return render(request, "password.html", token=t, email=account.email, errors={})


@router.post("/password", dependencies=[public()])
def set_password(
    request: Request,
    session: SessionDep,
    clock: ClockDep,
    *,
    t: Annotated[str, Form()] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Keep the password, end all sessions of the account, and sign in here."""
    now = clock.now()
    account = account_of_link(session, t, now)
    try:
        check_password(password, email=account.email)
    except InvalidError as error:
        errors = {"password": error}
        return render(request, "password.html", status=422, token=t, email=account.email, errors=errors)
    account.password_hash = hashed(password)
    close_all_sessions(session, account.id)
    audit(session, actor=account.email, action="password set", subject=account.email, detail={}, now=now)
    return with_session(see_other("/"), open_session(session, account.id, now))
