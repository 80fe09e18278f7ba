"""Working a lead: logging what was done, promising, taking and giving, and moving it on its way."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from growth.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from growth.leads.contacts import tell_contact, withdraw_contact
from growth.leads.reading import Worker, any_lead, name_of, reps
from growth.leads.records import Activity, Assignment, FollowUp, Lead, StageChange
from growth.leads.stages import LOST, OPEN_STAGES, OUTCOMES, REASONS, STAGES, WON_STAGES
from growth.locales import N_

KINDS = ("call", "email", "note", "meeting")
LONGEST_NOTE = 5_000
UNDO_WITHIN = timedelta(minutes=10)
_REST = {
    "no_answer": timedelta(hours=20),
    "call_back": timedelta(hours=20),
    "wrong_number": timedelta(days=7),
    "not_interested": timedelta(days=30),
}
_ANY_REST = timedelta(days=3)


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What somebody did for a lead; `submission` is the form's own key, so that it is logged once."""

    kind: str = "call"
    outcome: str | None = None
    note: str = ""
    follow_up: datetime | None = None
    submission: str | None = None


def log(session: Session, worker: Worker, lead_id: int, deed: Deed, now: datetime) -> int:
    """Write down what was done; returns the activity's id, the same one when it was logged already.

    A lead of nobody becomes the worker's. Unless it was but a note, earlier promises count as kept, and the lead rests
    until the new one or for a while. Raises InvalidError, NotFoundError, and ConflictError when a colleague took the
    lead meanwhile.
    """
    check(deed, now)
    lead = _locked(session, worker, lead_id, note=deed.note)
    if deed.submission is not None:
        logged = session.scalar(select(Activity.id).where(Activity.submission == deed.submission))
        if logged is not None:
            return logged
    if lead.owner_id is None:
        _give(session, lead, worker.account_id, "call", now)
    activity = Activity(
        lead_id=lead.id,
        account_id=worker.account_id,
        kind=deed.kind,
        outcome=deed.outcome,
        note=deed.note.strip(),
        at=now,
        submission=deed.submission,
    )
    session.add(activity)
    session.flush()
    if deed.kind != "note":
        _promise(session, lead, activity, deed, now)
    tell_contact(session, lead, activity)
    return activity.id


def _promise(session: Session, lead: Lead, activity: Activity, deed: Deed, now: datetime) -> None:
    """Count earlier promises as kept, and note the new one; a closed lead is promised nothing."""
    session.execute(update(FollowUp).where(_open_promises(lead)).values(done_at=now))
    if lead.closed_at is None:
        lead.due_at = rests_until(deed, now)
        if deed.follow_up is not None:
            session.add(
                FollowUp(lead_id=lead.id, activity_id=activity.id, account_id=lead.owner_id, due_at=deed.follow_up)
            )
    session.flush()


def check(deed: Deed, now: datetime) -> None:
    """Raise InvalidError, naming the field, for a deed that can't be logged."""
    if deed.kind not in KINDS:
        raise InvalidError("kind", N_("Say whether it was a call, an e-mail, a note or a meeting."))
    if deed.outcome not in OUTCOMES and (deed.kind == "call" or deed.outcome is not None):
        raise InvalidError("outcome", N_("Choose how it went."))
    if len(deed.note) > LONGEST_NOTE:
        raise InvalidError("note", N_("It is longer than %(longest)d characters."), longest=LONGEST_NOTE)
    if "\0" in deed.note:
        raise InvalidError("note", N_("Some of its letters are damaged."), remedy=N_("Type them again."))
    if deed.follow_up is not None and deed.kind == "note":
        raise InvalidError("follow_up", N_("A note promises nothing; log a call."))
    if deed.follow_up is not None and not now < deed.follow_up < now + timedelta(days=3_660):
        raise InvalidError("follow_up", N_("Choose a moment to come, within ten years."))


def rests_until(deed: Deed, now: datetime) -> datetime:
    """When the lead is due again: as promised, or after a rest by how the call went."""
    return deed.follow_up or now + _REST.get(deed.outcome or "", _ANY_REST)


def undo(session: Session, worker: Worker, lead_id: int, activity_id: int, now: datetime) -> None:
    """Take back what the worker logged a moment ago, with what came of it.

    Raises NotFoundError when there is no such thing of theirs, RefusedError after ten minutes.
    """
    lead = _locked(session, worker, lead_id)
    activity = session.get(Activity, activity_id)
    if activity is None or activity.lead_id != lead.id or activity.account_id != worker.account_id:
        raise NotFoundError(N_("This is not there any more."))
    _check_fresh(activity.at, now)
    given = delete(Assignment).where(
        Assignment.lead_id == lead.id, Assignment.at == activity.at, Assignment.reason == "call"
    )
    if session.execute(given.returning(Assignment.id)).first() is not None:
        lead.owner_id = None
    withdraw_contact(session, lead, activity, now)
    session.delete(activity)
    session.flush()
    _reopen_promises(session, lead, activity.at)


def undo_move(session: Session, worker: Worker, lead_id: int, *, by: str, now: datetime) -> Lead:
    """Take back the last move of a lead that the same person made a moment ago. Raises as `undo` does."""
    lead = _locked(session, worker, lead_id)
    moves = select(StageChange).where(StageChange.lead_id == lead.id).order_by(StageChange.id.desc())
    last, before = [*session.scalars(moves.limit(2)), None, None][:2]
    if last is None or last.by != by:
        raise NotFoundError(N_("This is not there any more."))
    _check_fresh(last.recorded_at, now)
    lead.stage = before.stage if before else OPEN_STAGES[0]
    lead.won_at = None if lead.won_at == last.at else lead.won_at
    if lead.stage in OPEN_STAGES:
        if lead.closed_at is not None:
            _refuse_second(session, lead)
        lead.closed_at = None
    elif before is not None:
        lead.closed_at = before.at
    session.delete(last)
    session.flush()
    _reopen_promises(session, lead, last.at)
    return lead


