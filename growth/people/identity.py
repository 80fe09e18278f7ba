"""Who somebody is: addresses in one written form, found by keyed hash, readable only when unsealed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.errors import InvalidError, RefusedError, TransientError
from growth.ids import PersonId
from growth.keyring import keyring
from growth.locales import N_
from growth.people.email_addresses import normal_email
from growth.people.permission.address_traits import address_columns, mailbox_of
from growth.people.phone_numbers import e164
from growth.people.records import Identity, Person, Suppression
from growth.people.suppression import take_along

EMAIL = "email"
PHONE = "phone"
NAME = "name"
"""Not an address: only so that an import sees whether a sealed name changed."""


def normalise_email(text: str) -> str:
    """`text` trimmed, NFC, lower case, its domain in ASCII (IDNA). Raises InvalidError, field `email`."""
    return normal_email(text)


def normalise_phone(text: str, country: str | None) -> str:
    """`text` as E.164. `country` (ISO 3166-1 alpha-2) tells how to read a number without `+`.

    Raises InvalidError, field `phone`.
    """
    number = e164(text.strip(), country) if len(text) <= 100 else None
    if number is None:
        raise InvalidError(
            "phone",
            N_("There is no such phone number."),
            remedy=N_("Write it with + and the country's code, like +7 916 123-45-67, or name the country."),
        )
    return number


def identity_hash(kind: str, value: str) -> bytes:
    """The 32 bytes by which a normalised value is looked up."""
    return keyring().keyed_hash(kind, value)


def email_hash(text: str) -> bytes:
    """The lookup hash of an e-mail address, normalised first. Raises InvalidError."""
    return identity_hash(EMAIL, normalise_email(text))


def mailbox_hash(text: str) -> bytes:
    """The lookup hash of an address's mailbox in its plain form, as in `identity.mailbox`. Raises InvalidError."""
    return identity_hash(EMAIL, mailbox_of(normalise_email(text)))


def find_person(session: Session, kind: str, value: str) -> PersonId | None:
    """Whose address or key this is. An e-mail is normalised first; a phone is E.164; other kinds are taken as given."""
    normal = normalise_email(value) if kind == EMAIL else value
    found = select(Identity.person_id).where(Identity.kind == kind, Identity.hash == identity_hash(kind, normal))
    person = session.scalar(found)
    return None if person is None else PersonId(person)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a person who turns up; the addresses are as they were written."""

    email: str | None = None
    phone: str | None = None
    keys: tuple[tuple[str, str], ...] = ()
    """A source's own keys: (kind, value), such as ("olist_mql", "8f3…")."""
    name: str | None = None
    locale: str | None = None
    country: str | None = None
    time_zone: str | None = None


def ensure_person(session: Session, known: Known, now: datetime) -> PersonId:
    """The person with these addresses, made when there is none; two callers at once get the same one.

    What is already stored stays; what was missing is filled in. Raises InvalidError, and RefusedError when the
    addresses belong to different people or the person asked to be erased.
    """
    values = _addresses(known)
    if not values:
        raise InvalidError("email", N_("Give an e-mail address, a phone number or a key to know a person by."))
    # In one order, so that two callers with the same addresses wait rather than deadlock.
    hashes = sorted((kind, identity_hash(kind, value), value) for kind, value in values)
    _refuse_erased(session, {digest for _, digest, _ in hashes})
    for _ in range(3):
        with session.begin_nested() as attempt:
            person = _owner(session, [(kind, digest) for kind, digest, _ in hashes]) or _new_person(session, now)
            if _attach(session, person, hashes, now):
                _fill_in(session, person, known)
                return person
            attempt.rollback()
    raise TransientError(N_("Somebody else is storing this person at the moment."))


def _new_person(session: Session, now: datetime) -> PersonId:
    fresh = Person(created_at=now)
    session.add(fresh)
    session.flush()
    return PersonId(fresh.id)


def told_by(kind: str, value: str) -> dict[str, object]:
    """The columns of an identity that its normalised value tells."""
    told = address_columns(value, keyring()) if kind == EMAIL else (None, None, None)
    return dict(zip(("receiver", "trait", "mailbox"), told, strict=True))


def _attach(session: Session, person: PersonId, hashes: list[tuple[str, bytes, str]], now: datetime) -> bool:
    """Give the person these identities; False when another transaction gave one of them away meanwhile."""
    rows = [
        {"kind": kind, "hash": digest, "sealed": keyring().seal(value), "person_id": person, "created_at": now}
        | told_by(kind, value)
        for kind, digest, value in hashes
    ]
    made = insert(Identity).values(rows).on_conflict_do_nothing().returning(Identity.hash)
    if fresh := session.scalars(made).all():
        take_along(session, fresh)
    owned = select(func.count()).where(
        tuple_(Identity.kind, Identity.hash).in_([(kind, digest) for kind, digest, _ in hashes]),
        Identity.person_id == person,
    )
    return session.scalar(owned) == len({(kind, digest) for kind, digest, _ in hashes})


def _addresses(known: Known) -> list[tuple[str, str]]:
    values = list(known.keys)
    if known.email:
        values.append((EMAIL, normalise_email(known.email)))
    if known.phone:
        values.append((PHONE, normalise_phone(known.phone, known.country)))
    return values


def _refuse_erased(session: Session, hashes: set[bytes]) -> None:
    erased = select(Suppression.id).where(Suppression.hash.in_(hashes), Suppression.reason == "erased").limit(1)
    if session.scalar(erased) is not None:
        raise RefusedError(N_("This person asked to be erased, so nothing is stored about them."))


def _owner(session: Session, hashes: list[tuple[str, bytes]]) -> PersonId | None:
    found = select(Identity).where(Identity.hash.in_([digest for _, digest in hashes]))
    owners = {one.person_id for one in session.scalars(found) if (one.kind, one.hash) in hashes}
    if None in owners:
        raise RefusedError(N_("One of these addresses belongs to an organisation."))
    if len(owners) > 1:
        raise RefusedError(
            N_("These addresses belong to different people."), remedy=N_("Leave one out, or join the two people first.")
        )
    return PersonId(owner) if (owner := next(iter(owners), None)) is not None else None


def _fill_in(session: Session, person: PersonId, known: Known) -> None:
    stored = session.get_one(Person, person)
    missing: dict[str, object] = {
        field: value
        for field in ("locale", "country", "time_zone")
        if (value := getattr(known, field)) is not None and getattr(stored, field) is None
    }
    if known.name and stored.name_sealed is None:
        missing |= {"name_sealed": keyring().seal(known.name), "name_hash": identity_hash(NAME, known.name)}
    if missing:
        session.execute(update(Person).where(Person.id == person).values(missing))
