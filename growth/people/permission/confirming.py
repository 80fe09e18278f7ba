"""Confirmations: what was asked of an address holds once its owner says yes, by a link that reached that address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.errors import NotFoundError, TransientError
from growth.keyring import keyring
from growth.locales import N_
from growth.people.identity import EMAIL, identity_hash, normalise_email
from growth.people.permission.address_traits import mailbox_of
from growth.people.permission.jurisdictions import jurisdiction_of
from growth.people.permission.records import Confirmation
from growth.people.records import Identity
from growth.people.suppression import suppressions
from growth.scheduling.run import Step

SUBSCRIPTION, ADDRESS = "subscription", "address"
WAITING, CONFIRMED, EXPIRED = "waiting", "confirmed", "expired"
MOST_LETTERS = 3
PAUSE = timedelta(seconds=60)
"""Between two letters of one confirmation."""
ASKED_AGAIN_WITHIN = timedelta(days=7)
"""How long after its time a confirmation can still be asked for anew; then its address is taken away."""
TOO_LATE = N_("This link is too old.")
MILD = ("unsubscribe", "soft_bounce")
"""Reasons for suppression after which an address may still be asked: its owner can change their mind."""


class Outcome(StrEnum):
    """What becomes of a wish. The visitor is told the same in each case."""

    LETTER = "letter"
    """A letter with the link is to be posted now."""
    NOT_YET = "not_yet"
    """One was posted a moment ago, or all that there may be."""
    BARRED = "barred"
    """Nothing may be sent to this address."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody asks for an address, which they may or may not own."""

    kind: str
    """SUBSCRIPTION or ADDRESS."""
    email: str
    locale: str
    name: str | None = None
    country: str | None = None
    person_id: int | None = None
    """Of an address change."""
    list_id: int | None = None
    form_id: int | None = None
    wording: str = ""
    """Exactly what was agreed to."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """{"form", "form_version", "page", "ip_prefix"}; the moment is added."""


@dataclass(frozen=True)
class Asked:
    """What became of a wish, and the confirmation that waits for a yes, if one does."""

    outcome: Outcome
    confirmation: Confirmation | None = None


def sign(confirmation: Confirmation) -> str:
    """The path of the page on which the owner of the address says yes."""
    return f"/p/confirm?t={keyring().sign('confirm', str(confirmation.id))}"


def read(session: Session, token: str, *, lock: bool = False) -> Confirmation:
    """The confirmation of a link. Raises RefusedError for a link that isn't ours, NotFoundError when it is gone."""
    wanted = int(keyring().verify("confirm", token))
    found = session.get(Confirmation, wanted, with_for_update=lock, populate_existing=lock)
    if found is None:
        raise NotFoundError(N_("What this link was for is gone."))
    return found


def is_barred(session: Session, email: str) -> bool:
    """Whether nothing at all may be sent to a normalised address, in whatever way its mailbox is written."""
    plain = identity_hash(EMAIL, mailbox_of(email))
    ways = session.scalars(select(Identity.hash).where(Identity.kind == EMAIL, Identity.mailbox == plain))
    hashes = {identity_hash(EMAIL, email), plain, *ways}
    return any(one.reason not in MILD for one in suppressions(session, EMAIL, sorted(hashes)))


def ask(session: Session, wish: Wish, now: datetime) -> Asked:
    """Have a wish wait for its confirmation, and decide whether a letter goes out; the caller posts it.

    Asked again meanwhile it is the same confirmation, with at most `MOST_LETTERS` letters, `PAUSE` apart. Raises
    InvalidError (field `email`) for what is no address.
    """
    email = normalise_email(wish.email)
    digest = identity_hash(EMAIL, email)
    if is_barred(session, email):
        return Asked(Outcome.BARRED)
    waiting = _waiting(session, wish, email, digest, now)
    return Asked(Outcome.LETTER if _take_letter(waiting, now) else Outcome.NOT_YET, waiting)


def ask_again(session: Session, found: Confirmation, now: datetime) -> bool:
    """Give an expired confirmation, or one whose letter got lost, its time anew; whether a letter is to be posted."""
    if found.state != WAITING or found.email_sealed is None or is_barred(session, open_address(found)):
        return False
    if not _take_letter(found, now):
        return False
    found.expires_at = now + timedelta(days=jurisdiction_of(found.country).confirmation_days)
    return True


def may_ask_again(found: Confirmation) -> bool:
    """Whether another letter is possible, now or in a minute."""
    return found.state == WAITING and found.email_sealed is not None and found.letters < MOST_LETTERS


