"""Scanners that follow many links of a message at once: known by the third link, so the first two are taken back."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from growth.campaigns.email.machines import BURST_SECONDS
from growth.campaigns.email.recipients import Recipient
from growth.campaigns.records import Delivery
from growth.events.records import Event

_CLICKS = 0x636C
"""Of the advisory locks, those of clicks."""


def one_at_a_time(session: Session, delivery_id: int) -> None:
    """Let the clicks of one message wait for each other until this transaction ends, so that each sees the others."""
    session.execute(select(func.pg_advisory_xact_lock(_CLICKS, delivery_id % 2**31)))


def take_back(session: Session, recipient: Recipient, now: datetime) -> None:
    """What was taken for a reader's clicks in the last moments was the scanner's; earlier ones stay."""
    since = now - timedelta(seconds=BURST_SECONDS)
    session.execute(
        update(Event)
        .where(
            Event.person_id == recipient.person_id,
            Event.occurred_at.between(since, now),
            Event.delivery_id == recipient.delivery_id,
            Event.kind == "email_click",
            Event.source == "link",
        )
        .values(kind="email_machine_click")
    )
    session.execute(
        update(Delivery)
        .where(Delivery.id == recipient.delivery_id, Delivery.clicked_at >= since)
        .values(clicked_at=None, scanner_clicked_at=func.least(Delivery.scanner_clicked_at, Delivery.clicked_at))
    )
