"""Records of credit: touches, conversions, credits."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class Touch(Record):
    """A contact with one of our channels, derived from an event by the channel rules."""

    __tablename__ = "touch"
    __table_args__ = (
        UniqueConstraint("event_id", "occurred_at"),
        Index("ix_touch_person", "person_id", "occurred_at", postgresql_where=text("person_id is not null")),
        Index("ix_touch_visitor", "visitor", "occurred_at", postgresql_where=text("visitor is not null")),
        Index("ix_touch_side", "side", "occurred_at"),
    )

    id: Mapped[Id]
    occurred_at: Mapped[datetime]
    event_id: Mapped[UUID]
    side: Mapped[str]
    channel: Mapped[str]
    kind: Mapped[str]
    """click, view, withdrawn (a rep took it back) or none (by later rules it is no contact)."""
    person_id: Mapped[int | None]
    visitor: Mapped[UUID | None]
    campaign_id: Mapped[int | None]
    country: Mapped[str | None]
    rules_version: Mapped[int]


class Conversion(Record):
    """A registration, order, shop opening …; a refund is a row of its own that points at its order."""

    __tablename__ = "conversion"
    __table_args__ = (
        UniqueConstraint("kind", "source_key"),
        # One order is one conversion, whether it is the first of its buyer or not.
        Index(
            "ix_conversion_order",
            "source_key",
            unique=True,
            postgresql_where=text("kind in ('order', 'first_order')"),
        ),
        Index("ix_conversion_person", "person_id", "occurred_at"),
        Index("ix_conversion_visitor", "visitor", "occurred_at", postgresql_where=text("visitor is not null")),
        Index("ix_conversion_refunds", "refunds", postgresql_where=text("refunds is not null")),
        Index("ix_conversion_of_order", "of_order", postgresql_where=text("of_order is not null")),
        Index("ix_conversion_occurred_at", "occurred_at", "side", "kind"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    """subscription, registration, first_order, order, refund, shop_open."""
    source_key: Mapped[str]
    side: Mapped[str]
    occurred_at: Mapped[datetime]
    person_id: Mapped[int | None]
    visitor: Mapped[UUID | None]
    country: Mapped[str | None]
    value_minor: Mapped[int] = mapped_column(server_default="0")
    currency: Mapped[str | None]
    refunds: Mapped[int | None] = mapped_column(ForeignKey("conversion.id"))
    of_order: Mapped[str | None]
    """A refund's order by its source key; `refunds` stays empty until that order has been seen."""
    told_minor: Mapped[int | None]
    """What an order was at first; what a refund said it gives back, with the others never more than the order."""


class OrderChange(Record):
    """The latest new amount of an order, kept apart since it may arrive before the order does."""

    __tablename__ = "order_change"

    source_key: Mapped[str] = mapped_column(primary_key=True)
    changed_at: Mapped[datetime]
    value_minor: Mapped[int]
    currency: Mapped[str]


class Credit(Record):
    """A channel's share of a conversion; shares of a conversion sum to exactly 1,000,000, all by one model."""

    __tablename__ = "credit"
    __table_args__ = (
        CheckConstraint("share between 0 and 1000000", name="share_in_millionths"),
        UniqueConstraint("conversion_id", "position"),
    )

    id: Mapped[Id]
    conversion_id: Mapped[int] = mapped_column(ForeignKey("conversion.id", ondelete="CASCADE"))
    model: Mapped[str]
    """Model and version by which it was made, such as `last_touch:1` or `markov:3`."""
    position: Mapped[int]
    touch_id: Mapped[int | None] = mapped_column(ForeignKey("touch.id"))
    channel: Mapped[str]
    """`direct` when no touch stands in the window."""
    share: Mapped[int]
    value_minor: Mapped[int]


class AttributionVersion(Record):
    """A model with its windows, adopted for the conversions of a side from a moment on; the latest such one counts."""

    __tablename__ = "attribution_version"
    __table_args__ = (UniqueConstraint("side", "number"),)

    id: Mapped[Id]
    side: Mapped[str]
    number: Mapped[int]
    """From 2 on; 1 is what counts before anything is adopted."""
    model: Mapped[str]
    settings: Mapped[dict[str, Any]]
    """{"clicks", "views", "channels": {channel: [clicks, views]}} in days, "half_life", "order", "effects"."""
    trained_from: Mapped[datetime | None]
    trained_until: Mapped[datetime | None]
    """The conversions that the removal effects were learnt from."""
    effective_from: Mapped[datetime]
    adopted_at: Mapped[datetime]
    adopted_by: Mapped[str]
    recount_at: Mapped[datetime | None]
    """How far the conversions since `effective_from` are credited anew; empty when all are."""
    recount_id: Mapped[int] = mapped_column(server_default="0")
    relearns: Mapped[int | None]
    """The number of the version that was chosen, where this is the same choice learnt anew."""


class ChannelRules(Record):
    """The rules by which contacts belong to channels, as they were saved; the latest version counts."""

    __tablename__ = "channel_rules"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 2 on; 1 is what comes with the product."""
    rules: Mapped[list[Any]]
    """[{"name", "conditions": [{"field", "operator", "values"}], "buyer", "seller"}]."""
    saved_at: Mapped[datetime]
    saved_by: Mapped[str]
    since: Mapped[datetime | None]
    """Contacts from then on are told by it, those before it was saved too; empty when only those after."""
    retold_at: Mapped[datetime | None]
    """How far the contacts since then are told anew; empty when all are."""
    retold_id: Mapped[UUID] = mapped_column(server_default=text("'00000000-0000-0000-0000-000000000000'"))
