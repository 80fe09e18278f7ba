"""Records of hold-outs: where or for whom a channel rests, when, and what came of it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class Holdout(Record):
    """A channel rests in some regions, or for some people, so that what it truly causes is seen."""

    __tablename__ = "holdout"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("kind in ('regions', 'people')", name="kind"),
        # Two at once on a channel would each count what the other does.
        Index(
            "ix_holdout_open", "side", "channel", unique=True, postgresql_where=text("state in ('planned', 'running')")
        ),
        Index("ix_holdout_read", "side", "channel", "ends_on", postgresql_where=text("state = 'read'")),
    )

    id: Mapped[Id]
    name: Mapped[str]
    kind: Mapped[str]
    """regions or people."""
    side: Mapped[str]
    channel: Mapped[str]
    outcome: Mapped[str]
    """What is counted: acquired or orders, as `channel_day` has them."""
    regions: Mapped[list[Any]] = mapped_column(server_default="[]")
    """Countries where the channel rests; none for people."""
    percent: Mapped[int | None]
    """Of people, those for whom it rests."""
    weeks: Mapped[int]
    """That are counted, at the end of the time it rests."""
    settle_days: Mapped[int]
    """Days at its beginning that aren't counted: whoever came by the channel before still decides in them."""
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    """The last day it rests."""
    state: Mapped[str] = mapped_column(server_default="planned")
    """planned → running → read; stopped by hand from either of the first."""
    plan: Mapped[dict[str, Any]]
    """What it was expected to show."""
    result: Mapped[dict[str, Any] | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """When it was read or stopped."""
