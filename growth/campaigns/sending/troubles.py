"""What is wrong with sending now or was a moment ago, for pages: each with when it was last seen."""

from datetime import datetime

from sqlalchemy.orm import Session

from growth.campaigns.sending import clock_watch, unheard
from growth.campaigns.sending.stopping import Trouble
from growth.events.refused import refused_lately


def troubles(session: Session, now: datetime) -> list[tuple[Trouble, datetime]]:
    """The clock that was moved within a day, and reports that are refused."""
    moved, refusal = clock_watch.moved_lately(session, now), refused_lately(session, "sendgrid", now)
    found = []
    if moved is not None and moved.moved_at is not None:
        found.append((clock_watch.in_words(moved.moved_by or 0), moved.moved_at))
    if refusal is not None:
        found.append((unheard.TROUBLE, refusal.at))
    return found
