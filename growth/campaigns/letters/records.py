"""Records of letters."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class Letter(Record):
    """One message to one address, outside of any campaign's audience: posted in the transaction that wants it sent."""

    __tablename__ = "letter"
    __table_args__ = (
        Index("ix_letter_open", "state", "id", postgresql_where=text("state in ('planned', 'claimed', 'in_doubt')")),
        Index("ix_letter_posted", "posted_at", postgresql_where=text("email_sealed is not null")),
        Index("ix_letter_campaign_run", "campaign_run_id", postgresql_where=text("campaign_run_id is not null")),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    """confirmation, address_change, test, seed, notice, report."""
    key: Mapped[str | None] = mapped_column(unique=True)
    """Posted again under the same key, nothing is sent twice."""
    message: Mapped[str]
    locale: Mapped[str]
    email_sealed: Mapped[bytes | None]
    """Taken away a while after it was sent."""
    values_sealed: Mapped[bytes | None]
    """JSON of what is put into it, which may be personal."""
    campaign_run_id: Mapped[int | None] = mapped_column(ForeignKey("campaign_run.id"))
    state: Mapped[str] = mapped_column(server_default="planned")
    """planned → claimed → accepted | refused | in_doubt, then delivered | bounced."""
    batch: Mapped[UUID | None] = mapped_column(unique=True)
    """Travels in `custom_args`, as a delivery batch's id does."""
    attempts: Mapped[int] = mapped_column(server_default="0")
    posted_by: Mapped[str]
    posted_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    refusal: Mapped[str | None]
