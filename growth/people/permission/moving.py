"""A person's new address takes the place of the old one; what they said of the old one holds for the new."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.errors import NotFoundError
from growth.keyring import keyring
from growth.locales import N_
from growth.people.identity import EMAIL, identity_hash, normalise_email, told_by
from growth.people.permission.confirming import ADDRESS, open_address, settle
from growth.people.permission.preferences import ACTOR, recipient
from growth.people.permission.records import Confirmation
from growth.people.records import Identity, IdentityChange
from growth.people.suppression import BOUNCES, mend, suppress, suppressions, take_along

REASON = "address change"


def live_address(session: Session, person_id: int) -> Identity | None:
    """The address a person is written to, the oldest of several."""
    live = (Identity.person_id == person_id, Identity.kind == EMAIL, Identity.retired_at.is_(None))
    found = select(Identity).where(*live, Identity.sealed.is_not(None)).order_by(Identity.id).limit(1)
    return session.scalar(found)


def digest_of(email: str) -> bytes:
    """The lookup hash of a normalised address."""
    return identity_hash(EMAIL, email)


def belongs_to_another(session: Session, person_id: int, email: str) -> bool:
    """Whether a normalised address is somebody else's, or an organisation's."""
    known = session.scalar(select(Identity).where(Identity.kind == EMAIL, Identity.hash == digest_of(email)))
    return known is not None and known.person_id != person_id


def move(session: Session, person_id: int, email: str, *, now: datetime) -> list[str] | None:
    """Give a person a new address, confirmed by whoever reads it, and retire their others.

    Returns the addresses that were retired, for a notice to them; None when the address is somebody else's by now.
    Again changes nothing. Raises as `preferences.recipient` does, and InvalidError for what is no address.
    """
    recipient(session, person_id, lock=True)
    address = normalise_email(email)
    one, fresh = _identity(session, person_id, address, now)
    if one.person_id != person_id:
        return None
    others = (Identity.person_id == person_id, Identity.kind == EMAIL, Identity.id != one.id)
    old = session.scalars(select(Identity).where(*others, Identity.retired_at.is_(None)).order_by(Identity.id)).all()
    if fresh or one.retired_at is not None:
        session.add(_change(one, now, before=None if fresh else person_id))
        one.retired_at = None
    for identity in old:
        identity.retired_at = now
        session.add(_change(identity, now, before=person_id))
    session.flush()
    mend(session, EMAIL, one.hash)
    _take_wishes_along(session, old, one.hash)
    if old:
        detail = {"retired": len(old)}
        audit(session, actor=ACTOR, action=REASON, subject=f"person {person_id}", detail=detail, now=now)
    return [keyring().unseal(identity.sealed) for identity in old if identity.sealed]


def _identity(session: Session, person_id: int, address: str, now: datetime) -> tuple[Identity, bool]:
    """The address's record, made for the person when nobody has it; and whether it was."""
    digest = digest_of(address)
    row = insert(Identity).values(
        kind=EMAIL,
        hash=digest,
        sealed=keyring().seal(address),
        person_id=person_id,
        created_at=now,
        **told_by(EMAIL, address),
    )
    made = session.scalar(row.on_conflict_do_nothing().returning(Identity.id))
    if made is not None:
        take_along(session, [digest])
    same = select(Identity).where(Identity.kind == EMAIL, Identity.hash == digest)
    return session.scalars(same.execution_options(populate_existing=True)).one(), made is not None


def _change(identity: Identity, now: datetime, *, before: int | None) -> IdentityChange:
    return IdentityChange(
        identity_id=identity.id,
        at=now,
        actor=ACTOR,
        person_before=before,
        person_after=identity.person_id,
        reason=REASON,
    )


def _take_wishes_along(session: Session, old: Sequence[Identity], digest: bytes) -> None:
    """A complaint or an unsubscription is the person's, with whatever address; a bounce is the address's."""
    for one in suppressions(session, EMAIL, [identity.hash for identity in old]):
        if one.reason not in BOUNCES:
            suppress(session, EMAIL, digest, one.scope, reason=one.reason, source=one.source, now=one.at)


def confirm(session: Session, found: Confirmation, *, ip_prefix: str | None, now: datetime) -> list[str] | None:
    """Take the yes to an address change, in the caller's transaction, which holds the confirmation's row.

    Returns what `move` does. Raises as it does, and NotFoundError for what was no address change.
    """
    if found.kind != ADDRESS or found.person_id is None:
        raise NotFoundError(N_("What this link was for is gone."))
    old = move(session, found.person_id, open_address(found), now=now)
    settle(found, person_id=found.person_id, ip_prefix=ip_prefix, now=now)
    return old
