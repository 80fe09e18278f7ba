"""Records of kept reports, of links to them, and of who wants them by e-mail."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class ReportSnapshot(Record):
    """The figures of a side in a period as they were counted at one moment; never changed afterwards."""

    __tablename__ = "report_snapshot"
    __table_args__ = (UniqueConstraint("week", "side", "version"),)

    id: Mapped[Id]
    week: Mapped[date | None]
    """The Monday of a weekly report; none of one that was made for a link."""
    side: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="1")
    """Of a weekly report: made again on purpose, it is the next one."""
    first: Mapped[date]
    last: Mapped[date]
    content: Mapped[dict[str, Any]]
    """See `growth.measurement.reports.snapshot`."""
    made_by: Mapped[str]
    made_at: Mapped[datetime]


class ReportLink(Record):
    """A link by which anybody reads one report until it ends. Only the hash of its token is kept."""

    __tablename__ = "report_link"
    __table_args__ = (Index("ix_report_link_snapshot_id", "snapshot_id"),)

    id: Mapped[Id]
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("report_snapshot.id"))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    revoked_by: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    opened: Mapped[int] = mapped_column(server_default="0")
    opened_at: Mapped[datetime | None]
    """The last time."""
    minute: Mapped[datetime | None]
    opened_in_minute: Mapped[int] = mapped_column(server_default="0")


class ReportWish(Record):
    """Whether somebody wants the weekly report by e-mail; without a row, managers do and others don't."""

    __tablename__ = "report_wish"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    wanted: Mapped[bool]
    changed_at: Mapped[datetime]
