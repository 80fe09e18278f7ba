"""The stored models of a target, and how one takes over; light, since pages use it too."""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session, defer

from growth.database.audit import audit
from growth.errors import NotFoundError, RefusedError
from growth.locales import N_
from growth.scoring.artifact import check_ours
from growth.scoring.records import ScoringModel
from growth.scoring.target import Target, find_target

_LOCK = 7310_0400


def champion_of(session: Session, target: Target) -> ScoringModel | None:
    """The model in use."""
    found = select(ScoringModel).where(ScoringModel.target == target.key, ScoringModel.state == "champion")
    return session.scalars(found).one_or_none()


def models_of(session: Session, target: Target, limit: int = 50) -> list[ScoringModel]:
    """The newest models, without their bytes."""
    found = select(ScoringModel).where(ScoringModel.target == target.key).options(defer(ScoringModel.artifact))
    return list(session.scalars(found.order_by(ScoringModel.id.desc()).limit(limit)))


def promote(session: Session, model_id: int, *, actor: str, now: datetime) -> int | None:
    """Put a candidate, or a former champion, in the champion's place; gives the id of the one before.

    Written in the audit log. Raises NotFoundError, and RefusedError when its bytes are gone or are not ours.
    """
    model = session.get(ScoringModel, model_id)
    if model is None:
        raise NotFoundError(N_("There is no scoring model %(model)d."), model=model_id)
    target = find_target(model.target)
    lock(session, target)
    session.refresh(model)
    if not model.artifact:
        raise RefusedError(
            N_("Model %(model)d was not kept, since it never won."), remedy=N_("Train a new one."), model=model_id
        )
    check_ours(model)
    current = champion_of(session, target)
    before = current.id if current else None
    if before != model.id:
        take_over(session, model, current, now)
        if current is not None and current.id > model.id:
            # Taken back: the newer one stands by again.
            current.state = "candidate"
        detail = {"target": target.key, "before": before, "after": model.id}
        audit(session, actor=actor, action="promote model", subject=f"model {model.id}", detail=detail, now=now)
    return before


def lock(session: Session, target: Target) -> None:
    """Let one at a time change who is champion; until the transaction ends."""
    values = {"lock": _LOCK, "target": target.key}
    session.execute(text("select pg_advisory_xact_lock(:lock, hashtext(:target))"), values)


def take_over(session: Session, model: ScoringModel, current: ScoringModel | None, now: datetime) -> None:
    """Retire the champion and put another in its place."""
    if current is not None:
        current.state, current.retired_at = "retired", now
        session.flush()
    model.state, model.promoted_at, model.retired_at = "champion", now, None
    session.flush()
