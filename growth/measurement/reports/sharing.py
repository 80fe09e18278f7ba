"""Links by which anybody reads one report: they end by themselves or are taken back, and only their hash is kept."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.errors import GrowthError, InvalidError, NotFoundError, TransientError
from growth.keyring import keyring
from growth.locales import N_
from growth.measurement.reports.records import ReportLink, ReportSnapshot
from growth.measurement.reports.snapshot import Snapshot, from_json

DAYS = (1, 7, 30)
"""How long a link may work."""
MOST_A_MINUTE = 60
"""Openings of one link; more is no reader."""
_PURPOSE = "report link"
_LARGEST_ID = 2**63 - 1


class Ended(StrEnum):
    """Why a link shows nothing any more."""

    EXPIRED = "expired"
    REVOKED = "revoked"


class EndedError(GrowthError):
    """The link worked once."""

    def __init__(self, how: Ended) -> None:
        super().__init__(N_("This link does not work any more."))
        self.how = how


@dataclass(frozen=True)
class Opened:
    """What a link shows, and until when."""

    snapshot: Snapshot
    made_at: datetime
    """When its figures were counted."""
    ends_at: datetime


def share(session: Session, kept: ReportSnapshot, days: int, *, actor: str, now: datetime) -> tuple[ReportLink, str]:
    """A link to a kept report for so many days, audited, and its path, which can't be shown again.

    Raises InvalidError, field `days`.
    """
    if days not in DAYS:
        raise InvalidError("days", N_("A link works for 1, 7 or 30 days."))
    token = keyring().sign(_PURPOSE, secrets.token_urlsafe(24))
    link = ReportLink(snapshot_id=kept.id, token_hash=_hash(token), made_by=actor, made_at=now,
                      ends_at=now + timedelta(days=days))  # fmt: skip
    session.add(link)
    session.flush()
    detail = {"side": kept.side, "first": str(kept.first), "last": str(kept.last), "until": link.ends_at.isoformat()}
    audit(session, actor=actor, action="report link made", subject=str(link.id), detail=detail, now=now)
    return link, f"/r/{token}"


def open_link(session: Session, token: str, now: datetime) -> Opened:
    """What the link shows; this opening is counted.

    Raises RefusedError for a token that isn't ours, EndedError, and TransientError when it is opened too often.
    """
    keyring().verify(_PURPOSE, token)
    link = session.scalar(select(ReportLink).where(ReportLink.token_hash == _hash(token)))
    if link is None or link.revoked_at is not None:
        raise EndedError(Ended.REVOKED)
    if link.ends_at <= now:
        raise EndedError(Ended.EXPIRED)
    if _count(session, link.id, now) > MOST_A_MINUTE:
        wait = 60 - now.second
        raise TransientError(N_("This report is opened very often just now."), retry_after=wait,
                             remedy=N_("Wait a minute, then open it again."))  # fmt: skip
    kept = session.get_one(ReportSnapshot, link.snapshot_id)
    return Opened(from_json(kept.content), kept.made_at, link.ends_at)


def _count(session: Session, link_id: int, now: datetime) -> int:
    """Count an opening under the row's lock; gives how many this minute has had."""
    minute = now.replace(second=0, microsecond=0)
    same = case((ReportLink.minute == minute, ReportLink.opened_in_minute + 1), else_=1)
    counted = update(ReportLink).where(ReportLink.id == link_id)
    values = {"opened": ReportLink.opened + 1, "opened_at": now, "minute": minute, "opened_in_minute": same}
    in_minute = session.scalar(counted.values(values).returning(ReportLink.opened_in_minute))
    return int(in_minute or 0)


def revoke(session: Session, link_id: int, *, actor: str, now: datetime) -> ReportLink:
    """Take a link back, audited; again changes nothing. Raises NotFoundError."""
    known = 0 < link_id <= _LARGEST_ID
    link = session.get(ReportLink, link_id, with_for_update=True, populate_existing=True) if known else None
    if link is None:
        raise NotFoundError(N_("There is no such link."))
    if link.revoked_at is None:
        link.revoked_at, link.revoked_by = now, actor
        session.flush()
        detail = {"made_by": link.made_by, "opened": link.opened}
        audit(session, actor=actor, action="report link revoked", subject=str(link.id), detail=detail, now=now)
    return link


@dataclass(frozen=True)
class Listed:
    """A link with what it shows."""

    link: ReportLink
    snapshot: ReportSnapshot
    live: bool


def links(
    session: Session, now: datetime, *, live: bool = True, before: int | None = None, limit: int = 50
) -> Sequence[Listed]:
    """Links that work, or those that don't any more, the newest first, before the one given."""
    working = (ReportLink.revoked_at.is_(None), ReportLink.ends_at > now)
    ended = or_(ReportLink.revoked_at.is_not(None), ReportLink.ends_at <= now)
    found = select(ReportLink, ReportSnapshot).join(ReportSnapshot, ReportSnapshot.id == ReportLink.snapshot_id)
    found = found.where(*working) if live else found.where(ended)
    if before is not None:
        found = found.where(ReportLink.id < before)
    rows = session.execute(found.order_by(ReportLink.id.desc()).limit(limit))
    return [Listed(link, snapshot, live) for link, snapshot in rows]


def live_links_of(session: Session, snapshot_id: int, now: datetime) -> int:
    """How many links to a report work now."""
    mine = select(func.count()).select_from(ReportLink).where(ReportLink.snapshot_id == snapshot_id)
    return session.scalar(mine.where(ReportLink.revoked_at.is_(None), ReportLink.ends_at > now)) or 0


def _hash(token: str) -> bytes:
    """Of 192 random bits, so a plain SHA-256 will do."""
    return hashlib.sha256(token.encode()).digest()
