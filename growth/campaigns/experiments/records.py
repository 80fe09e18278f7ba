"""Records of what campaigns caused."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Record


class CampaignEffect(Record):
    """What a campaign caused: those it was for beside those held out, counted by a job so that no page has to.

    Everybody who was drawn counts, once, whether or not a message reached them; both sides over the same time.
    """

    __tablename__ = "campaign_effect"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    outcome: Mapped[str] = mapped_column(primary_key=True)
    """As in `experiment`, except click: who got nothing can't click it."""
    mailed: Mapped[int]
    mailed_did: Mapped[int]
    """How many of them did it at least once."""
    mailed_minor: Mapped[int] = mapped_column(server_default="0")
    """What they ordered less refunds, in the workspace's currency."""
    mailed_squares: Mapped[Decimal] = mapped_column(server_default="0")
    """Of each person's amount, summed: for the interval."""
    held_out: Mapped[int]
    held_out_did: Mapped[int]
    held_out_minor: Mapped[int] = mapped_column(server_default="0")
    held_out_squares: Mapped[Decimal] = mapped_column(server_default="0")
    unrated: Mapped[str] = mapped_column(server_default="")
    """Currencies without a rate, whose amounts are missing."""
    until: Mapped[datetime]
    """What happened before this moment is counted."""
    final: Mapped[bool]
    """Whether the time that counts is over."""
