"""Records of campaigns: what is sent to whom, and what became of each message."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Computed, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import THIS_TRANSACTION, Id, Record


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
    """Name of the message: a folder below `templates/emails/`, or one that is edited here."""
    message_version: Mapped[int | None]
    """The version of an edited message that is sent; null for the newest at the moment of scheduling."""
    list_id: Mapped[int | None] = mapped_column(ForeignKey("mailing_list.id"))
    """The topic it belongs to: who left it gets nothing of it."""
    audience: Mapped[dict[str, Any]]
    """Conditions, as `growth.campaigns.audiences.conditions` describes them."""
    audience_version_id: Mapped[int | None] = mapped_column(ForeignKey("audience_version.id"))
    """The saved audience they were taken from."""
    holdout_percent: Mapped[int] = mapped_column(server_default="0")
    kind: Mapped[str] = mapped_column(server_default="once")
    """once, recurring or triggered."""
    recurrence: Mapped[dict[str, Any] | None]
    """Of a recurring one: {"every": "day"|"week"|"month", "day": …, "at": "10:00", "zone": …, "until": …}."""
    trigger: Mapped[dict[str, Any] | None]
    """Of a triggered one: {"event": kind} or {"stage": stage}, with {"side", "delay_minutes", "again_after_days"}."""
    timing: Mapped[dict[str, Any]] = mapped_column(server_default='{"mode": "at_once"}')
    """{"mode": "at_once"}, {"mode": "local_hour", "hour": 10} or {"mode": "usual_hour"} of each recipient."""
    per_hour: Mapped[int | None]
    """Its own speed limit, besides that of all campaigns."""
    state: Mapped[str]
    """draft → scheduled → sending → sent; paused from scheduled or sending; asks when found too late; cancelled."""
    scheduled_at: Mapped[datetime | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1")
    """Goes up with every save; a save that names an older one gets the difference and a choice."""
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    approved_version: Mapped[int | None]
    """What was approved; a later save needs approval again."""
    archived_at: Mapped[datetime | None]
    scheduled_by: Mapped[str | None]
    """Who asked for it to be sent; somebody else approves."""
    sent_back: Mapped[dict[str, Any] | None]
    """Why it wasn't approved: {"by", "note"}."""
    saved_at: Mapped[datetime | None]
    paused_because: Mapped[dict[str, Any] | None]
    """What paused it other than a person: {"message", "remedy", "values"}."""
    pinned: Mapped[dict[str, Any] | None]
    """What it depends on as it was when it was scheduled: {"audience": conditions with saved audiences put in,
    "messages": {an arm's message: version}}; null for a draft."""
    changes: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What of its message was changed while it was sent: {"subjects": {locale: …}}."""


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
    judged_from: Mapped[int | None]
    """The first transaction that its selection may not have seen: what was noted of permission since is asked again.
    Null where everybody is asked again, as in a triggered campaign's run."""
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
    places: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """By tag name, the variable and fallback of each other place; see `growth.campaigns.messages.words`."""
    created_at: Mapped[datetime]


