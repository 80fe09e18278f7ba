"""The one organisation that runs this installation: its name, time zone, currency and sender."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from growth.database.base import Record


class Workspace(Record):
    """A single row, there once the product is set up."""

    __tablename__ = "workspace"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    name: Mapped[str]
    time_zone: Mapped[str]
    currency: Mapped[str]
    sender_name: Mapped[str]
    sender_email: Mapped[str]
    postal_address: Mapped[str] = mapped_column(server_default="")
    demo: Mapped[bool] = mapped_column(server_default="false")
    set_up_at: Mapped[datetime]


def workspace(session: Session) -> Workspace | None:
    """The workspace, or None while the product is not set up. Read once in a session, which holds on to it."""
    found: Workspace | None = session.get(Workspace, 1)
    session.info["workspace"] = found
    return found
