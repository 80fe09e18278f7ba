"""One's own profile: language, time zone, single-key shortcuts, theme, password, sessions."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.errors import GrowthError, InvalidError
from growth.locales import N_, closest
from growth.measurement.reports.readers import READERS, set_wish, wants
from growth.people.passwords import check_password, hashed, matches
from growth.people.set_up import time_zones
from growth.people.sign_in import close_all_sessions, open_session
from growth.people.staff import account_by_id
from growth.web.access import EVERYBODY, ClockDep, SessionDep, Viewer, ViewerDep, allow
from growth.web.pages.sign_in import with_session
from growth.web.rendering import render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/profile")


@router.get("", dependencies=[allow(*EVERYBODY)])
def profile(request: Request, session: SessionDep, viewer: ViewerDep) -> Response:
    """The forms."""
    return _page(request, session, viewer)


def _page(
    request: Request,
    session: Session,
    viewer: Viewer,
    *,
    status: int = 200,
    errors: dict[str, GrowthError] | None = None,
) -> Response:
    zones = [(zone, zone.replace("_", " ")) for zone in time_zones()]
    return render(
        request,
        "profile.html",
        status=status,
        errors=errors or {},
        zones=zones,
        zone_chosen=viewer.time_zone,
        may_report=viewer.has(*READERS),
        reports=wants(session, viewer.account_id, viewer.roles),
    )


@router.post("", dependencies=[allow(*EVERYBODY)])
def save_profile(
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    name: Annotated[str, Form(max_length=120)] = "",
    language: Annotated[str, Form()] = "",
    time_zone: Annotated[str, Form()] = "",
    shortcuts: Annotated[bool, Form()] = False,
    theme: Annotated[str, Form()] = "",
    reports: Annotated[bool, Form()] = False,
) -> Response:
    """Keep them; what is not in its list stays as it was."""
    account = account_by_id(session, viewer.account_id)
    account.name = name.strip() or account.name
    account.locale = closest(language) or account.locale
    account.time_zone = time_zone if time_zone in time_zones() else account.time_zone
    account.shortcuts = shortcuts
    if viewer.has(*READERS) and reports != wants(session, account.id, viewer.roles):
        set_wish(session, account.id, clock.now(), wanted=reports)
    answer = toast(see_other("/profile"), N_("Your profile is saved."))
    if theme in {"light", "dark"}:
        answer.set_cookie("theme", theme, max_age=31_536_000, path="/", samesite="lax")
    else:
        answer.delete_cookie("theme", path="/")
    return answer


@router.post("/password", dependencies=[allow(*EVERYBODY)])
def change_password(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    old: Annotated[str, Form(max_length=1000)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """A new password for who knows the old one; other browsers are signed out."""
    account = account_by_id(session, viewer.account_id)
    if not matches(account, old):
        wrong = InvalidError("old", N_("This is not your password."))
        return _page(request, session, viewer, status=422, errors={"old": wrong})
    try:
        check_password(password, email=account.email)
    except InvalidError as error:
        return _page(request, session, viewer, status=422, errors={error.field: error})
    account.password_hash = hashed(password)
    close_all_sessions(session, account.id)
    audit(session, actor=account.email, action="password set", subject=account.email, detail={}, now=clock.now())
    answer = toast(see_other("/profile"), N_("Your password is changed. Other browsers were signed out."))
    return with_session(answer, open_session(session, account.id, clock.now()))
