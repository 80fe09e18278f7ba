"""Records of budget advice."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Record


class Advice(Record):
    """The best move of a side and its curves as they were last reckoned, so that pages need not reckon."""

    __tablename__ = "advice"

    side: Mapped[str] = mapped_column(primary_key=True)
    reckoned_at: Mapped[datetime]
    currency: Mapped[str]
    """The workspace's at that time."""
    answer: Mapped[dict[str, Any]]
    """Either {"reason"}, or {"from_channel", "to_channel", "amount", "currency", "low", "expected", "high"}."""
    curves: Mapped[dict[str, Any]]
    """Channel → either {"reason"}, or the fields of `Drawn`."""
