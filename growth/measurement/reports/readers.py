"""Who gets the weekly report by e-mail: managers unless they don't want it, others only if they do."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.errors import NotFoundError
from growth.keyring import keyring
from growth.locales import N_
from growth.measurement.reports.records import ReportWish
from growth.people.accounts import Account, AccountRole, Role

READERS = (Role.ADMIN, Role.MANAGER, Role.MARKETER)
"""Who may read reports; sales reps work on leads."""
_PURPOSE = "weekly report"


def wants(session: Session, account_id: int, roles: Collection[str]) -> bool:
    """Whether the account with these roles gets the weekly report."""
    if set(roles).isdisjoint(READERS):
        return False
    wish = session.scalar(select(ReportWish.wanted).where(ReportWish.account_id == account_id))
    return Role.MANAGER in roles if wish is None else wish


def set_wish(session: Session, account_id: int, now: datetime, *, wanted: bool) -> None:
    """Keep whether somebody wants it; again changes nothing."""
    wish = insert(ReportWish).values(account_id=account_id, wanted=wanted, changed_at=now)
    changed = {"wanted": wanted, "changed_at": now}
    session.execute(
        wish.on_conflict_do_update(index_elements=["account_id"], set_=changed, where=ReportWish.wanted != wanted)
    )


def next_readers(session: Session, after: int, size: int) -> Sequence[Account]:
    """The next accounts that get it, by id; closed ones don't."""
    found = select(Account).where(Account.id > after, *_get_it())
    return session.scalars(found.order_by(Account.id).limit(size)).all()


def number_of_readers(session: Session) -> int:
    """How many get it."""
    return session.scalar(select(func.count()).select_from(Account).where(*_get_it())) or 0


def _get_it() -> list[ColumnElement[bool]]:
    may = exists().where(AccountRole.account_id == Account.id, AccountRole.role.in_(READERS))
    manages = exists().where(AccountRole.account_id == Account.id, AccountRole.role == Role.MANAGER)
    wish = select(ReportWish.wanted).where(ReportWish.account_id == Account.id).scalar_subquery()
    return [Account.disabled_at.is_(None), may, or_(wish.is_(True), case((wish.is_(None), manages), else_=False))]


def all_readers(session: Session) -> Sequence[Account]:
    """Everybody to whom a report may be sent by hand, by name; at most 200."""
    may = exists().where(AccountRole.account_id == Account.id, AccountRole.role.in_(READERS))
    found = select(Account).where(Account.disabled_at.is_(None), may)
    return session.scalars(found.order_by(Account.name, Account.id).limit(200)).all()


def sign_stop(account_id: int) -> str:
    """Path of the page on which a reader ends the weekly reports, and of the mail program's own button (RFC 8058)."""
    return f"/p/reports?t={keyring().sign(_PURPOSE, str(account_id))}"


def read_stop(session: Session, signed: str) -> Account:
    """Whose letter the link came with. Raises RefusedError, and NotFoundError when the account is gone."""
    account = session.get(Account, int(keyring().verify(_PURPOSE, signed)))
    if account is None:
        raise NotFoundError(N_("The account that this link came to is gone."))
    return account
