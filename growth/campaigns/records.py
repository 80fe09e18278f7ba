"""Records of campaigns: what is sent to whom, and what became of each message."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class Campaign(Record):
    """What a marketer sets up: audience, message, hold-out, moment."""

    __tablename__ = "campaign"
    __table_args__ = (
        Index("ix_campaign_due", "scheduled_at", postgresql_where=text("state = 'scheduled'")),
        Index("ix_campaign_state", "state", "id"),
        UniqueConstraint("name"),
    )

    id: Mapped[Id]
    name: Mapped[str]
    side: Mapped[str]
    purpose: Mapped[str]
    """The consent purpose it needs, such as `marketing`."""
    message: Mapped[str]
    """Folder of the message below `templates/emails/`."""
    audience: Mapped[dict[str, Any]]
    """Conditions: {"locales": […], "countries": […], "joined_after": …}."""
    holdout_percent: Mapped[int] = mapped_column(server_default="0")
    state: Mapped[str]
    """draft → scheduled → sending → sent; paused from scheduled or sending; asks when found too late; cancelled."""
    scheduled_at: Mapped[datetime | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1")
    """Goes up with every save; a save that names an older one gets the difference and a choice."""


class CampaignRun(Record):
    """One firing of a campaign."""

    __tablename__ = "campaign_run"
    __table_args__ = (UniqueConstraint("campaign_id", "due_at"),)

    id: Mapped[Id]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    due_at: Mapped[datetime]
    state: Mapped[str]
    """selecting → sending → sent; paused; cancelled."""
    job_run_id: Mapped[int | None]
    selected_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class EmailVersion(Record):
    """A message compiled once per (message, source fingerprint, locale); personal places are left for the provider."""

    __tablename__ = "email_version"
    __table_args__ = (UniqueConstraint("message", "fingerprint", "locale"),)

    id: Mapped[Id]
    message: Mapped[str]
    fingerprint: Mapped[bytes]
    locale: Mapped[str]
    subject: Mapped[str]
    html: Mapped[str]
    text: Mapped[str]
    links: Mapped[list[Any]]
    """Destinations in order; a personal link names one by its position."""
    created_at: Mapped[datetime]


class DeliveryBatch(Record):
    """One call of the provider; its id travels in `custom_args` and is what reconciliation looks for."""

    __tablename__ = "delivery_batch"
    __table_args__ = (
        Index(
            "ix_delivery_batch_open", "state", "claimed_at", postgresql_where=text("state in ('claimed', 'in_doubt')")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign_run_id: Mapped[int] = mapped_column(ForeignKey("campaign_run.id"))
    state: Mapped[str]
    """claimed → accepted | refused | in_doubt → accepted (trace found) | released (no trace in the window)."""
    claimed_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    provider_id: Mapped[str | None]
    answer: Mapped[dict[str, Any] | None]


class Delivery(Record):
    """One message to one person in one run: unique, whatever dies when."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("campaign_run_id", "person_id"),
        Index(
            "ix_delivery_unfinished",
            "campaign_run_id",
            "state",
            "id",
            postgresql_where=text("state in ('planned', 'claimed', 'in_doubt')"),
        ),
        Index("ix_delivery_batch", "batch_id", postgresql_where=text("batch_id is not null")),
        Index("ix_delivery_person", "person_id", "id"),
        Index(
            "ix_delivery_trouble",
            "campaign_run_id",
            "state",
            "id",
            postgresql_where=text("state in ('refused', 'bounced', 'complained')"),
        ),
    )

    id: Mapped[Id]
    campaign_run_id: Mapped[int] = mapped_column(ForeignKey("campaign_run.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    locale: Mapped[str]
    email_version_id: Mapped[int | None] = mapped_column(ForeignKey("email_version.id"))
    identity_id: Mapped[int | None]
    """The address it was claimed for, so that a bounce finds it; no foreign key, since erasing takes addresses away."""
    state: Mapped[str] = mapped_column(server_default="planned")
    """planned → claimed → accepted | refused | in_doubt, then delivered | bounced | complained from feedback; or
    cancelled."""
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("delivery_batch.id"))
    claimed_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    clicked_at: Mapped[datetime | None]
    unsubscribed_at: Mapped[datetime | None]
    refusal: Mapped[str | None]


class DeliveryCount(Record):
    """A change of how many deliveries of a run are how far; the figures are the sums.

    A trigger appends one row per run and statement, so that a page never counts deliveries, and two hooks at once
    don't wait for each other; for the same reason no foreign key. `growth.campaigns.counting.fold` adds them up.
    """

    __tablename__ = "delivery_count"
    __table_args__ = (Index("ix_delivery_count_run", "campaign_run_id"),)

    id: Mapped[Id]
    campaign_run_id: Mapped[int]
    messages: Mapped[int]
    waiting: Mapped[int]
    """planned or claimed"""
    in_doubt: Mapped[int]
    refused: Mapped[int]
    sent: Mapped[int]
    """accepted by the provider, whatever became of it then"""
    delivered: Mapped[int]
    bounced: Mapped[int]
    complained: Mapped[int]
    opened: Mapped[int]
    clicked: Mapped[int]
    unsubscribed: Mapped[int]


class Exclusion(Record):
    """Somebody in the audience who gets nothing, and why."""

    __tablename__ = "exclusion"

    campaign_run_id: Mapped[int] = mapped_column(ForeignKey("campaign_run.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    reason: Mapped[str]
    """no_consent, suppressed, no_language, holdout, no_address, erased."""


Index("ix_exclusion_reason", Exclusion.campaign_run_id, Exclusion.reason, Exclusion.person_id)


class ExclusionCount(Record):
    """A change of how many people a run leaves out for a reason; made and added up like `DeliveryCount`."""

    __tablename__ = "exclusion_count"
    __table_args__ = (Index("ix_exclusion_count_run", "campaign_run_id"),)

    id: Mapped[Id]
    campaign_run_id: Mapped[int]
    reason: Mapped[str]
    people: Mapped[int]
