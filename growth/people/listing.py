"""Lists of people: newest first, by country, language and permission, or the one with an exact address."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, false, func, literal, not_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from growth.database.engine import transaction
from growth.errors import InvalidError, NotFoundError
from growth.locales import N_
from growth.people.consent import EMAIL_CHANNEL, MARKETING
from growth.people.identity import EMAIL, PHONE, find_person, normalise_email, normalise_phone
from growth.people.reading import addresses_of, names_of
from growth.people.records import Consent, Person

WINDOW = 50_000
"""People looked at for one page at most, so that a filter which fits hardly anybody costs no more than others."""
MOST_COUNTED = 10_000
GRANTED, NONE = "granted", "none"
_EXPORT_BATCH = 1_000


@dataclass(frozen=True)
class Wanted:
    """Which people: all conditions given must hold; `find` is an exact e-mail address or phone number."""

    country: str | None = None
    locale: str | None = None
    permission: str | None = None
    """`granted`: may be written to; `none`: may not."""
    find: str | None = None

    def as_query(self) -> dict[str, str]:
        """For a link and for the audit log."""
        return {name: value for name, value in self.__dict__.items() if value}


@dataclass(frozen=True)
class Entry:
    """A person as a list shows them."""

    id: int
    name: str | None
    emails: list[str]
    phones: list[str]
    country: str | None
    locale: str | None
    permitted: bool
    since: datetime
    erased: bool


@dataclass(frozen=True)
class People:
    """One page of a list."""

    entries: list[Entry]
    next: int | None
    """Where the next page begins; None on the last one."""


@dataclass(frozen=True)
class Count:
    """How many there are, or at least are."""

    people: int
    more: bool


def list_people(session: Session, wanted: Wanted, *, after: int | None = None, size: int = 50) -> People:
    """A page of people below the id `after`. Raises InvalidError (field `find`) for what is no address."""
    window = _window(session, wanted, after)
    found = session.execute(_fitting(window, wanted).limit(size + 1)).all()
    if len(found) > size:
        found, further = found[:size], found[size - 1].id
    else:
        further = _end_of(session, window)
    ids = [one.id for one in found]
    names, addresses = names_of(session, ids), addresses_of(session, ids)
    entries = [
        Entry(
            id=one.id,
            name=names.get(one.id),
            emails=addresses.get(one.id, {}).get(EMAIL, []),
            phones=addresses.get(one.id, {}).get(PHONE, []),
            country=one.country,
            locale=one.locale,
            permitted=one.permitted,
            since=one.created_at,
            erased=one.erased_at is not None,
        )
        for one in found
    ]
    return People(entries, further)


def count_people(session: Session, wanted: Wanted) -> Count:
    """How many fit, counted up to `MOST_COUNTED` and among the newest `WINDOW`."""
    window = _window(session, wanted, None)
    fitting = _fitting(window, wanted).order_by(None).limit(MOST_COUNTED + 1).subquery()
    people = session.scalar(select(func.count()).select_from(fitting)) or 0
    if people > MOST_COUNTED:
        return Count(MOST_COUNTED, more=True)
    return Count(people, more=_end_of(session, window) is not None)


def _window(session: Session, wanted: Wanted, after: int | None) -> Select[Any]:
    """The people to look at, newest first, found by one index: the address, the country, the language or the id."""
    people = select(Person).order_by(Person.id.desc()).limit(WINDOW)
    if wanted.find:
        return people.where(Person.id == (_owner(session, wanted.find, wanted.country) or -1))
    if after is not None:
        people = people.where(Person.id < after)
    if wanted.country:
        return people.where(Person.country == wanted.country)
    if wanted.locale:
        return people.where(Person.locale == wanted.locale)
    if wanted.permission == GRANTED:
        # Straight along the index of permissions that hold.
        held = select(Person).join(Consent, Consent.person_id == Person.id).where(*_HELD).limit(WINDOW)
        held = held.where(Consent.person_id < after) if after is not None else held
        return held.order_by(Consent.person_id.desc())
    return people


_HELD = (Consent.purpose == MARKETING, Consent.channel == EMAIL_CHANNEL, Consent.granted)


def _fitting(window: Select[Any], wanted: Wanted) -> Select[Any]:
    near = window.subquery("near")
    # A value rather than EXISTS, so that it is looked up for the people of the page, not joined with everybody.
    held = select(literal(True)).where(Consent.person_id == near.c.id, *_HELD).scalar_subquery()
    permitted = func.coalesce(held, false())
    found = select(near, permitted.label("permitted")).order_by(near.c.id.desc())
    if wanted.find and wanted.country:
        found = found.where(near.c.country == wanted.country)
    if wanted.locale:
        found = found.where(near.c.locale == wanted.locale)
    if wanted.permission:
        found = found.where(permitted if wanted.permission == GRANTED else not_(permitted))
    return found


def _end_of(session: Session, window: Select[Any]) -> int | None:
    """The last id of a window that was full: there may be more behind it."""
    near = window.subquery("near")
    looked, last = session.execute(select(func.count(), func.min(near.c.id)).select_from(near)).one()
    return int(last) if looked == WINDOW else None


def _owner(session: Session, text: str, country: str | None) -> int | None:
    if "@" in text:
        return find_person(session, EMAIL, normalise_email(text))
    if not any(letter.isdigit() for letter in text):
        raise InvalidError("find", N_("This is neither an e-mail address nor a phone number."))
    return find_person(session, PHONE, normalise_phone(text, country))


def person_with(session: Session, address: str) -> int:
    """The person with this e-mail address or phone number. Raises InvalidError, NotFoundError."""
    person = _owner(session, address, None)
    if person is None:
        raise NotFoundError(N_("There is nobody with this address."))
    return person


def known_values(session: Session, attribute: InstrumentedAttribute[str | None]) -> list[str]:
    """The different values of an indexed column of `person`, each found by one step along its index."""
    least = select(func.min(attribute).label("value")).cte("steps", recursive=True)
    following = select(func.min(attribute)).where(attribute > least.c.value).scalar_subquery()
    steps = least.union_all(select(following).where(least.c.value.is_not(None)))
    return list(session.scalars(select(steps.c.value).where(steps.c.value.is_not(None))))


def every_person(engine: Engine, wanted: Wanted) -> Iterator[Entry]:
    """All who fit, in batches of a transaction each, so that a long export holds none open."""
    after = None
    while True:
        with transaction(engine) as session:
            page = list_people(session, wanted, after=after, size=_EXPORT_BATCH)
        yield from page.entries
        if page.next is None:
            return
        after = page.next
