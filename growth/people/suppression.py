"""Addresses that must not be written to, by keyed hash, so that the list outlives the person's record."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.people.records import Suppression

REASONS = ("unsubscribe", "complaint", "hard_bounce", "imported", "erased", "manual")
EVERYTHING = "all"


def suppress(
    session: Session,
    channel: str,
    hash: bytes,  # noqa: A002 - the column's own name
    scope: str = EVERYTHING,
    *,
    reason: str,
    source: str,
    now: datetime,
) -> bool:
    """Put an address on the list; returns whether it was not there yet. The first reason stays.

    `hash` is the lookup hash of the normalised address (`growth.people.identity`). `scope` is `all` or a purpose.
    Raises ValueError for a reason that is none of `REASONS`.
    """
    if reason not in REASONS:
        raise ValueError(f"{reason!r} is no reason for suppression")
    row = insert(Suppression).values(channel=channel, hash=hash, scope=scope, reason=reason, source=source, at=now)
    return session.scalar(row.on_conflict_do_nothing().returning(Suppression.id)) is not None


def suppress_many(
    session: Session, channel: str, hashes: Sequence[bytes], *, reason: str, source: str, now: datetime
) -> int:
    """Put addresses on the list for everything; returns how many were not there yet."""
    rows = [
        {"channel": channel, "hash": one, "scope": EVERYTHING, "reason": reason, "source": source, "at": now}
        for one in sorted(set(hashes))
    ]
    if not rows:
        return 0
    return len(session.scalars(insert(Suppression).on_conflict_do_nothing().returning(Suppression.id), rows).all())


def suppressions(session: Session, channel: str, hashes: Sequence[bytes]) -> list[Suppression]:
    """Why addresses are on the list, oldest first; empty when none is."""
    found = select(Suppression).where(Suppression.channel == channel, Suppression.hash.in_(hashes))
    return list(session.scalars(found.order_by(Suppression.at, Suppression.id)))


def is_suppressed(session: Session, channel: str, digest: bytes, purpose: str) -> bool:
    """Whether the address must not be written to for this purpose."""
    return any(one.scope in {EVERYTHING, purpose} for one in suppressions(session, channel, [digest]))
