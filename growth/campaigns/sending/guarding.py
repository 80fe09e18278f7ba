"""Halting by itself: when too much of what was sent comes back, before the sender's name is hurt."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.campaigns.records import ReceiverMinute
from growth.campaigns.sending.records import SendingRules
from growth.campaigns.sending.rules import halt, rules
from growth.locales import N_

FEWEST = 200
"""Messages of a day from which on their share says something."""
_WINDOW = timedelta(hours=24)

BOUNCES = N_("Of %(sent)s messages of the last 24 hours %(number)s bounced; more than %(limit)s is too much.")
COMPLAINTS = N_(
    "Of %(sent)s messages of the last 24 hours %(number)s were complained of; more than %(limit)s is too much."
)


@dataclass(frozen=True)
class Lately:
    """What became of the messages of the last 24 hours, or of those since sending was let go on."""

    sent: int
    bounced: int
    complained: int


def too_much(lately: Lately, bounce_limit: int, complaint_limit: int) -> tuple[str, int, int] | None:
    """Why sending has to halt: sentence, number and limit (in ten-thousandths of what was sent); None to go on."""
    if lately.sent < FEWEST:
        return None
    found = ((COMPLAINTS, lately.complained, complaint_limit), (BOUNCES, lately.bounced, bounce_limit))
    return next((one for one in found if one[1] * 10_000 > one[2] * lately.sent), None)


def guard(session: Session, now: datetime) -> bool:
    """Halt all sending when it has to be; gives whether it was halted just now."""
    held = rules(session)
    if held.halted_at is not None:
        return False
    day = lately(session, held, now)
    found = too_much(day, held.bounce_limit, held.complaint_limit)
    if found is None:
        return False
    sentence, number, limit = found
    halt(session, sentence, now=now, sent=day.sent, number=number, limit=f"{limit / 100:g} %")
    return True


def lately(session: Session, held: SendingRules, now: datetime) -> Lately:
    """By the minutes in which messages were sent, which triggers keep."""
    since = max(now - _WINDOW, held.watched_since or now - _WINDOW)
    sums = (func.coalesce(func.sum(getattr(ReceiverMinute, name)), 0) for name in ("sent", "bounced", "complained"))
    return Lately(*(int(one) for one in session.execute(select(*sums).where(ReceiverMinute.minute >= since)).one()))
