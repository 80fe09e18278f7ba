"""Identity: found by keyed hash, sealed at rest, one person however many ask at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.errors import InvalidError, RefusedError
from growth.people.identity import EMAIL, PHONE, Known, email_hash, ensure_person, find_person
from growth.people.reading import addresses_of, names_of
from growth.people.records import Identity, Person
from growth.people.suppression import is_suppressed, suppress, suppress_many, suppressions


def test_a_person_is_found_by_any_writing_of_the_address(session: Session, clock: FixedClock) -> None:
    person = ensure_person(session, Known(email="Ann@Example.com", phone="8 916 123-45-67", country="RU"), clock.now())
    assert find_person(session, EMAIL, " ANN@example.COM") == person
    assert find_person(session, PHONE, "+79161234567") == person
    assert find_person(session, EMAIL, "bob@example.com") is None


def test_nothing_readable_is_stored(session: Session, clock: FixedClock) -> None:
    known = Known(
        email="ann.secret@example.com", phone="+79161234567", name="Анна Каренина", keys=(("olist_mql", "k"),)
    )
    person = ensure_person(session, known, clock.now())
    stored = session.execute(text("select identity::text || person::text from identity, person")).scalars().all()
    readable = "".join(
        bytes.fromhex(part[2:]).decode(errors="ignore")
        for row in stored
        for part in row.split(",")
        if part.startswith("\\x")
    )
    for secret in ("secret", "9161234567", "Каренина"):
        assert secret not in readable + "".join(stored)
    assert names_of(session, [person]) == {person: "Анна Каренина"}
    assert addresses_of(session, [person])[person] == {
        "email": ["ann.secret@example.com"],
        "phone": ["+79161234567"],
        "olist_mql": ["k"],
    }


def test_asking_again_gives_the_same_person_and_fills_in_what_was_missing(session: Session, clock: FixedClock) -> None:
    person = ensure_person(session, Known(email="ann@example.com", name="Ann"), clock.now())
    again = Known(email="ann@example.com", name="Anna", country="BR", phone="+5511961234567")
    assert ensure_person(session, again, clock.now()) == person
    session.expire_all()
    assert session.get_one(Person, person).country == "BR"
    assert names_of(session, [person]) == {person: "Ann"}
    assert find_person(session, PHONE, "+5511961234567") == person


def test_addresses_of_two_people_are_refused(session: Session, clock: FixedClock) -> None:
    ensure_person(session, Known(email="ann@example.com"), clock.now())
    ensure_person(session, Known(phone="+79161234567"), clock.now())
    with pytest.raises(RefusedError):
        ensure_person(session, Known(email="ann@example.com", phone="+79161234567"), clock.now())


def test_without_any_address_there_is_nobody(session: Session, clock: FixedClock) -> None:
    with pytest.raises(InvalidError):
        ensure_person(session, Known(name="Ann"), clock.now())


def test_who_was_erased_does_not_come_back(session: Session, clock: FixedClock) -> None:
    suppress(session, "email", email_hash("ann@example.com"), reason="erased", source="request", now=clock.now())
    with pytest.raises(RefusedError):
        ensure_person(session, Known(email="Ann@example.com"), clock.now())


def test_many_at_once_make_one_person(engine: Engine, clock: FixedClock) -> None:
    def ask(turn: int) -> int:
        kinds = Known(email="ann@example.com", phone="+79161234567") if turn % 2 else Known(email="ann@example.com")
        with transaction(engine) as session:
            return ensure_person(session, kinds, clock.now())

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(ask, range(24)))
    with transaction(engine) as session:
        assert len(made) == session.scalar(select(func.count()).select_from(Person)) == 1
        assert session.scalar(select(func.count()).select_from(Identity)) == 2


def test_suppression_is_by_hash_and_by_scope(session: Session, clock: FixedClock) -> None:
    digest = email_hash("ann@example.com")
    assert suppress(session, "email", digest, "newsletter", reason="manual", source="call", now=clock.now())
    assert not suppress(session, "email", digest, "newsletter", reason="complaint", source="call", now=clock.now())
    assert is_suppressed(session, "email", email_hash("ANN@example.com"), "newsletter")
    assert not is_suppressed(session, "email", digest, "marketing")
    suppress(session, "email", digest, reason="complaint", source="sendgrid", now=clock.now())
    assert is_suppressed(session, "email", digest, "marketing")
    assert not suppress(session, "email", digest, reason="hard_bounce", source="sendgrid", now=clock.now())
    assert [one.reason for one in suppressions(session, "email", [digest])] == ["manual", "complaint"]
    with pytest.raises(ValueError, match="no reason"):
        suppress(session, "email", digest, reason="whim", source="x", now=clock.now())


def test_a_person_s_own_will_takes_the_place_of_a_bounce_and_erasing_that_of_everything(
    session: Session, clock: FixedClock
) -> None:
    digest, other = email_hash("ann@example.com"), email_hash("bob@example.com")
    now = clock.now()
    suppress_many(session, "email", [digest], reason="hard_bounce", source="sendgrid", now=now)
    assert suppress_many(session, "email", [digest, other], reason="imported", source="file", now=now) == 1
    assert [one.reason for one in suppressions(session, "email", [digest, other])] == ["imported", "imported"]
    assert not suppress(session, "email", digest, reason="erased", source="request", now=clock.now())
    with pytest.raises(RefusedError):
        ensure_person(session, Known(email="ann@example.com"), clock.now())
