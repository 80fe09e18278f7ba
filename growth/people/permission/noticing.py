"""Whose permission changed, as triggers note it: by whom it is asked for, and how long it is kept."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from growth.people.permission.records import PermissionChange

RELIED_ON = timedelta(days=2)
"""How long what was asked of people may be relied on, as long as nothing was noted of them since."""
_KEPT = 2 * RELIED_ON


def forget(session: Session, now: datetime) -> None:
    """Take away what nobody asks for any more."""
    session.execute(delete(PermissionChange).where(PermissionChange.at < now - _KEPT))
