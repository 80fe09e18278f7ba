"""Records of the channel report."""

from datetime import date

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Record


class ChannelDay(Record):
    """The roll-up that `/channels` reads: one row per day (in the workspace's time zone), side, channel, country."""

    __tablename__ = "channel_day"
    __table_args__ = (Index("ix_channel_day_side_day", "side", "day"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(primary_key=True)
    touches: Mapped[int] = mapped_column(server_default="0")
    """Clicks and visits by way of the channel."""
    acquired: Mapped[int] = mapped_column(server_default="0")
    """Millionths of registered buyers, or of opened shops."""
    orders: Mapped[int] = mapped_column(server_default="0")
    """Millionths of first orders, or of first sales."""
    value_minor: Mapped[int] = mapped_column(server_default="0")
    cost_minor: Mapped[int] = mapped_column(server_default="0")
    """Both in the workspace's currency; amounts that had no rate on that day are left out."""
    unrated: Mapped[str] = mapped_column(server_default="")
    """The currencies without a rate, such as `BRL CNY`."""
