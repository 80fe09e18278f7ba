"""Scoring open leads: probabilities with reasons, kept as history and as today's rank."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.leads.records import Lead
from growth.scheduling.run import Step
from growth.scoring.artifact import unpack
from growth.scoring.examples import OpenLeads, read_open
from growth.scoring.promotion import champion_of
from growth.scoring.records import LeadRank, Score, ScoringModel
from growth.scoring.scorer import Scorer
from growth.scoring.target import SELLER_WON_90D, Target, find_target

_SAME = 1e-4
"""A score that moved by less than a hundredth of a percent point is the same."""


def score_open(session: Session, now: datetime, after: int | None, size: int, target: Target = SELLER_WON_90D) -> Step:
    """Score the next `size` open leads with the champion; one transaction, safe to repeat.

    A lead is written when it is new, when its score moved or when the model changed. At the end ranks of leads that
    are open no more are taken away. Without a champion nothing is done.
    """
    model = champion_of(session, target)
    if model is None:
        return Step(done=0)
    found = read_open(session, target, now, after, size)
    if found.leads:
        _write(session, model, _scored(unpack(model), found), now)
    if len(found.leads) == size:
        return Step(done=len(found.leads), next=found.leads[-1])
    _forget_closed(session)
    return Step(done=len(found.leads))


Scored = dict[str, Any]


def _scored(scorer: Scorer, found: OpenLeads) -> list[Scored]:
    said = scorer.predict(found.frame)
    low, high = scorer.intervals(said)
    reasons, average = scorer.reasons(found.frame, found.words), scorer.reference.average
    parts = zip(found.leads, said.tolist(), low.tolist(), high.tolist(), reasons, strict=True)
    return [
        {"lead_id": lead, "probability": share, "low": least, "high": most, "reasons": why, "average": average}
        for lead, share, least, most, why in parts
    ]


def _write(session: Session, model: ScoringModel, scored: list[Scored], now: datetime) -> None:
    leads = [one["lead_id"] for one in scored]
    ranks = select(LeadRank.lead_id, LeadRank.model_id, LeadRank.probability).where(LeadRank.lead_id.in_(leads))
    before = {row.lead_id: (row.model_id, row.probability) for row in session.execute(ranks)}
    changed = [one for one in scored if _moved(one, model.id, before.get(one["lead_id"]))]
    if not changed:
        return
    session.execute(select(func.ensure_month("score", now)))
    rows = [{**one, "as_of": now, "model_id": model.id} for one in changed]
    history = [{name: value for name, value in row.items() if name != "average"} for row in rows]
    session.execute(insert(Score).on_conflict_do_nothing(), history)
    side = find_target(model.target).side
    upsert = insert(LeadRank)
    renewed = {
        name: upsert.excluded[name]
        for name in ("model_id", "as_of", "probability", "low", "high", "average", "reasons")
    }
    session.execute(
        upsert.on_conflict_do_update(index_elements=["lead_id"], set_=renewed),
        [{**row, "side": side} for row in rows],
    )


def _moved(one: Scored, model_id: int, before: tuple[int, float] | None) -> bool:
    return before is None or before[0] != model_id or abs(before[1] - one["probability"]) >= _SAME


def _forget_closed(session: Session) -> None:
    over = select(Lead.id).where(
        Lead.id == LeadRank.lead_id, or_(Lead.won_at.is_not(None), Lead.closed_at.is_not(None))
    )
    session.execute(delete(LeadRank).where(over.exists()))
