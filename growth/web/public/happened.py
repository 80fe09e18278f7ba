"""What recipients do with a message, stored as an event and told to the campaign, in one transaction."""

from datetime import datetime

from fastapi import Request
from sqlalchemy.orm import Session

from growth.campaigns.email import feedback
from growth.campaigns.email.recipients import Recipient
from growth.events.ingest import NewEvent, first_seen, ingest
from growth.ids import event_id

_PREFETCH = ("purpose", "sec-purpose", "x-purpose", "x-moz")


def is_reading(request: Request) -> bool:
    """Whether a person may be behind it: a HEAD, or a browser that fetches ahead, is nobody's reading."""
    ahead = any("prefetch" in request.headers.get(name, "").lower() for name in _PREFETCH)
    return request.method == "GET" and not ahead


def happened(
    session: Session, recipient: Recipient, kind: str, source: str, now: datetime, *, position: int | None = None
) -> None:
    """Store it once a minute: mail scanners and impatient fingers ask for the same address several times."""
    minute = int(now.timestamp()) // 60
    key = event_id(source, f"{recipient.delivery_id} {position} {minute}")
    event = NewEvent(
        occurred_at=first_seen(session, [key], now)[key],
        event_id=key,
        kind=kind,
        source=source,
        side=recipient.side,
        person_id=recipient.person_id,
        delivery_id=recipient.delivery_id,
        properties={"campaign": recipient.campaign} | ({} if position is None else {"position": position}),
    )
    feedback.apply(session, ingest(session, [event], now).accepted, now)
