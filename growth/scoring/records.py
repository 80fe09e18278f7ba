"""Records of scoring: models, scores, today's ranks."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class ScoringModel(Record):
    """A trained model. One champion per target."""

    __tablename__ = "model"
    __table_args__ = (Index("uq_model_champion", "target", unique=True, postgresql_where=text("state = 'champion'")),)

    id: Mapped[Id]
    target: Mapped[str]
    """Such as `seller_won_90d`: what is predicted, and within how many days of first contact."""
    kind: Mapped[str]
    """base_rate, logistic, boosted_trees."""
    state: Mapped[str]
    """candidate, shadow, champion, retired."""
    trained_at: Mapped[datetime]
    data_from: Mapped[datetime | None]
    data_until: Mapped[datetime | None]
    rows: Mapped[int]
    positives: Mapped[int]
    measures: Mapped[dict[str, Any]]
    """On later data: auc, average_precision, lift_top_10pct, brier, ece, log_loss, calibration points, gain curve,
    and the champion's own on the same rows."""
    card: Mapped[dict[str, Any]]
    """Features with their sentences, dropped columns with why, decision (promoted or not, and why)."""
    fingerprint: Mapped[bytes]
    artifact: Mapped[bytes]
    """The fitted pipeline, written and read by our own code only."""
    promoted_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


class Score(Record):
    """A probability given to a lead at a moment, with its reasons (append, partitioned by month of `as_of`)."""

    __tablename__ = "score"
    __table_args__ = ({"postgresql_partition_by": "RANGE (as_of)"},)

    lead_id: Mapped[int] = mapped_column(primary_key=True)
    as_of: Mapped[datetime] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(primary_key=True)
    probability: Mapped[float]
    low: Mapped[float]
    high: Mapped[float]
    reasons: Mapped[list[Any]]
    """[{"message": translatable sentence, "values": {…}, "points": probability points against the average}]."""


class LeadRank(Record):
    """The latest score of each open lead: what the queue is ordered by."""

    __tablename__ = "lead_rank"
    __table_args__ = (Index("ix_lead_rank_probability", "side", text("probability desc"), "lead_id"),)

    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id", ondelete="CASCADE"), primary_key=True)
    side: Mapped[str]
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"))
    as_of: Mapped[datetime]
    probability: Mapped[float]
    low: Mapped[float]
    high: Mapped[float]
    average: Mapped[float]
    """The base rate the reasons are counted from."""
    reasons: Mapped[list[Any]]
