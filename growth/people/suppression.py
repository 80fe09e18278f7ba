"""Addresses that must not be written to, by keyed hash, so that the list outlives the person's record."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Boolean, delete, literal_column, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.people.records import Suppression

REASONS = ("unsubscribe", "complaint", "hard_bounce", "soft_bounce", "imported", "erased", "manual")
BOUNCES = ("hard_bounce", "soft_bounce")
"""Reasons that are an address's own: they say nothing about a person's other addresses."""
EVERYTHING = "all"


def strength(reason: str) -> str:
    """In SQL, how much a reason (a part of the statement) weighs against another for the same address and scope.

    A bounce says less than a person's own will, which a new permission doesn't take back; erasing says the most.
    """
    return f"""case {reason} when 'erased' then 3 when 'hard_bounce' then 1 when 'unsubscribe' then 1
        when 'soft_bounce' then 0 else 2 end"""


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


_PUT_MANY = text(f"""
    with put as (
        insert into suppression (channel, hash, scope, reason, source, at)
        select :channel, hash, '{EVERYTHING}', :reason, :source, :now from unnest(cast(:hashes as bytea[])) hash
        on conflict (channel, hash, scope) do update
            set reason = excluded.reason, source = excluded.source, at = excluded.at where {STRONGER}
        returning suppression.xmax = 0 as new)
    select count(*) filter (where new) from put
""")  # noqa: S608 - the parts stand above, values are bound


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
    given = {"channel": channel, "hashes": sorted(set(hashes)), "reason": reason, "source": source, "now": now}
    return session.scalar(_PUT_MANY, given) or 0


_WAYS = text("""
    with plain as (
        select unnest(cast(:hashes as bytea[])) as hash
        union select mailbox from identity
            where kind = 'email' and hash = any(cast(:hashes as bytea[])) and mailbox is not null)
    select hash from plain
    union select sibling.hash
        from plain join identity sibling on sibling.kind = 'email' and sibling.mailbox = plain.hash
""")


def ways_of(session: Session, hashes: Collection[bytes]) -> list[bytes]:
    """These addresses, the plain form of their mailboxes, and every other known way of writing those.

    Who doesn't want to be written to means the mailbox, with whatever dots and tags (`identity.mailbox`).
    """
    return sorted(session.scalars(_WAYS, {"hashes": sorted(set(hashes))}))


_TAKE_ALONG = text(f"""
    insert into suppression (channel, hash, scope, reason, source, at)
    select distinct on (fresh.hash, listed.scope) 'email', fresh.hash, listed.scope, listed.reason, listed.source,
        listed.at
    from identity fresh cross join lateral (
        select coalesce(fresh.mailbox, fresh.hash) as hash
        union select other.hash from identity other
            where other.kind = 'email' and other.mailbox = coalesce(fresh.mailbox, fresh.hash)) way
    join suppression listed on listed.channel = 'email' and listed.hash = way.hash
        and listed.reason not in ('hard_bounce', 'soft_bounce')
    where fresh.kind = 'email' and fresh.hash = any(cast(:hashes as bytea[])) and way.hash <> fresh.hash
    order by fresh.hash, listed.scope, {strength("listed.reason")} desc, listed.at desc
    on conflict (channel, hash, scope) do update
        set reason = excluded.reason, source = excluded.source, at = excluded.at where {STRONGER}
""")  # noqa: S608 - likewise


def take_along(session: Session, hashes: Collection[bytes]) -> None:
    """Let what is said of a mailbox hold for addresses just stored that are another way of writing it."""
    session.execute(_TAKE_ALONG, {"hashes": sorted(set(hashes))})


def mend(session: Session, channel: str, digest: bytes) -> None:
    """An address that was given up for soft bounces takes messages again: its owner has just answered one."""
    mended = (Suppression.channel == channel, Suppression.hash == digest, Suppression.reason == "soft_bounce")
    session.execute(delete(Suppression).where(*mended))


def suppressions(session: Session, channel: str, hashes: Sequence[bytes]) -> list[Suppression]:
    """Why addresses are on the list, oldest first; empty when none is."""
    found = select(Suppression).where(Suppression.channel == channel, Suppression.hash.in_(hashes))
    return list(session.scalars(found.order_by(Suppression.at, Suppression.id)))


def is_suppressed(session: Session, channel: str, digest: bytes, purpose: str) -> bool:
    """Whether the address must not be written to for this purpose."""
    return any(one.scope in {EVERYTHING, purpose} for one in suppressions(session, channel, [digest]))
