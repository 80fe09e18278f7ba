"""Records of what happened."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Record


class Event(Record):
    """One thing that happened, from any source; partitioned by month of `occurred_at`.

    The same event delivered again has the same (occurred_at, event_id) and changes nothing.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_person", "person_id", "occurred_at", postgresql_where=text("person_id is not null")),
        # Who did something since a moment, from the index alone.
        Index("ix_event_kind", "kind", "occurred_at", "person_id", postgresql_where=text("person_id is not null")),
        Index(
            "ix_event_custom",
            text("(properties ->> 'name')"),
            "occurred_at",
            "person_id",
            postgresql_where=text("kind = 'custom' and person_id is not null"),
        ),
        Index("ix_event_visitor", "visitor", "occurred_at", postgresql_where=text("visitor is not null")),
        # Ends in the primary key, so that a reader goes on in the middle of a transaction of any size.
        Index("ix_event_tx", "tx", "occurred_at", "event_id"),
        Index("ix_event_bot", "received_at", postgresql_where=text("bot is not null")),
        {"postgresql_partition_by": "RANGE (occurred_at)"},
    )

    occurred_at: Mapped[datetime] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """page_view, click, email_sent, email_deferred, email_dropped, email_delivered, email_open, email_click,
    email_machine_open, email_machine_click, email_bounce, email_complaint, unsubscribe, subscribe, registration, order,
    order_change, refund, shop_open, identify, contact, call, call_withdrawn, or custom, whose properties carry its
    `name`."""
    source: Mapped[str]
    """collector, sendgrid, link, pixel, import, sandbox, rep."""
    side: Mapped[str]
    """buyer or seller."""
    person_id: Mapped[int | None]
    visitor: Mapped[UUID | None]
    delivery_id: Mapped[int | None]
    country: Mapped[str | None]
    properties: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """url, referrer, campaign tags, amount_minor, currency, order … whatever the kind carries."""
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    tx: Mapped[int] = mapped_column(server_default=text("(pg_current_xact_id()::text)::bigint"))
    """The transaction that stored it: readers take all below the oldest one still open, so none is missed."""
    bot: Mapped[str | None]
    """Why it counts as a machine's: agent, network, automation, too_fast. Readers pass over it; a page shows it."""


class EventSeen(Record):
    """The moment given to an event whose source sent none, so that its replay gets the same one."""

    __tablename__ = "event_seen"
    __table_args__ = (Index("ix_event_seen_seen_at", "seen_at", postgresql_using="brin"),)

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    occurred_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class EventReader(Record):
    """How far a reader of events has come: everything up to and including this place in `ix_event_tx` is read."""

    __tablename__ = "event_reader"

    name: Mapped[str] = mapped_column(primary_key=True)
    tx: Mapped[int]
    occurred_at: Mapped[datetime]
    event_id: Mapped[UUID]
    read_at: Mapped[datetime]


class HookRefusal(Record):
    """The last time that what a provider told us was refused, until it is taken again."""

    __tablename__ = "hook_refusal"

    source: Mapped[str] = mapped_column(primary_key=True)
    words: Mapped[dict[str, Any]]
    """{"message", "remedy", "values"}."""
    at: Mapped[datetime]
    since: Mapped[datetime | None]
    """The first refusal since something was taken."""
    acted_at: Mapped[datetime | None]
    """When campaigns were paused for it; a refusal after that pauses them again."""


class VisitorIdentity(Record):
    """A visitor who became known; the join names what it rests on."""

    __tablename__ = "visitor_identity"
    __table_args__ = (Index("ix_visitor_identity_person_id", "person_id"),)

    visitor: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    rests_on: Mapped[str]
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    """When somebody said that it isn't so; the visitor is nobody's from then on."""
    undone_by: Mapped[str | None]


class CollectorRules(Record):
    """Whom the collector believes: a single row, there once somebody has saved it."""

    __tablename__ = "collector_rules"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    sites: Mapped[list[Any]] = mapped_column(server_default="[]")
    """Hosts whose pages may send; none means any."""
    respects_gpc: Mapped[bool] = mapped_column(server_default="true")
    respects_dnt: Mapped[bool] = mapped_column(server_default="true")
    browser_orders: Mapped[bool] = mapped_column(server_default="false")
    """Whether an order is believed that a browser tells without proof of the shop's server."""
    automation_is_bot: Mapped[bool] = mapped_column(server_default="true")
    bot_agents: Mapped[list[Any]] = mapped_column(server_default="[]")
    """Words in a browser's name, besides those known."""
    bot_networks: Mapped[list[Any]] = mapped_column(server_default="[]")
    """Networks of data centres, such as 198.51.100.0/24."""


class VisitorSalt(Record):
    """The secret of a day, from which visitors without consent are told apart; gone when it is over."""

    __tablename__ = "visitor_salt"

    day: Mapped[date] = mapped_column(primary_key=True)
    salt: Mapped[bytes]
