"""Keeping what a training came to: the model's row, its bytes and its card."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from growth.errors import PermanentError, RefusedError
from growth.locales import N_
from growth.scoring.artifact import pack, unpack
from growth.scoring.features import FEATURES
from growth.scoring.promotion import champion_of, lock, take_over
from growth.scoring.records import ScoringModel
from growth.scoring.target import Target
from growth.scoring.training import Champion, Decision, Learnt, moment


def readable_champion(session: Session, target: Target) -> Champion | None:
    """The champion for training; without its scorer when that can't be read any more, so that it can be replaced."""
    model = champion_of(session, target)
    if model is None:
        return None
    try:
        scorer = unpack(model)
    except (RefusedError, PermanentError):
        scorer = None
    return Champion(model.id, model.kind, model.rows, model.positives, model.data_until, scorer)


def store(session: Session, target: Target, learnt: Learnt, champion: Champion | None, now: datetime) -> Decision:
    """Keep what was learnt: as champion when it won, else as candidate, with the words of the decision.

    Older candidates are retired and lose their bytes. When another model took over meanwhile, this one only stands by.
    """
    lock(session, target)
    decision = learnt.decision
    if learnt.scorer is None:
        return decision
    current = champion_of(session, target)
    if (current.id if current else None) != (champion.id if champion else None) and decision.promoted:
        message = N_("Another model took over while this one was learning, so it was not used.")
        decision = Decision(promoted=False, message=message)
    _retire_candidates(session, target, now)
    model = _record(target, learnt, decision, now)
    session.add(model)
    session.flush()
    if decision.promoted:
        take_over(session, model, current, now)
    return decision


def _retire_candidates(session: Session, target: Target, now: datetime) -> None:
    waiting = update(ScoringModel).where(ScoringModel.target == target.key, ScoringModel.state == "candidate")
    session.execute(waiting.values(state="retired", retired_at=now, artifact=b""))


def _record(target: Target, learnt: Learnt, decision: Decision, now: datetime) -> ScoringModel:
    assert learnt.scorer is not None
    fitted, examples = learnt.scorer.fitted, learnt.examples
    artifact, fingerprint = pack(target.key, fitted.kind, learnt.scorer)
    rows = len(examples.won)
    return ScoringModel(
        target=target.key,
        kind=fitted.kind,
        state="candidate",
        trained_at=now,
        data_from=moment(examples.contacted.min()) if rows else None,
        data_until=moment(examples.contacted.max()) if rows else None,
        rows=rows,
        positives=int(examples.won.sum()),
        measures=learnt.measures,
        card=_card(learnt, decision),
        fingerprint=fingerprint,
        artifact=artifact,
    )


def _card(learnt: Learnt, decision: Decision) -> dict[str, Any]:
    assert learnt.scorer is not None
    fitted = learnt.scorer.fitted
    return {
        "settings": fitted.settings,
        "calibration": fitted.calibration.method,
        "level": round(fitted.level, 4),
        "average": learnt.scorer.reference.average,
        "features": [_told(key) for key in learnt.scorer.columns],
        "dropped": [{"feature": key, "name": FEATURES[key].name} for key in learnt.dropped],
        "losses": {name: round(loss, 5) for name, loss in fitted.losses.items()},
        "decision": decision.as_json(),
    }


def _told(key: str) -> dict[str, str]:
    one = asdict(FEATURES[key])
    return {name: one[name] for name in ("key", "name", "says", "source", "kind")}