class DeliveryBatch(Record):
    """One call of the provider; its id travels in `custom_args` and is what reconciliation looks for."""

    __tablename__ = "delivery_batch"
    __table_args__ = (
        Index(
            "ix_delivery_batch_open", "state", "claimed_at", postgresql_where=text("state in ('claimed', 'in_doubt')")
        ),
        Index("ix_delivery_batch_xid", "campaign_run_id", "xid"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign_run_id: Mapped[int] = mapped_column(ForeignKey("campaign_run.id"))
    state: Mapped[str]
    """claimed → accepted | refused | in_doubt → accepted (trace found) | released (no trace in the window).

    The answer is written here, once for all of its deliveries, which count as accepted from the claim on: of those in
    a batch that is still claimed nobody knows yet (decision 0024).
    """
    messages: Mapped[int] = mapped_column(server_default="0")
    claimed_at: Mapped[datetime]
    xid: Mapped[int] = mapped_column(server_default=THIS_TRANSACTION)
    """The transaction that claimed it."""
    answered_at: Mapped[datetime | None]
    provider_id: Mapped[str | None]
    answer: Mapped[dict[str, Any] | None]
    first_delivery: Mapped[int | None]
    last_delivery: Mapped[int | None]
    """Between which ids its deliveries are, so that a part's last look passes over the batches of others."""
    words_sealed: Mapped[bytes | None]
    """Compressed and sealed JSON of what was put into each message, so that it can be seen as it was received:
    {"sender": …, "deliveries": {id: {place: text}}}."""


class Delivery(Record):
    """One message to one person in one run: unique, whatever dies when.

    Its row is written again at each step, so no index but a BRIN may hang on what the provider's answer or a delivery
    changes: `state`, `accepted_at`, `delivered_at`. Then these writes stay within the row's page (HOT), for which the
    table's fillfactor leaves room.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("campaign_run_id", "person_id"),
        Index("ix_delivery_filed", "campaign_run_id", "filed", "id", postgresql_where=text("filed is not null")),
        Index(
            "ix_delivery_due",
            "campaign_run_id",
            "due_at",
            "id",
            postgresql_where=text("filed = 'planned'"),
        ),
        Index("ix_delivery_batch", "batch_id", postgresql_where=text("batch_id is not null")),
        # Who was sent something, opened or clicked since a moment. Those of a run are accepted within hours of each
        # other, and lie together.
        Index("ix_delivery_accepted", "accepted_at", postgresql_using="brin"),
        Index("ix_delivery_clicked", "clicked_at", "person_id", postgresql_where=text("clicked_at is not null")),
        Index("ix_delivery_person", "person_id", "claimed_at"),
        Index("ix_delivery_opened", "opened_at", "person_id", postgresql_where=text("opened_at is not null")),
    )

    id: Mapped[Id]
    campaign_run_id: Mapped[int] = mapped_column(ForeignKey("campaign_run.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    locale: Mapped[str]
    arm: Mapped[str | None]
    """Of an experiment."""
    due_at: Mapped[datetime | None] = mapped_column(deferred=True)
    """Not before; null for at once, `infinity` for one that waits for an experiment's winner.

    That is a moment which Python hasn't, so it is left to SQL: a record is read without it."""
    receiver: Mapped[str | None]
    """As in `identity`: by whom speed is limited and feedback is told apart."""
    email_version_id: Mapped[int | None]
    """Like `batch_id` without a foreign key: neither is ever taken away, and a check for each message would cost as
    much as its claim."""
    identity_id: Mapped[int | None]
    """The address it was claimed for, so that a bounce finds it; no foreign key, since erasing takes addresses away."""
    state: Mapped[str] = mapped_column(server_default="planned")
    """planned → accepted | refused | in_doubt, then delivered | bounced | complained from feedback; or cancelled.

    Accepted from the claim on; while its batch is `claimed`, it is under way."""
    filed: Mapped[str | None] = mapped_column(
        Computed(
            "case when state in ('planned', 'in_doubt', 'refused', 'bounced', 'complained') then state end",
            persisted=True,
        )
    )
    """The state, of those by which a run's messages are looked for; the claimed are found by their open batches."""
    batch_id: Mapped[UUID | None]
    claimed_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    """When it was handed over, or the first that the provider told of it."""
    delivered_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    clicked_at: Mapped[datetime | None]
    unsubscribed_at: Mapped[datetime | None]
    deferred_at: Mapped[datetime | None]
    machine_opened_at: Mapped[datetime | None]
    """Fetched by a privacy proxy rather than a reader; `opened_at` is a person's."""
    scanner_clicked_at: Mapped[datetime | None]
    """Followed by a mail scanner; `clicked_at` is a person's."""
    bounce_class: Mapped[str | None]
    """Of a bounce, one of `growth.campaigns.email.bounces.CLASSES`."""
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
    """planned"""
    in_doubt: Mapped[int]
    refused: Mapped[int]
    sent: Mapped[int]
    """accepted by the provider, whatever became of it then; with those under way (see `counting.counts_of`)"""
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
    """One of `growth.campaigns.audience.REASONS`."""
    taken_out_at: Mapped[datetime | None]
    """When, of those who had been planned to get it; null for those left out from the beginning. Who was planned was
    drawn for it, and stays on that side of what sending caused."""


Index("ix_exclusion_reason", Exclusion.campaign_run_id, Exclusion.reason, Exclusion.person_id)


class ExclusionCount(Record):
    """A change of how many people a run leaves out for a reason; made and added up like `DeliveryCount`."""

    __tablename__ = "exclusion_count"
    __table_args__ = (Index("ix_exclusion_count_run", "campaign_run_id"),)

    id: Mapped[Id]
    campaign_run_id: Mapped[int]
    reason: Mapped[str]
    people: Mapped[int]


class ReceiverMinute(Record):
    """A change of what became of a receiver's messages that were sent in a minute; made like `DeliveryCount`."""

    __tablename__ = "receiver_minute"
    __table_args__ = (
        Index("ix_receiver_minute_run", "campaign_run_id", "minute"),
        Index("ix_receiver_minute_minute", "minute"),
    )

    id: Mapped[Id]
    campaign_run_id: Mapped[int]
    receiver: Mapped[str]
    minute: Mapped[datetime]
    sent: Mapped[int]
    delivered: Mapped[int]
    deferred: Mapped[int]
    bounced: Mapped[int]
    complained: Mapped[int]
    opened: Mapped[int]
    clicked: Mapped[int]
