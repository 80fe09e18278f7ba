"""Our own staff: adding an account, its roles, and closing it; there is always one administrator."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from growth.locales import N_
from growth.people.accounts import Account, AccountRole, Role


def checked_email(text: str, field: str = "email") -> str:
    """The address in lower case. Raises InvalidError when it isn't one."""
    address = text.strip().lower()
    local, _, domain = address.rpartition("@")
    odd = any(mark.isspace() or not mark.isprintable() or mark in '<>",' for mark in address)
    if not domain:
        raise InvalidError(field, N_("The part after @ is missing."))
    if not local or "." not in domain.strip(".") or odd or len(address) > 254:
        raise InvalidError(field, N_("This is not an e-mail address."))
    return address


def new_account(
    session: Session, *, email: str, name: str, roles: Iterable[Role], password_hash: str, now: datetime
) -> Account:
    """Add an account. Raises InvalidError for a field that isn't right, ConflictError for an address in use."""
    address = checked_email(email)
    if not name.strip():
        raise InvalidError("name", N_("Say what to call this person."))
    wanted = sorted({role.value for role in roles})
    if not wanted:
        raise InvalidError("roles", N_("Choose at least one role."))
    if find_account(session, address) is not None:
        raise ConflictError(N_("There is an account for %(email)s already."), email=address)
    account = Account(email=address, name=name.strip()[:120], password_hash=password_hash, created_at=now)
    account.roles = [AccountRole(role=role) for role in wanted]
    session.add(account)
    session.flush()
    return account


def find_account(session: Session, email: str) -> Account | None:
    """The account with this address, in any case."""
    return session.scalar(select(Account).where(Account.email == email.strip().lower()))


def account_by_id(session: Session, account_id: int) -> Account:
    """The account, locked until the transaction ends. Raises NotFoundError."""
    account = session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFoundError(N_("There is no such account."))
    return account


def account_by_email(session: Session, email: str) -> Account:
    """The account with this address. Raises NotFoundError."""
    account = find_account(session, email)
    if account is None:
        raise NotFoundError(N_("There is no account for %(email)s."), email=email.strip())
    return account


def change_roles(session: Session, account: Account, roles: Iterable[Role]) -> None:
    """Give an account these roles and no others. Raises RefusedError when no administrator would be left."""
    wanted = {role.value for role in roles}
    if not wanted:
        raise InvalidError("roles", N_("Choose at least one role."))
    if Role.ADMIN.value not in wanted:
        _keep_one_administrator(session, account)
    account.roles = [role for role in account.roles if role.role in wanted]
    held = {role.role for role in account.roles}
    account.roles.extend(AccountRole(role=role) for role in sorted(wanted - held))
    session.flush()


def close_account(session: Session, account: Account, now: datetime) -> None:
    """Nobody can sign in with it any more. Raises RefusedError when no administrator would be left."""
    _keep_one_administrator(session, account)
    account.disabled_at = now
    session.flush()


def open_account(session: Session, account: Account) -> None:
    """Let somebody sign in again."""
    account.disabled_at = None
    session.flush()


def _keep_one_administrator(session: Session, account: Account) -> None:
    # One lock for all who take an administrator away, so that two can't take away each other.
    session.execute(select(func.pg_advisory_xact_lock(7310_0002)))
    admins = select(Account.id).join(AccountRole).where(AccountRole.role == Role.ADMIN.value)
    others = admins.where(Account.disabled_at.is_(None), Account.id != account.id)
    if session.scalar(others.limit(1)) is None:
        raise RefusedError(
            N_("Somebody has to be an administrator."), remedy=N_("Make somebody else one first, then try again.")
        )