def is_expired(found: Confirmation, now: datetime) -> bool:
    """Whether it is too late to say yes."""
    return found.state == EXPIRED or (found.state == WAITING and found.expires_at <= now)


def _take_letter(found: Confirmation, now: datetime) -> bool:
    # A moment ahead is of a clock that was wrong, and keeps nobody waiting.
    lately = found.last_letter_at is not None and timedelta(0) <= now - found.last_letter_at < PAUSE
    if lately or found.letters >= MOST_LETTERS:
        return False
    found.letters += 1
    found.last_letter_at = now
    return True


def _waiting(session: Session, wish: Wish, email: str, digest: bytes, now: datetime) -> Confirmation:
    """The one confirmation that waits for this wish, made when there is none; two at once get the same."""
    same = (
        Confirmation.kind == wish.kind,
        Confirmation.email_hash == digest,
        func.coalesce(Confirmation.list_id, 0) == (wish.list_id or 0),
        Confirmation.state == WAITING,
    )
    letters, last = 0, None
    for _ in range(3):
        found = session.scalar(select(Confirmation).where(*same).with_for_update())
        if found is not None and _fits(found, wish, now):
            return found
        if found is not None:
            # Letters count on for whoever asks, so that nobody's mailbox is filled by asking in other ways.
            letters, last = (0, None) if is_expired(found, now) else (found.letters, found.last_letter_at)
            expire(session, [found.id])
        values = _row(wish, email, digest, now) | {"letters": letters, "last_letter_at": last}
        made = insert(Confirmation).values(values).on_conflict_do_nothing().returning(Confirmation.id)
        if (fresh := session.scalar(made)) is not None:
            return session.get_one(Confirmation, fresh, with_for_update=True)
    raise TransientError(N_("Somebody else asks the same of this address at the moment."))


def _fits(found: Confirmation, wish: Wish, now: datetime) -> bool:
    """Whether a yes to it would be a yes to this wish: the same words, for the same person."""
    return not is_expired(found, now) and (found.wording, found.person_id) == (wish.wording, wish.person_id)


def _row(wish: Wish, email: str, digest: bytes, now: datetime) -> dict[str, Any]:
    rule = jurisdiction_of(wish.country)
    return {
        "kind": wish.kind,
        "email_hash": digest,
        "email_sealed": keyring().seal(email),
        "name_sealed": keyring().seal(wish.name) if wish.name else None,
        "person_id": wish.person_id,
        "list_id": wish.list_id,
        "form_id": wish.form_id,
        "locale": wish.locale,
        "country": wish.country,
        "jurisdiction": rule.code,
        "wording": wish.wording,
        "evidence": {**wish.evidence, "asked_at": now.isoformat()},
        "state": WAITING,
        "asked_at": now,
        "expires_at": now + timedelta(days=rule.confirmation_days),
    }


def settle(found: Confirmation, *, person_id: int, ip_prefix: str | None, now: datetime) -> None:
    """Write the yes down. The address leaves: it is the person's by now."""
    found.state = CONFIRMED
    found.confirmed_at = now
    found.person_id = person_id
    found.evidence = {**found.evidence, "confirmed_at": now.isoformat(), "confirmed_ip_prefix": ip_prefix}
    found.email_sealed = found.name_sealed = None


def expire(session: Session, ids: list[int]) -> None:
    """Confirmations that nobody gave: state and hash stay, so that it shows what was asked; address and name go."""
    gone = {"state": EXPIRED, "email_sealed": None, "name_sealed": None}
    session.execute(update(Confirmation).where(Confirmation.id.in_(ids)).values(gone))


def open_address(found: Confirmation) -> str:
    """The address that is asked. Raises NotFoundError when it has been taken away."""
    if found.email_sealed is None:
        raise NotFoundError(N_("What this link was for is gone."))
    return keyring().unseal(found.email_sealed)


def forget(session: Session, now: datetime, _after: object, size: int) -> Step:
    """Expire the next `size` confirmations whose time passed `ASKED_AGAIN_WITHIN` ago."""
    late = (Confirmation.state == WAITING, Confirmation.expires_at < now - ASKED_AGAIN_WITHIN)
    found = select(Confirmation.id).where(*late).order_by(Confirmation.expires_at).limit(size)
    ids = list(session.scalars(found.with_for_update(skip_locked=True)))
    expire(session, ids)
    return Step(done=len(ids), next=len(ids) or None)
