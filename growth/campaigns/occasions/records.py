"""Records of what sets campaigns off."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class TriggerEntry(Record):
    """Something that set a triggered campaign off for somebody; the same cause never does twice."""

    __tablename__ = "trigger_entry"
    __table_args__ = (
        UniqueConstraint("campaign_id", "cause"),
        Index("ix_trigger_entry_due", "campaign_id", "due_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_trigger_entry_person", "campaign_id", "person_id", "caused_at"),
    )

    id: Mapped[Id]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    cause: Mapped[str]
    """`event:<uuid>` or `stage:<id>`."""
    caused_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str]
    """waiting → planned | dropped (it had been sent to them a short while before)."""
