"""The team: who has an account, with which roles; inviting, changing and closing, all written in the audit log."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.errors import ConflictError, InvalidError
from growth.locales import N_
from growth.people.accounts import Account, Role
from growth.people.passwords import no_password, password_link
from growth.people.sign_in import close_all_sessions
from growth.people.staff import account_by_id, change_roles, close_account, new_account, open_account
from growth.settings import settings
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.navigation import NavEntry
from growth.web.rendering import render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/team")
NAV = NavEntry(group=N_("Run"), label=N_("Team"), href="/team", icon="user-plus", order=30, roles=(Role.ADMIN,))


@router.get("", dependencies=[allow()])
def team(request: Request, session: SessionDep) -> Response:
    """Everybody, and a form to invite."""
    return _list(request, session)


def _list(request: Request, session: Session, *, status: int = 200, **form: object) -> Response:
    accounts = session.scalars(select(Account).order_by(Account.disabled_at.is_not(None), Account.name, Account.id))
    values = {"errors": {}, "email": "", "name": "", "chosen": []} | form
    return render(request, "team.html", status=status, accounts=accounts.all(), **values)


@router.post("", dependencies=[allow()])
def invite(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    email: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    roles: Annotated[list[Role], Form()] = [],  # noqa: B006 - read only
) -> Response:
    """A new account, and the link by which its owner sets a password."""
    form = {"email": email, "name": name, "chosen": [role.value for role in roles]}
    try:
        account = new_account(
            session, email=email, name=name, roles=roles, password_hash=no_password(), now=clock.now()
        )
    except InvalidError as error:
        return _list(request, session, status=422, errors={error.field: error}, **form)
    except ConflictError as error:
        return _list(request, session, status=422, errors={"email": error}, **form)
    detail = {"roles": sorted(role.value for role in roles)}
    audit(session, actor=viewer.email, action="invite", subject=account.email, detail=detail, now=clock.now())
    return _one(request, account, link=settings().public_url + password_link(account, clock.now()))


def _one(request: Request, account: Account, *, status: int = 200, **more: object) -> Response:
    held = [role.role for role in account.roles]
    values = {"link": None, "errors": {}, "chosen": held} | more
    return render(request, "team_member.html", status=status, account=account, **values)


@router.get("/{account_id}", dependencies=[allow()])
def member(request: Request, session: SessionDep, account_id: int) -> Response:
    """One account."""
    return _one(request, account_by_id(session, account_id))


@router.post("/{account_id}/roles", dependencies=[allow()])
def set_roles(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    account_id: int,
    *,
    roles: Annotated[list[Role], Form()] = [],  # noqa: B006 - read only
) -> Response:
    """Give it these roles."""
    account = account_by_id(session, account_id)
    before = sorted(role.role for role in account.roles)
    try:
        change_roles(session, account, roles)
    except InvalidError as error:
        return _one(request, account, status=422, errors={"roles": error}, chosen=[])
    detail = {"before": before, "after": sorted(role.value for role in roles)}
    audit(session, actor=viewer.email, action="roles", subject=account.email, detail=detail, now=clock.now())
    return toast(see_other("/team"), N_("Roles of %(name)s saved."), name=account.name)


@router.post("/{account_id}/link", dependencies=[allow()])
def new_link(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, account_id: int) -> Response:
    """A link by which its owner sets a new password; the old one goes on working until then."""
    account = account_by_id(session, account_id)
    audit(session, actor=viewer.email, action="password link", subject=account.email, detail={}, now=clock.now())
    return _one(request, account, link=settings().public_url + password_link(account, clock.now()))


@router.post("/{account_id}/close", dependencies=[allow()])
def close(session: SessionDep, viewer: ViewerDep, clock: ClockDep, account_id: int) -> Response:
    """Nobody signs in with it any more; open sessions end at once."""
    account = account_by_id(session, account_id)
    close_account(session, account, clock.now())
    close_all_sessions(session, account.id)
    audit(session, actor=viewer.email, action="close account", subject=account.email, detail={}, now=clock.now())
    undo = f"/team/{account_id}/open"
    return toast(see_other("/team"), N_("%(name)s can't sign in any more."), undo=undo, name=account.name)


@router.post("/{account_id}/open", dependencies=[allow()])
def reopen(session: SessionDep, viewer: ViewerDep, clock: ClockDep, account_id: int) -> Response:
    """Let its owner sign in again."""
    account = account_by_id(session, account_id)
    open_account(session, account)
    audit(session, actor=viewer.email, action="open account", subject=account.email, detail={}, now=clock.now())
    return toast(see_other("/team"), N_("%(name)s can sign in again."), name=account.name)
