"""Records of what it cost."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class Cost(Record):
    """Money spent on a channel on one day; the same (source, source key, day) again replaces the amount."""

    __tablename__ = "cost"
    __table_args__ = (UniqueConstraint("source", "source_key", "day"), Index("ix_cost_day", "day", "side", "channel"))

    id: Mapped[Id]
    source: Mapped[str]
    source_key: Mapped[str]
    day: Mapped[date]
    side: Mapped[str]
    channel: Mapped[str]
    country: Mapped[str] = mapped_column(server_default="")
    campaign: Mapped[str] = mapped_column(server_default="")
    amount_minor: Mapped[int]
    currency: Mapped[str]
    recorded_at: Mapped[datetime]


class CurrencyRate(Record):
    """How much of the workspace currency one unit of `currency` was worth on `day`."""

    __tablename__ = "currency_rate"

    currency: Mapped[str] = mapped_column(primary_key=True)
    base: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    rate: Mapped[Decimal]
