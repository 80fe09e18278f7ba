"""Records of experiments: what is compared, by which rule it is decided, and what came of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class Experiment(Record):
    """A comparison whose rule was declared before it began."""

    __tablename__ = "experiment"
    __table_args__ = (UniqueConstraint("subject_kind", "subject_id"),)

    id: Mapped[Id]
    subject_kind: Mapped[str]
    """campaign; other channels' kinds join later."""
    subject_id: Mapped[int]
    outcome: Mapped[str]
    """What counts, once per person within the horizon: click, visit, registration, order, shop_open."""
    horizon_days: Mapped[int]
    rule: Mapped[str]
    """fixed: decided once at the end of the horizon; sequential: may be looked at any time."""
    test_percent: Mapped[int] = mapped_column(server_default="100")
    """Share of the people who take part; with less than 100 the rest waits for the winner."""
    smallest_effect: Mapped[int | None]
    """The difference it was planned to see, in ten-thousandths (60 for 0.6 points)."""
    base_rate: Mapped[int | None]
    """The share expected of the first arm, in ten-thousandths, from which the size was worked out."""
    planned_size: Mapped[int | None]
    """People per arm needed for that."""
    state: Mapped[str]
    """planned → running → decided | stopped."""
    started_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    winner: Mapped[str | None]
    """Name of the arm; null when no difference was shown, and then the first arm serves the rest."""
    result: Mapped[dict[str, Any] | None]
    """The figures it was decided on."""


class ExperimentArm(Record):
    """One thing that is compared."""

    __tablename__ = "experiment_arm"
    __table_args__ = (CheckConstraint("share between 1 and 10000", name="share"),)

    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiment.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    """A, B, C …, in the order of their names."""
    share: Mapped[int]
    """Ten-thousandths of those who take part; together 10,000."""
    changes: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What differs: {"subjects": {locale: …}, "preheaders": {locale: …}, "message": name, "hour": 0-23}; nothing for
    the message as it is."""
