"""Records of campaigns inside channels."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Record


class CampaignDay(Record):
    """The roll-up by campaign: what is credited to a campaign on a day, and what it cost; only where one is named."""

    __tablename__ = "campaign_day"

    side: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    campaign: Mapped[str] = mapped_column(primary_key=True)
    """An e-mail campaign's name, the campaign tag of an address, or the campaign of a cost."""
    acquired: Mapped[int]
    orders: Mapped[int]
    """Both in millionths, as in `ChannelDay`."""
    value_minor: Mapped[int]
    cost_minor: Mapped[int]
    """Both in the workspace's currency; amounts that had no rate on that day are left out."""


class CampaignDayDue(Record):
    """A (day, side) that was rolled up again, and must be by campaign too."""

    __tablename__ = "campaign_day_due"

    day: Mapped[date] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
