"""Reading leads: who may see which, and what happened to one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, literal, or_, select, true
from sqlalchemy.orm import Session

from growth.errors import NotFoundError
from growth.leads.records import Activity, Assignment, FollowUp, Lead, StageChange
from growth.locales import N_
from growth.people.accounts import Account, AccountRole, Role

_OLDEST = 50
Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Worker:
    """Who works with leads: a rep sees their own and nobody's, a manager all."""

    account_id: int
    sees_all: bool = False

    def sees(self) -> ColumnElement[bool]:
        """Which leads, in SQL."""
        return true() if self.sees_all else or_(Lead.owner_id == self.account_id, Lead.owner_id.is_(None))


@dataclass(frozen=True)
class Happening:
    """Something that happened to a lead.

    Args:
        id: of its own record.
        kind: call, note, e-mail or meeting; stage, assigned or promised.
        what: the outcome, the stage, or whom it was given to.
        note: what was written down; of a stage the reason.
        who: who did it.
        due_at: for when something was promised.
    """

    at: datetime
    id: int
    kind: str
    what: str | None
    note: str
    who: str | None
    due_at: datetime | None = None


def any_lead(session: Session, lead_id: int) -> Lead:
    """A lead, whoever works on it. Raises NotFoundError."""
    lead = session.get(Lead, lead_id)
    if lead is None:
        raise NotFoundError(N_("There is no such lead."))
    return lead


def visible_lead(session: Session, worker: Worker, lead_id: int) -> Lead:
    """A lead that this worker may see. Raises NotFoundError."""
    lead = session.scalar(select(Lead).where(Lead.id == lead_id, worker.sees()))
    if lead is None:
        raise NotFoundError(
            N_("There is no such lead, or a colleague works on it."), remedy=N_("A manager can give it to you.")
        )
    return lead


def history(session: Session, lead_id: int) -> list[Happening]:
    """What happened, the newest first, fifty at most of a kind."""
    found: list[Happening] = []
    for query in (_activities(lead_id), _stages(lead_id), _assignments(lead_id), _promises(lead_id)):
        found += [_happening(row) for row in session.execute(query.limit(_OLDEST))]
    return sorted(found, key=lambda one: (one.at, one.kind == "promised", one.id), reverse=True)


def _happening(row: Row[Any]) -> Happening:
    return Happening(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public way to a row as a mapping


def _activities(lead_id: int) -> Rows:
    chosen = select(
        Activity.at,
        Activity.id,
        Activity.kind,
        Activity.outcome.label("what"),
        Activity.note,
        Account.name.label("who"),
    )
    joined = chosen.outerjoin(Account, Account.id == Activity.account_id)
    return joined.where(Activity.lead_id == lead_id).order_by(Activity.id.desc())


def _stages(lead_id: int) -> Rows:
    chosen = select(
        StageChange.at,
        StageChange.id,
        literal("stage").label("kind"),
        StageChange.stage.label("what"),
        StageChange.reason.label("note"),
        StageChange.by.label("who"),
    )
    return chosen.where(StageChange.lead_id == lead_id).order_by(StageChange.id.desc())


def _assignments(lead_id: int) -> Rows:
    chosen = select(
        Assignment.at,
        Assignment.id,
        literal("assigned").label("kind"),
        Account.name.label("what"),
        Assignment.reason.label("note"),
        literal(None).label("who"),
    )
    joined = chosen.join(Account, Account.id == Assignment.account_id)
    return joined.where(Assignment.lead_id == lead_id).order_by(Assignment.id.desc())


def _promises(lead_id: int) -> Rows:
    """Open ones; what was kept shows as the call that kept it."""
    chosen = select(
        Activity.at,
        FollowUp.id,
        literal("promised").label("kind"),
        literal(None).label("what"),
        FollowUp.note,
        Account.name.label("who"),
        FollowUp.due_at,
    )
    joined = chosen.join(Activity, Activity.id == FollowUp.activity_id)
    joined = joined.outerjoin(Account, Account.id == FollowUp.account_id)
    return joined.where(FollowUp.lead_id == lead_id, FollowUp.done_at.is_(None)).order_by(FollowUp.id.desc())


def name_of(session: Session, account_id: int) -> str:
    """What a colleague is called."""
    return session.scalars(select(Account.name).where(Account.id == account_id)).one()


def reps(session: Session) -> list[tuple[int, str]]:
    """Who leads can be given to: id and name."""
    found = select(Account.id, Account.name).join(AccountRole).where(AccountRole.role == Role.REP.value)
    rows = session.execute(found.where(Account.disabled_at.is_(None)).order_by(Account.name, Account.id))
    return [(row.id, row.name) for row in rows]
