"""Subscribing: consent with its evidence and a place on the list, at once where the law lets it, else confirmed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.ids import PersonId
from growth.keyring import keyring
from growth.people.consent import EMAIL_CHANNEL, may_write, record_consent
from growth.people.identity import EMAIL, Known, ensure_person, find_person, identity_hash
from growth.people.permission import confirming
from growth.people.permission.confirming import Wish
from growth.people.permission.jurisdictions import jurisdiction_of
from growth.people.permission.lists import check_open, is_on, list_by_id, subscribe
from growth.people.permission.records import Confirmation, MailingList, SignUpForm
from growth.people.records import Consent
from growth.people.suppression import EVERYTHING, mend, suppressions


@dataclass(frozen=True)
class Subscribed:
    """Somebody is on a list now, by their own word."""

    person_id: PersonId
    to: MailingList
    form: SignUpForm | None
    country: str | None
    locale: str


def is_subscribed(session: Session, email: str, wanted: MailingList) -> bool:
    """Whether the owner of an address is on a list already and gets what is sent to it."""
    person = find_person(session, EMAIL, email)
    if person is None or not is_on(session, wanted.id, person):
        return False
    return may_write(session, person, wanted.purpose, EMAIL_CHANNEL)


def needs_confirming(session: Session, form: SignUpForm, wish: Wish) -> bool:
    """Whether somebody has to confirm: by law, by the form, or since the address is known and so may be another's."""
    by_law = jurisdiction_of(wish.country).double_opt_in == "required"
    return by_law or form.always_confirms or find_person(session, EMAIL, wish.email) is not None


def subscribe_at_once(session: Session, wish: Wish, now: datetime) -> Subscribed:
    """Take a wish as said, where nothing asks for a confirmation. Raises what `ensure_person` does."""
    known = Known(email=wish.email, name=wish.name, locale=wish.locale, country=wish.country)
    asked = {**wish.evidence, "asked_at": now.isoformat()}
    said = _Said(wish.list_id or 0, wish.form_id, wish.country, wish.wording, asked)
    return _take_in(session, known, said, now)


def confirm(session: Session, found: Confirmation, *, ip_prefix: str | None, now: datetime) -> Subscribed:
    """Take the yes to a subscription, in the caller's transaction, which holds the confirmation's row.

    Raises ConflictError when the list is in the archive, and RefusedError for an address that can't be a person's.
    """
    name = keyring().unseal(found.name_sealed) if found.name_sealed else None
    email = confirming.open_address(found)
    known = Known(email=email, name=name, locale=found.locale, country=found.country)
    told = {**found.evidence, "confirmed_at": now.isoformat(), "confirmed_ip_prefix": ip_prefix}
    said = _Said(found.list_id or 0, found.form_id, found.country, found.wording, told | {"confirmation": found.id})
    done = _take_in(session, known, said, now)
    confirming.settle(found, person_id=done.person_id, ip_prefix=ip_prefix, now=now)
    return done


@dataclass(frozen=True)
class _Said:
    list_id: int
    form_id: int | None
    country: str | None
    wording: str
    evidence: Mapping[str, Any]


def _take_in(session: Session, known: Known, said: _Said, now: datetime) -> Subscribed:
    wanted = list_by_id(session, said.list_id)
    check_open(wanted)
    form = session.get(SignUpForm, said.form_id) if said.form_id else None
    person = ensure_person(session, known, now)
    source = f"form {form.key}" if form else f"list {wanted.key}"
    moment = _after_all(session, person, known.email or "", wanted.purpose, now)
    record_consent(
        session,
        person,
        purpose=wanted.purpose,
        channel=EMAIL_CHANNEL,
        granted=True,
        basis="consent",
        jurisdiction=jurisdiction_of(said.country).code,
        source=source,
        wording=said.wording,
        evidence=said.evidence,
        at=moment,
        now=moment,
    )
    subscribe(session, wanted.id, person, source=source, now=now)
    mend(session, EMAIL, identity_hash(EMAIL, known.email or ""))
    detail = {"granted": True, "source": source, "list": wanted.key}
    audit(session, actor="recipient", action="consent", subject=f"person {person}", detail=detail, now=now)
    return Subscribed(person, wanted, form, said.country, known.locale or "en")


def _after_all(session: Session, person: int, email: str, purpose: str, now: datetime) -> datetime:
    """Now, and in any case after all that the person said before, also where a clock was ahead when that was stored."""
    said = select(func.max(Consent.at)).where(
        Consent.person_id == person, Consent.purpose == purpose, Consent.channel == EMAIL_CHANNEL
    )
    listed = suppressions(session, EMAIL, [identity_hash(EMAIL, email)])
    before = [one.at for one in listed if one.scope in {EVERYTHING, purpose}]
    latest = max([moment for moment in (session.scalar(said), *before) if moment is not None], default=None)
    return now if latest is None or latest < now else latest + timedelta(microseconds=1)
