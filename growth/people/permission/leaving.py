"""Unsubscribing from everything, and taking that back for a few minutes, as one might who pressed the wrong button."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.people.consent import EMAIL_CHANNEL, MARKETING, record_consent
from growth.people.identity import EMAIL
from growth.people.permission.jurisdictions import jurisdiction_of
from growth.people.permission.lists import LEFT, SUBSCRIBED
from growth.people.permission.preferences import ACTOR, after_all, allowed_purposes, recipient
from growth.people.permission.records import ListMember
from growth.people.records import Consent, ConsentFact, Identity, Suppression
from growth.people.suppression import EVERYTHING, suppress, ways_of

SOURCE = "preferences: all"
UNDONE = "preferences: undone"
TAKEN_BACK_WITHIN = timedelta(minutes=10)


def leave_everything(session: Session, person_id: int, *, now: datetime) -> None:
    """End every permission for e-mail that is no order's or account's own, and every topic; again changes nothing.

    Raises as `preferences.recipient` does.
    """
    person = recipient(session, person_id, lock=True)
    held = allowed_purposes(session, person_id)
    for purpose in sorted({MARKETING, *held}):
        if purpose not in held and _ended(session, person_id, purpose):
            continue
        at = after_all(session, person_id, purpose, now)
        record_consent(
            session,
            person_id,
            purpose=purpose,
            channel=EMAIL_CHANNEL,
            granted=False,
            basis="",
            jurisdiction=jurisdiction_of(person.country).code,
            source=SOURCE,
            wording="",
            evidence={"before": _last_yes(session, person_id, purpose) if purpose in held else None},
            at=at,
            now=max(at, now),
        )
    for digest in _addresses(session, person_id):
        suppress(session, EMAIL, digest, EVERYTHING, reason="unsubscribe", source=SOURCE, now=now)
    on = (ListMember.person_id == person_id, ListMember.state == SUBSCRIBED)
    session.execute(update(ListMember).where(*on).values(state=LEFT, source=SOURCE, at=now))
    if held:
        _log(session, person_id, granted=False, now=now)


def may_take_back(session: Session, person_id: int, now: datetime) -> bool:
    """Whether somebody unsubscribed from everything so lately that one press undoes it."""
    return bool(_lately(session, person_id, now))


def take_back(session: Session, person_id: int, *, now: datetime) -> bool:
    """Let hold again what held before `leave_everything`, as a fact of its own; False when it is too late for that.

    Messages that were taken out meanwhile stay out.
    """
    recipient(session, person_id, lock=True)
    ended = _lately(session, person_id, now)
    for fact in ended:
        before = session.get_one(ConsentFact, fact.evidence["before"])
        at = after_all(session, person_id, fact.purpose, now)
        record_consent(
            session,
            person_id,
            purpose=fact.purpose,
            channel=EMAIL_CHANNEL,
            granted=True,
            basis=before.basis,
            jurisdiction=before.jurisdiction,
            source=UNDONE,
            wording=before.wording,
            evidence={"restores": before.id, "undoes": fact.id},
            at=at,
            now=max(at, now),
        )
    if ended:
        since = now - TAKEN_BACK_WITHIN
        own = (Suppression.reason == "unsubscribe", Suppression.source == SOURCE, Suppression.at >= since)
        hashes = _addresses(session, person_id)
        session.execute(delete(Suppression).where(Suppression.channel == EMAIL, Suppression.hash.in_(hashes), *own))
        left = (ListMember.person_id == person_id, ListMember.source == SOURCE, ListMember.at >= since)
        session.execute(update(ListMember).where(*left).values(state=SUBSCRIBED, source=UNDONE, at=now))
        _log(session, person_id, granted=True, now=now)
    return bool(ended)


def _lately(session: Session, person_id: int, now: datetime) -> Sequence[ConsentFact]:
    """Withdrawals from everything that still hold and were made in the last minutes, of what was allowed before."""
    lately = select(ConsentFact).join(
        Consent,
        (Consent.person_id == ConsentFact.person_id)
        & (Consent.purpose == ConsentFact.purpose)
        & (Consent.channel == ConsentFact.channel)
        & (Consent.at == ConsentFact.at),
    )
    found = session.scalars(
        lately.where(
            ConsentFact.person_id == person_id,
            ConsentFact.source == SOURCE,
            ConsentFact.recorded_at >= now - TAKEN_BACK_WITHIN,
            Consent.granted.is_(False),
        ).execution_options(populate_existing=True)
    )
    return [fact for fact in found if fact.evidence.get("before")]


def _ended(session: Session, person_id: int, purpose: str) -> bool:
    last = session.get(Consent, (person_id, purpose, EMAIL_CHANNEL), populate_existing=True)
    return last is not None and not last.granted


def _last_yes(session: Session, person_id: int, purpose: str) -> int | None:
    said = (ConsentFact.person_id == person_id, ConsentFact.purpose == purpose, ConsentFact.granted)
    newest = select(ConsentFact.id).where(*said, ConsentFact.channel == EMAIL_CHANNEL)
    return session.scalar(newest.order_by(ConsentFact.at.desc(), ConsentFact.id.desc()).limit(1))


def _addresses(session: Session, person_id: int) -> Sequence[bytes]:
    """All ways in which the person's mailboxes are written."""
    mine = (Identity.person_id == person_id, Identity.kind == EMAIL)
    return ways_of(session, session.scalars(select(Identity.hash).where(*mine)).all())


def _log(session: Session, person_id: int, *, granted: bool, now: datetime) -> None:
    detail = {"granted": granted, "channel": "email", "everything": True}
    audit(session, actor=ACTOR, action="consent", subject=f"person {person_id}", detail=detail, now=now)
