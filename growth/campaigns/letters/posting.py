"""Posting a letter: written down in the transaction that wants it sent, so that it goes out exactly if that holds."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.campaigns.letters.records import Letter
from growth.keyring import keyring
from growth.people.identity import normalise_email
from growth.scheduling.firing import fire
from growth.scheduling.records import JobRun

JOB = "send_letters"
FIRED_BY = "a letter"


@dataclass(frozen=True)
class Content:
    """A message that is put together already, as somebody else gets it."""

    subject: str
    html: str
    text: str
    unsubscribe: str = ""
    """Where a mail program's own button ends such letters (RFC 8058), for those that come again."""


def post(
    session: Session,
    *,
    kind: str,
    message: str,
    locale: str,
    email: str,
    values: Mapping[str, str],
    posted_by: str,
    now: datetime,
    key: str | None = None,
    campaign_run_id: int | None = None,
    content: Content | None = None,
) -> Letter:
    """Post a letter, in the caller's transaction; under the same key it is the same letter, sent once.

    `values` are the places of the message with their texts, plain; sender and postal address are filled in when it is
    sent. With `content` that is sent as it is, and `message` only says where it came from. `kind` is one of those at
    `Letter`. Raises InvalidError (field `email`) for what is no address.
    """
    kept = {"values": dict(values), "content": asdict(content) if content else None}
    row = insert(Letter).values(
        kind=kind,
        key=key,
        message=message,
        locale=locale,
        email_sealed=keyring().seal(normalise_email(email)),
        values_sealed=keyring().seal(orjson.dumps(kept).decode()),
        campaign_run_id=campaign_run_id,
        posted_by=posted_by,
        posted_at=now,
    )
    made = session.scalar(row.on_conflict_do_nothing(index_elements=[Letter.key]).returning(Letter.id))
    if made is None:
        return session.scalars(select(Letter).where(Letter.key == key)).one()
    wake(session, now)
    return session.get_one(Letter, made)


def wake(session: Session, now: datetime) -> None:
    """Have the letters sent soon. A run that waits already takes this one along; if not, the next minute's does."""
    waits = select(JobRun.id).where(JobRun.job == JOB, JobRun.state == "queued", JobRun.retry_at.is_(None))
    if session.scalar(waits.limit(1)) is None:
        fire(session, JOB, due_at=now, fired_by=FIRED_BY)
