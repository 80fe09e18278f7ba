"""`growth account`: accounts from the command line, for the first one and for when nobody can sign in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_ACTOR = "command line"


class RoleName(StrEnum):
    """The roles of `growth.people.accounts`, without the cost of importing records."""

    ADMIN = "admin"
    MANAGER = "manager"
    MARKETER = "marketer"
    REP = "rep"


Password = Annotated[
    str, typer.Option(prompt=True, confirmation_prompt=True, hide_input=True, help="At least 12 characters.")
]
Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]
Name = Annotated[str, typer.Option(prompt=True, help="What to call this person.")]
Roles = Annotated[list[RoleName], typer.Option("--role", help="May be given more than once.")]


def add(app: typer.Typer) -> None:
    """Register `growth account create|list|password|role`."""
    group = typer.Typer(help="Accounts of the people who work with growth.", no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(list_accounts)
    group.command("password")(set_password)
    group.command("role")(set_roles)
    app.add_typer(group, name="account")


@contextmanager
def _work() -> Iterator[tuple["Session", datetime]]:
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.engine import transaction

    with database() as engine, transaction(engine) as session:
        yield session, SystemClock().now()


def create(email: Email, name: Name, role: Roles, password: Password) -> None:
    """Add an account."""
    from growth.database.audit import audit
    from growth.people.accounts import Role
    from growth.people.passwords import check_password, hashed
    from growth.people.staff import new_account

    check_password(password, email=email)
    roles = [Role(one) for one in role]
    with _work() as (session, now):
        account = new_account(session, email=email, name=name, roles=roles, password_hash=hashed(password), now=now)
        audit(session, actor=_ACTOR, action="invite", subject=account.email, detail={"roles": sorted(role)}, now=now)
    typer.echo(f"{account.email} can sign in.")


def list_accounts() -> None:
    """Who has an account, with which roles."""
    from sqlalchemy import select

    from growth.people.accounts import Account

    with _work() as (session, _):
        for account in session.scalars(select(Account).order_by(Account.email)):
            roles = ", ".join(sorted(role.role for role in account.roles))
            typer.echo(f"{account.email}  {account.name}  {'closed' if account.disabled_at else roles}")


def set_password(email: Email, password: Password) -> None:
    """Set a new password, and sign the account out everywhere."""
    from growth.database.audit import audit
    from growth.people.passwords import check_password, hashed
    from growth.people.sign_in import close_all_sessions
    from growth.people.staff import account_by_email

    check_password(password, email=email)
    with _work() as (session, now):
        account = account_by_email(session, email)
        account.password_hash = hashed(password)
        close_all_sessions(session, account.id)
        audit(session, actor=_ACTOR, action="password set", subject=account.email, detail={}, now=now)
    typer.echo(f"{account.email} has a new password and was signed out everywhere.")


def set_roles(email: Email, role: Roles) -> None:
    """Give an account these roles and no others."""
    from growth.database.audit import audit
    from growth.people.accounts import Role
    from growth.people.staff import account_by_email, change_roles

    with _work() as (session, now):
        account = account_by_email(session, email)
        before = sorted(held.role for held in account.roles)
        change_roles(session, account, [Role(one) for one in role])
        detail = {"before": before, "after": sorted(role)}
        audit(session, actor=_ACTOR, action="roles", subject=account.email, detail=detail, now=now)
    typer.echo(f"{account.email}: {', '.join(sorted(role))}")
