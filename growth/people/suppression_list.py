"""The list of addresses that must not be written to: read page by page, looked up, and taken from where one may."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.database.engine import transaction
from growth.errors import NotFoundError, RefusedError
from growth.locales import N_
from growth.people.identity import EMAIL, email_hash, mailbox_hash
from growth.people.records import Suppression
from growth.people.suppression import BOUNCES, REASONS, suppressions, ways_of

REMOVABLE = ("manual", "imported", "soft_bounce")
"""Reasons that one of us can take back; the others are the person's own word, or a fact about the address."""
MOST_COUNTED = 10_000
_EXPORT_BATCH = 5_000


@dataclass(frozen=True)
class Count:
    """How many there are, or at least are."""

    addresses: int
    more: bool


def addresses_on_list(
    session: Session, reason: str | None, *, after: int | None = None, size: int = 50
) -> Sequence[Suppression]:
    """The next `size` entries below the id `after`, the newest first; of one reason when given."""
    found = select(Suppression).where(Suppression.channel == EMAIL).order_by(Suppression.id.desc()).limit(size)
    if reason in REASONS:
        found = found.where(Suppression.reason == reason)
    return session.scalars(found if after is None else found.where(Suppression.id < after)).all()


def count_on_list(session: Session, reason: str | None) -> Count:
    """How many entries there are, counted up to `MOST_COUNTED`."""
    some = select(Suppression.id).limit(MOST_COUNTED + 1)
    if reason in REASONS:
        some = some.where(Suppression.reason == reason)
    number = session.scalar(select(func.count()).select_from(some.subquery())) or 0
    return Count(min(number, MOST_COUNTED), more=number > MOST_COUNTED)


def look_up(session: Session, address: str) -> Sequence[Suppression]:
    """Why one address is on the list; empty when it isn't. Raises InvalidError, field `email`, for what is none.

    What was said of its mailbox, however it was written then, counts too; a bounce only of the very address.
    """
    digest = email_hash(address)
    listed = suppressions(session, EMAIL, ways_of(session, {digest, mailbox_hash(address)}))
    return [one for one in listed if one.hash == digest or one.reason not in BOUNCES]


def entry_by_id(session: Session, entry_id: int) -> Suppression:
    """One entry. Raises NotFoundError."""
    found = session.get(Suppression, entry_id, with_for_update=True)
    if found is None:
        raise NotFoundError(N_("This address is not on the list any more."))
    return found


def take_away(session: Session, entry: Suppression, *, actor: str, now: datetime) -> None:
    """Let an address be written to again, with an entry in the audit log. Raises RefusedError unless `REMOVABLE`.

    Permission is another matter: who never gave any gets nothing by this.
    """
    if entry.reason not in REMOVABLE:
        raise RefusedError(
            N_("This address stays on the list: it is there by the person's own word, or since it doesn't exist."),
            remedy=N_("The person can subscribe again by a form or in their preferences."),
        )
    detail = {"reason": entry.reason, "source": entry.source, "since": entry.at.isoformat()}
    subject = f"e-mail {entry.hash.hex()[:16]}"
    session.delete(entry)
    session.flush()
    audit(session, actor=actor, action="unsuppress", subject=subject, detail=detail, now=now)


def every_entry(engine: Engine, reason: str | None) -> Iterator[Suppression]:
    """All entries, in batches of a transaction each, so that a long export holds none open."""
    after = None
    while True:
        with transaction(engine) as session:
            page = addresses_on_list(session, reason, after=after, size=_EXPORT_BATCH)
        yield from page
        if len(page) < _EXPORT_BATCH:
            return
        after = page[-1].id
