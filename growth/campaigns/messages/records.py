"""Records of messages that are edited here; those shipped with the product are folders of files."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class Message(Record):
    """A message that was saved here at least once; of a shipped one's name, its versions come before the folder."""

    __tablename__ = "message"

    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    """The newest."""
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class MessageVersion(Record):
    """The files of a message as they were saved once (append)."""

    __tablename__ = "message_version"
    __table_args__ = (UniqueConstraint("message", "version"),)

    id: Mapped[Id]
    message: Mapped[str] = mapped_column(ForeignKey("message.name"))
    version: Mapped[int]
    files: Mapped[dict[str, Any]]
    """{"subject.txt", "body.mjml" or "body.html", "body.txt", "sample.json": text}."""
    texts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """By locale, translations of the sentences marked in the files; they come before the product's catalogue."""
    note: Mapped[str] = mapped_column(server_default="")
    by: Mapped[str]
    at: Mapped[datetime]
