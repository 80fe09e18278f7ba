"""Reading people: names and addresses unsealed for a page, one person's permission and history."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.errors import NotFoundError
from growth.keyring import keyring
from growth.locales import N_
from growth.people.identity import EMAIL
from growth.people.records import Consent, ConsentFact, Identity, Person, Suppression
from growth.people.suppression import suppressions


def names_of(session: Session, people: Sequence[int]) -> dict[int, str]:
    """Names by person, of those who have one."""
    found = select(Person.id, Person.name_sealed).where(Person.id.in_(people), Person.name_sealed.is_not(None))
    return {person: keyring().unseal(sealed) for person, sealed in session.execute(found) if sealed}


def addresses_of(session: Session, people: Sequence[int]) -> dict[int, dict[str, list[str]]]:
    """Addresses by person and kind, the oldest first."""
    found = select(Identity.person_id, Identity.kind, Identity.sealed).where(
        Identity.person_id.in_(people), Identity.sealed.is_not(None)
    )
    read: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for person, kind, sealed in session.execute(found.order_by(Identity.id)):
        if person is not None and sealed is not None:
            read[person][kind].append(keyring().unseal(sealed))
    return {person: dict(kinds) for person, kinds in read.items()}


@dataclass(frozen=True)
class Profile:
    """What a page shows of one person."""

    person: Person
    name: str | None
    addresses: dict[str, list[str]]
    consents: Sequence[Consent]
    facts: Sequence[ConsentFact]
    """The newest hundred, newest first."""
    suppressed: Sequence[Suppression]


def profile(session: Session, person_id: int) -> Profile:
    """One person, readable. Raises NotFoundError."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFoundError(N_("There is no such person."), remedy=N_("Look for them by their exact e-mail or phone."))
    hashes = session.scalars(select(Identity.hash).where(Identity.person_id == person_id, Identity.kind == EMAIL)).all()
    consents = select(Consent).where(Consent.person_id == person_id).order_by(Consent.purpose, Consent.channel)
    facts = select(ConsentFact).where(ConsentFact.person_id == person_id)
    return Profile(
        person=person,
        name=names_of(session, [person_id]).get(person_id),
        addresses=addresses_of(session, [person_id]).get(person_id, {}),
        consents=session.scalars(consents).all(),
        facts=session.scalars(facts.order_by(ConsentFact.at.desc(), ConsentFact.id.desc()).limit(100)).all(),
        suppressed=suppressions(session, EMAIL, hashes),
    )