def _check_fresh(at: datetime, now: datetime) -> None:
    if now > at + UNDO_WITHIN:
        raise RefusedError(
            N_("This was done more than ten minutes ago, so it stays."), remedy=N_("Log what has changed instead.")
        )


def _reopen_promises(session: Session, lead: Lead, at: datetime) -> None:
    """Open again what counted as kept at a moment; the lead is due as the earliest promise says."""
    kept = update(FollowUp).where(FollowUp.lead_id == lead.id, FollowUp.done_at == at)
    session.execute(kept.values(done_at=None))
    lead.due_at = session.scalar(select(func.min(FollowUp.due_at)).where(_open_promises(lead)))
    session.flush()


def take(session: Session, worker: Worker, lead_id: int, now: datetime) -> Lead:
    """Make a lead of nobody the worker's own. Raises ConflictError when a colleague was faster."""
    lead = _locked(session, worker, lead_id)
    if lead.owner_id is None:
        _give(session, lead, worker.account_id, "taken", now)
    elif lead.owner_id != worker.account_id:
        raise _taken(session, lead)
    return lead


def assign(session: Session, worker: Worker, lead_id: int, account_id: int, now: datetime) -> Lead:
    """Give a lead to a rep. Raises InvalidError when it is none, RefusedError when the worker is no manager."""
    if not worker.sees_all:
        raise RefusedError(N_("Only a manager gives leads to others."), remedy=N_("Ask one."))
    if account_id not in dict(reps(session)):
        raise InvalidError("account", N_("Choose a sales rep."))
    lead = _locked(session, worker, lead_id)
    if lead.owner_id != account_id:
        _give(session, lead, account_id, "given", now)
        session.execute(update(FollowUp).where(_open_promises(lead)).values(account_id=account_id))
    return lead


def move(
    session: Session, worker: Worker, lead_id: int, stage: str, *, seen: str, reason: str, by: str, now: datetime
) -> Lead:
    """Move a lead to another stage; from `shop_open` on it is won and closed, `lost` closes it too.

    `seen` is the stage the worker saw. Raises InvalidError for a stage or reason there isn't, ConflictError when the
    lead moved meanwhile or another lead of its organisation is open.
    """
    if stage not in STAGES:
        raise InvalidError("stage", N_("Choose a stage."))
    if stage == LOST and reason not in REASONS:
        raise InvalidError("reason", N_("Say why it is lost."))
    lead = _locked(session, worker, lead_id)
    if lead.stage == stage:
        return lead
    if lead.stage != seen:
        raise ConflictError(
            N_("Somebody moved this lead meanwhile."), remedy=N_("Look at it again, then move it if it still needs it.")
        )
    if lead.won_at is not None and stage not in WON_STAGES:
        raise InvalidError("stage", N_("This lead is won; it can only go on from there."))
    if stage in OPEN_STAGES and lead.closed_at is not None:
        _refuse_second(session, lead)
    lead.stage = stage
    lead.won_at, lead.closed_at = ends(stage, lead.won_at, lead.closed_at, now)
    if lead.closed_at is not None:
        lead.due_at = None
        session.execute(update(FollowUp).where(_open_promises(lead)).values(done_at=now))
    change = StageChange(
        lead_id=lead.id, stage=stage, at=now, by=by, reason=reason if stage == LOST else "", recorded_at=now
    )
    session.add(change)
    session.flush()
    return lead


def ends(stage: str, won_at: datetime | None, closed_at: datetime | None, now: datetime) -> tuple[datetime | None, ...]:
    """When a lead that comes into a stage counts as won, and when as closed; what was won stays won since then."""
    if stage in OPEN_STAGES:
        return None, None
    if stage in WON_STAGES:
        return won_at or now, closed_at if won_at else now
    return None, now


def _refuse_second(session: Session, lead: Lead) -> None:
    same = select(Lead.id).where(
        Lead.organisation_id == lead.organisation_id, Lead.side == lead.side, Lead.closed_at.is_(None)
    )
    if lead.organisation_id is not None and session.scalar(same.limit(1)) is not None:
        raise ConflictError(N_("Another lead of the same company is open."), remedy=N_("Work on that one."))


def _open_promises(lead: Lead) -> ColumnElement[bool]:
    return (FollowUp.lead_id == lead.id) & FollowUp.done_at.is_(None)


def _give(session: Session, lead: Lead, account_id: int, reason: str, now: datetime) -> None:
    lead.owner_id = account_id
    session.add(Assignment(lead_id=lead.id, account_id=account_id, at=now, reason=reason))
    session.flush()


def _locked(session: Session, worker: Worker, lead_id: int, *, note: str = "") -> Lead:
    """The lead, locked until the transaction ends. Raises ConflictError when a colleague works on it."""
    lead = any_lead(session, lead_id)
    session.refresh(lead, with_for_update=True)
    if not worker.sees_all and lead.owner_id not in {None, worker.account_id}:
        raise _taken(session, lead, note=note)
    return lead


def _taken(session: Session, lead: Lead, *, note: str = "") -> ConflictError:
    assert lead.owner_id is not None
    who = name_of(session, lead.owner_id)
    if note:
        return ConflictError(
            N_("%(who)s has taken this lead, so nothing was logged."),
            remedy=N_("Your note: %(note)s"),
            who=who,
            note=note,
        )
    return ConflictError(N_("%(who)s has taken this lead."), remedy=N_("Choose the next one."), who=who)
