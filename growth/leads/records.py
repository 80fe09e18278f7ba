"""Records of leads."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class Lead(Record):
    """A prospect on one side; at most one open lead per organisation and side."""

    __tablename__ = "lead"
    __table_args__ = (
        UniqueConstraint("source", "source_key"),
        Index(
            "uq_lead_open",
            "organisation_id",
            "side",
            unique=True,
            postgresql_where=text("closed_at is null and organisation_id is not null"),
        ),
        Index("ix_lead_owner_due", "owner_id", "due_at", "id", postgresql_where=text("closed_at is null")),
        Index("ix_lead_person_id", "person_id", "id", postgresql_where=text("person_id is not null")),
        Index("ix_lead_stage", "stage", "person_id", postgresql_where=text("person_id is not null")),
        Index("ix_lead_organisation", "organisation_id", postgresql_where=text("organisation_id is not null")),
        Index("ix_lead_contacted", "side", "contacted_at", "id"),
        Index("ix_lead_name", text("to_tsvector('simple'::regconfig, name)"), postgresql_using="gin"),
    )

    id: Mapped[Id]
    side: Mapped[str]
    source: Mapped[str]
    """Where it came from: `olist`, `demo`, `import`, `manual`."""
    source_key: Mapped[str]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str]
    channel: Mapped[str]
    """Acquisition channel of our list, or the source's own word for it in `facts`."""
    facts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Known at first contact: {"origin", "landing_page", "segment", …}; nothing known only afterwards."""
    stage: Mapped[str]
    """contacted, qualified, applied, verified, shop_open, first_listing, first_sale, lost."""
    contacted_at: Mapped[datetime]
    won_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    due_at: Mapped[datetime | None]
    """Until then it rests: something was promised for that moment, or it was called a short while ago."""
    created_at: Mapped[datetime]


class StageChange(Record):
    """A lead's move from one stage to the next (append)."""

    __tablename__ = "stage_change"
    __table_args__ = (
        Index("ix_stage_change_lead_id", "lead_id", "id"),
        Index("ix_stage_change_recorded_at", "recorded_at"),
        UniqueConstraint("lead_id", "stage", "at"),
    )

    id: Mapped[Id]
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    stage: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]
    reason: Mapped[str]
    recorded_at: Mapped[datetime]


class Activity(Record):
    """What a rep did: a call, a note (append)."""

    __tablename__ = "activity"
    __table_args__ = (Index("ix_activity_lead_id", "lead_id", "id"), Index("ix_activity_at", "at"))

    id: Mapped[Id]
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str]
    """call, email, note, meeting."""
    outcome: Mapped[str | None]
    """reached, no_answer, call_back, interested, not_interested, wrong_number."""
    note: Mapped[str] = mapped_column(server_default="")
    at: Mapped[datetime]
    submission: Mapped[str | None] = mapped_column(unique=True)
    """The form's own key, so that a double click logs once."""


class FollowUp(Record):
    """Something promised to a lead, at a moment."""

    __tablename__ = "follow_up"
    __table_args__ = (
        Index("ix_follow_up_open", "account_id", "due_at", "id", postgresql_where=text("done_at is null")),
    )

    id: Mapped[Id]
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), index=True)
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id", ondelete="CASCADE"), index=True)
    """The call in which it was promised."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    due_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(server_default="")
    done_at: Mapped[datetime | None]


class Assignment(Record):
    """Who was given a lead, and why (append)."""

    __tablename__ = "assignment"

    id: Mapped[Id]
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    reason: Mapped[str]
