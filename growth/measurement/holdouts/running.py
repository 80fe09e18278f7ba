"""A hold-out from its plan to its result: begun on its day, read when all is in, or stopped by hand."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.database.changed_days import ChannelDayDue
from growth.errors import ConflictError, NotFoundError
from growth.experiments.holdouts.records import Holdout
from growth.locales import N_
from growth.measurement.holdouts.planning import today_of
from growth.measurement.holdouts.reading import read
from growth.scheduling.run import Step

ACTOR = "read_holdouts"
LATE_DAYS = 2
"""After the last day, until what happened on it has come in."""


def by_number(session: Session, number: int) -> Holdout:
    """Raises NotFoundError."""
    found = session.get(Holdout, number)
    if found is None:
        raise NotFoundError(N_("There is no such hold-out."))
    return found


def named(session: Session, which: str) -> Holdout:
    """By name or number. Raises NotFoundError."""
    found = session.scalar(select(Holdout).where(Holdout.name == which))
    if found is None and which.isascii() and which.isdigit() and len(which) < 19:
        return by_number(session, int(which))
    if found is None:
        raise NotFoundError(N_("There is no such hold-out."))
    return found


def holdouts(session: Session, after: int | None, size: int) -> Sequence[Holdout]:
    """The newest first, those before `after`."""
    wanted = select(Holdout).order_by(Holdout.id.desc()).limit(size)
    return session.scalars(wanted.where(Holdout.id < after) if after is not None else wanted).all()


def start(session: Session, number: int, *, actor: str, now: datetime) -> Holdout:
    """Begin it today instead of on its day; it lasts as long. Raises ConflictError when it isn't planned any more."""
    found = _locked(session, number)
    if found.state != "planned":
        raise ConflictError(N_("It has begun already, or is over."), remedy=N_("Look at it again."))
    moved = today_of(session, now) - found.starts_on
    found.starts_on, found.ends_on = found.starts_on + moved, found.ends_on + moved
    _begin(session, found, actor, now)
    return found


def stop(session: Session, number: int, *, actor: str, now: datetime) -> Holdout:
    """End it before its time, without a result. Raises ConflictError when it is over."""
    found = _locked(session, number)
    if found.state not in {"planned", "running"}:
        raise ConflictError(N_("It is over already."), remedy=N_("Look at it again."))
    found.state, found.ended_at = "stopped", now
    audit(session, actor=actor, action="stopped hold-out", subject=found.name, detail={}, now=now)
    return found


def begin_due(session: Session, now: datetime, _after: object, size: int) -> Step:
    """Begin those whose day has come; safe to repeat."""
    due = select(Holdout).where(Holdout.state == "planned", Holdout.starts_on <= today_of(session, now))
    found = session.scalars(due.order_by(Holdout.id).limit(size).with_for_update(skip_locked=True)).all()
    for one in found:
        _begin(session, one, ACTOR, now)
    return Step(done=len(found), next="more" if len(found) == size else None)


def look_at_next(session: Session, now: datetime, after: int | None, _size: int) -> Step:
    """Read the next running one as far as its weeks are over and counted; at its end for good. Safe to repeat."""
    undone = select(Holdout).where(Holdout.state == "running", Holdout.id > (after or 0))
    one = session.scalar(undone.order_by(Holdout.id).limit(1).with_for_update(skip_locked=True))
    if one is None:
        return Step(done=0)
    last = last_week(one, today_of(session, now))
    known = (one.result or {}).get("last", "")
    new = last is not None and last.isoformat() > known and not _uncounted(session, one, last)
    if last is not None and new:
        one.result = read(session, one, last)
    # Where too little came to say anything there is nothing known to compare with, and its end is its end.
    if last == one.ends_on and (new or known == last.isoformat()):
        _end(session, one, now)
    return Step(done=int(one.state == "read"), next=one.id)


def last_week(found: Holdout, today: date) -> date | None:
    """The last day of its last counted week that is over, late news included; None before the first. Pure."""
    counted_from = found.starts_on + timedelta(days=found.settle_days)
    over = min(today - timedelta(days=LATE_DAYS), found.ends_on)
    weeks = ((over - counted_from).days + 1) // 7
    return counted_from + timedelta(weeks=weeks, days=-1) if weeks >= 1 else None


def _uncounted(session: Session, found: Holdout, last: date) -> bool:
    waiting = select(ChannelDayDue).where(ChannelDayDue.side == found.side, ChannelDayDue.day <= last)
    return bool(session.scalar(select(waiting.exists())))


def _end(session: Session, found: Holdout, now: datetime) -> None:
    found.state, found.ended_at = "read", now
    audit(session, actor=ACTOR, action="read hold-out", subject=found.name, detail={"result": found.result}, now=now)


def _begin(session: Session, found: Holdout, actor: str, now: datetime) -> None:
    found.state = "running"
    detail = {"until": found.ends_on.isoformat(), "regions": found.regions, "percent": found.percent}
    audit(session, actor=actor, action="began hold-out", subject=found.name, detail=detail, now=now)


def _locked(session: Session, number: int) -> Holdout:
    wanted = select(Holdout).where(Holdout.id == number).with_for_update().execution_options(populate_existing=True)
    found = session.scalar(wanted)
    if found is None:
        raise NotFoundError(N_("There is no such hold-out."))
    return found
