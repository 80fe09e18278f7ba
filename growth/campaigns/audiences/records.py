"""Records of saved audiences."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class Audience(Record):
    """A named set of conditions; what they are is the newest version's."""

    __tablename__ = "audience"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    version: Mapped[int]
    """The newest; a save that names an older one gets the difference and a choice."""
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class AudienceVersion(Record):
    """Conditions as they were saved once (append)."""

    __tablename__ = "audience_version"
    __table_args__ = (UniqueConstraint("audience_id", "version"),)

    id: Mapped[Id]
    audience_id: Mapped[int] = mapped_column(ForeignKey("audience.id"))
    version: Mapped[int]
    conditions: Mapped[dict[str, Any]]
    fingerprint: Mapped[bytes]
    """SHA-256 of the compiled statement and its values."""
    by: Mapped[str]
    at: Mapped[datetime]
