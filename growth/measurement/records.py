"""Records of the channel report."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class ChannelDay(Record):
    """One row per day (in the workspace's time zone), side, channel, country and language: what reports are made of."""

    __tablename__ = "channel_day"
    __table_args__ = (Index("ix_channel_day_side_day", "side", "day"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True, server_default="")
    """What the person read when the day was counted: one of `growth.measurement.languages`, "" where nobody knows."""
    touches: Mapped[int] = mapped_column(server_default="0")
    """Clicks and visits by way of the channel."""
    acquired: Mapped[int] = mapped_column(server_default="0")
    """Millionths of registered buyers, or of opened shops."""
    orders: Mapped[int] = mapped_column(server_default="0")
    """Millionths of first orders, or of first sales."""
    value_minor: Mapped[int] = mapped_column(server_default="0")
    cost_minor: Mapped[int] = mapped_column(server_default="0")
    """Both in the workspace's currency; amounts that had no rate on that day are left out."""
    ordered: Mapped[int] = mapped_column(server_default="0")
    """Millionths of those acquired on this day whose first order, or first sale, came within 60 days of it."""
    repeated: Mapped[int] = mapped_column(server_default="0")
    """Millionths of the first orders of this day whose person ordered again within 60 days."""
    unrated: Mapped[str] = mapped_column(server_default="")
    """The currencies without a rate, such as `BRL CNY`."""


class ChannelDayTotal(Record):
    """The same added up, so that a page reads hundreds of rows and not hundreds of thousands: `*` stands for all.

    There are rows for all countries, all languages, or both, of each channel; and for all channels, of each country,
    in each language and in all. A trigger keeps them in the statement that writes `channel_day`.
    """

    __tablename__ = "channel_day_total"
    __table_args__ = (
        Index("ix_channel_day_total_place", "side", "country", "language", "day"),
        Index(
            "ix_channel_day_total_countries",
            "side",
            "language",
            "day",
            postgresql_where=text("channel = '*'"),
            postgresql_include=["country", "acquired"],
        ),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    touches: Mapped[int]
    acquired: Mapped[int]
    orders: Mapped[int]
    value_minor: Mapped[int]
    cost_minor: Mapped[int]
    ordered: Mapped[int]
    repeated: Mapped[int]
    unrated: Mapped[str]
    """Words that may repeat."""


class Anomaly(Record):
    """A measure of a channel in a country that left its seasonal baseline: new → seen → explained."""

    __tablename__ = "anomaly"
    __table_args__ = (
        UniqueConstraint("day", "side", "channel", "country", "measure"),
        CheckConstraint("state in ('new', 'seen', 'explained')", name="state"),
        Index("ix_anomaly_side_day", "side", "day", "id"),
    )

    id: Mapped[Id]
    day: Mapped[date]
    """The last day that was looked at."""
    since: Mapped[date]
    side: Mapped[str]
    channel: Mapped[str]
    country: Mapped[str]
    """`*` for all countries together, "" where nobody knows."""
    measure: Mapped[str]
    """touches, acquired, orders, cost_each."""
    change: Mapped[int]
    """Against what was expected, in ten-thousandths: -6000 is a fall by 60 %."""
    evidence: Mapped[dict[str, Any]]
    """{"seen", "expected": millionths, "p": number, "causes": [[cause, ten-thousandths, {more}], …], "beneath":
    [[channel, country, measure, change], …]}."""
    state: Mapped[str] = mapped_column(server_default="new")
    explanation: Mapped[str] = mapped_column(server_default="")
    found_at: Mapped[datetime]
