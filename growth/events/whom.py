"""Who did it: tokens and addresses in a batch, and visitors who are known by them from then on."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.database.among import among
from growth.errors import InvalidError, RefusedError
from growth.events.ingest import NewEvent
from growth.events.links import read_person
from growth.ids import PersonId
from growth.people.identity import EMAIL, Known, email_hash, ensure_person
from growth.people.records import Identity, Person

# Always in one order, so that two batches with the same visitors wait for each other rather than deadlock.
_JOIN = text("""
    insert into visitor_identity (visitor, person_id, rests_on, at)
    select told.visitor, told.person_id, 'token', told.at
    from unnest(cast(:visitors as uuid[]), cast(:people as bigint[]), cast(:moments as timestamptz[]))
        with ordinality as told (visitor, person_id, at, place)
    order by told.place on conflict do nothing
""")


def people_of(session: Session, sent: Iterable[object], now: datetime, *, trusted: bool) -> dict[str, PersonId]:
    """Whom the tokens of a batch name, and of a trusted one the addresses; whoever is unknown by address is made.

    Left out are tokens that name nobody, and who asked to be erased.
    """
    told = [one for one in sent if isinstance(one, dict)]
    tokens = {token for one in told if isinstance(token := one.get("token"), str)}
    named = {text: person for text in tokens if (person := _named(text, now))}
    addresses = {text for one in told if isinstance(text := one.get("email"), str)} if trusted else set()
    if addresses:
        named |= known_by_address(session, addresses)
        named |= _made(session, sorted(addresses - named.keys()), now)
    if not named:
        return {}
    living = select(Person.id).where(among(Person.id, set(named.values())), Person.erased_at.is_(None))
    found = set(session.scalars(living))
    return {text: person for text, person in named.items() if person in found}


def known_by_address(session: Session, addresses: Iterable[str]) -> dict[str, PersonId]:
    """Whose these e-mail addresses are, by the address as it was written."""
    hashes = {text: digest for text in addresses if (digest := _hash(text))}
    owners = select(Identity.hash, Identity.person_id).where(
        among(Identity.hash, set(hashes.values())), Identity.kind == EMAIL, Identity.person_id.is_not(None)
    )
    whose = {digest: PersonId(person) for digest, person in session.execute(owners) if person is not None}
    return {text: whose[digest] for text, digest in hashes.items() if digest in whose}


def _hash(address: str) -> bytes | None:
    try:
        return email_hash(address)
    except InvalidError:
        return None


def _made(session: Session, addresses: Iterable[str], now: datetime) -> dict[str, PersonId]:
    """People unknown until now; one who was erased, or whose address can't be read, stays out."""
    made = {}
    for address in addresses:
        try:
            made[address] = ensure_person(session, Known(email=address), now)
        except (InvalidError, RefusedError):
            continue
    return made


def _named(token: str, now: datetime) -> PersonId | None:
    try:
        return read_person(token, now)
    except RefusedError:
        return None


def join_visitors(session: Session, events: Iterable[NewEvent]) -> None:
    """A visitor who came with a token or an address is known from then on; the first join stays."""
    joins: dict[UUID, NewEvent] = {}
    for event in events:
        if event.visitor is not None and event.person_id is not None:
            joins.setdefault(event.visitor, event)
    if not joins:
        return
    told = sorted(joins.items(), key=lambda join: join[0])
    session.execute(
        _JOIN,
        {
            "visitors": [visitor for visitor, _ in told],
            "people": [event.person_id for _, event in told],
            "moments": [event.occurred_at for _, event in told],
        },
    )
