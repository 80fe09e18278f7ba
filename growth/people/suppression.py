"""Addresses that must not be written to, by keyed hash, so that the list outlives the person's record."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Boolean, literal_column, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.people.records import Suppression

REASONS = ("unsubscribe", "complaint", "hard_bounce", "imported", "erased", "manual")
EVERYTHING = "all"


def strength(reason: str) -> str:
    """In SQL, how much a reason (a part of the statement) weighs against another for the same address and scope.

    A bounce says less than a person's own will, which a new permission doesn't take back; erasing says the most.
    """
    return f"case {reason} when 'erased' then 2 when 'hard_bounce' then 0 when 'unsubscribe' then 0 else 1 end"


STRONGER = f"""
    ({strength("excluded.reason")} > {strength("suppression.reason")}
    or excluded.reason = 'unsubscribe' and suppression.reason = 'unsubscribe' and excluded.at > suppression.at)
"""
"""When a new reason takes the place of the one that is there. Of unsubscriptions the latest counts, since a permission
that is younger outweighs one."""

_given = insert(Suppression)
_PUT = _given.on_conflict_do_update(
    index_elements=["channel", "hash", "scope"],
    set_={name: _given.excluded[name] for name in ("reason", "source", "at")},
    where=text(STRONGER),
).returning(literal_column("suppression.xmax = 0", Boolean))
"""Gives whether the address was not there yet; nothing when what was there stays."""


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
    """Put an address on the list; returns whether it was not there yet. The first reason stays, unless it weighs less.

    `hash` is the lookup hash of the normalised address (`growth.people.identity`). `scope` is `all` or a purpose.
    Raises ValueError for a reason that is none of `REASONS`.
    """
    if reason not in REASONS:
        raise ValueError(f"{reason!r} is no reason for suppression")
    row = {"channel": channel, "hash": hash, "scope": scope, "reason": reason, "source": source, "at": now}
    return bool(session.scalar(_PUT, row))


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
    return sum(session.scalars(_PUT, rows))


def suppressions(session: Session, channel: str, hashes: Sequence[bytes]) -> list[Suppression]:
    """Why addresses are on the list, oldest first; empty when none is."""
    found = select(Suppression).where(Suppression.channel == channel, Suppression.hash.in_(hashes))
    return list(session.scalars(found.order_by(Suppression.at, Suppression.id)))


def is_suppressed(session: Session, channel: str, digest: bytes, purpose: str) -> bool:
    """Whether the address must not be written to for this purpose."""
    return any(one.scope in {EVERYTHING, purpose} for one in suppressions(session, channel, [digest]))
