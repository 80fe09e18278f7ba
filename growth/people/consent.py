"""Permission: every change is an appended fact, and what holds now is kept beside it in the same transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import not_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.errors import InvalidError, NotFoundError, RefusedError
from growth.locales import N_
from growth.people.permission.jurisdictions import jurisdiction_of
from growth.people.records import Consent, ConsentFact, Person

MARKETING = "marketing"
PURPOSES = {
    MARKETING: N_("News and offers"),
    "product_updates": N_("Changes to the service"),
    "seller_news": N_("News for sellers"),
    "partner_offers": N_("Offers of partners"),
    "research": N_("Surveys and research"),
}
"""What somebody may be written to about, with words; each is allowed and ended by itself."""
EMAIL_CHANNEL = "email"
WITHDRAWAL = "withdrawal"
BASES = ("consent", "contract", "legitimate_interest")
"""What a permission may rest on (GDPR article 6 (1) a, b and f, and their like elsewhere)."""


@dataclass(frozen=True)
class Said:
    """What a person said about one purpose on one channel, and when."""

    granted: bool
    at: datetime


def current(facts: Sequence[Said]) -> Said | None:
    """What holds after all that was said, in whatever order it arrived: the latest wins, at a tie the withdrawal."""
    return max(facts, key=lambda fact: (fact.at, not fact.granted), default=None)


def record_consent(
    session: Session,
    person_id: int,
    *,
    purpose: str,
    channel: str,
    granted: bool,
    basis: str,
    jurisdiction: str,
    source: str,
    wording: str,
    evidence: Mapping[str, Any],
    at: datetime,
    now: datetime,
) -> bool:
    """Append what a person said and move what holds now; the same fact again changes nothing.

    Returns whether the fact is new. `at` is when the person said it, `now` when we learned of it. An earlier `at`
    than what is stored is kept as history and overrides nothing. Raises InvalidError when the basis is none of
    `BASES` (a withdrawal's is `withdrawal`), or when a permission lacks its source or wording.
    """
    check_permission(granted=granted, basis=basis, source=source, wording=wording, at=at, now=now)
    fact = insert(ConsentFact).values(
        person_id=person_id,
        purpose=purpose,
        channel=channel,
        granted=granted,
        basis=basis if granted else WITHDRAWAL,
        jurisdiction=jurisdiction,
        source=source,
        wording=wording,
        evidence=dict(evidence),
        at=at,
        recorded_at=now,
    )
    new = session.scalar(fact.on_conflict_do_nothing().returning(ConsentFact.id))
    said = {"person_id": person_id, "purpose": purpose, "channel": channel, "granted": granted, "at": at}
    _move(session, said | {"basis": basis if granted else WITHDRAWAL})
    return new is not None


def _move(session: Session, said: Mapping[str, Any]) -> None:
    """Let what was said hold from now on, unless something later was said."""
    state = insert(Consent).values(**said)
    later = tuple_(state.excluded.at, not_(state.excluded.granted)) > tuple_(Consent.at, not_(Consent.granted))
    session.execute(
        state.on_conflict_do_update(
            index_elements=[Consent.person_id, Consent.purpose, Consent.channel],
            set_={name: state.excluded[name] for name in ("granted", "basis", "at")},
            where=later,
        )
    )


def record_by_hand(
    session: Session,
    person_id: int,
    *,
    granted: bool,
    basis: str,
    source: str,
    wording: str,
    at: datetime | None,
    actor: str,
    now: datetime,
    purpose: str = MARKETING,
) -> bool:
    """Record what a person told one of us about e-mail for a purpose, with an entry in the audit log.

    `at` is when they said it; now when left out. Returns whether it is new. Raises NotFoundError, RefusedError for
    somebody who was erased, and InvalidError as `record_consent` and `check_purpose` do.
    """
    check_purpose(purpose)
    country = _may_be_stored(session, person_id).country
    new = record_consent(
        session,
        person_id,
        purpose=purpose,
        channel=EMAIL_CHANNEL,
        granted=granted,
        basis=basis,
        jurisdiction=jurisdiction_of(country).code,
        source=source.strip(),
        wording=wording.strip(),
        evidence={"recorded_by": actor},
        at=at or now,
        now=now,
    )
    if new:
        detail = {"granted": granted, "purpose": purpose, "source": source.strip(), "at": (at or now).isoformat()}
        audit(session, actor=actor, action="consent", subject=f"person {person_id}", detail=detail, now=now)
    return new


def check_purpose(purpose: str) -> None:
    """Raise InvalidError, field `purpose`, for what is none of `PURPOSES`."""
    if purpose not in PURPOSES:
        raise InvalidError("purpose", N_("Choose what the e-mails are for."))


def _may_be_stored(session: Session, person_id: int) -> Person:
    person = session.get(Person, person_id)
    if person is None:
        raise NotFoundError(N_("There is no such person."), remedy=N_("Look for them by their exact e-mail or phone."))
    if person.erased_at is not None:
        raise RefusedError(N_("This person asked to be erased, so nothing is stored about them."))
    return person


def check_permission(*, granted: bool, basis: str, source: str, wording: str, at: datetime, now: datetime) -> None:
    """Raise InvalidError, naming the field, for a permission nobody could prove."""
    if at > now:
        raise InvalidError("at", N_("This moment lies in the future."), remedy=N_("Give when the person said it."))
    if not source.strip():
        raise InvalidError("source", N_("Where this was said is missing."), remedy=N_("Name the form, page or call."))
    if not granted:
        return
    if basis not in BASES:
        raise InvalidError(
            "basis",
            N_("A permission rests on consent, contract or legitimate_interest."),
            remedy=N_("Choose one of the three."),
        )
    if not wording.strip():
        raise InvalidError(
            "wording", N_("The words the person agreed to are missing."), remedy=N_("Copy them from the form.")
        )


def may_write(session: Session, person_id: int, purpose: str, channel: str) -> bool:
    """Whether the person's permission holds now; suppression of the address is asked apart."""
    held = select(Consent.granted).where(
        Consent.person_id == person_id, Consent.purpose == purpose, Consent.channel == channel
    )
    return bool(session.scalar(held))
