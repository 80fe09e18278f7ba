"""Permission: facts are appended, the latest holds, and the order in which they arrive makes no difference."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as laws
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.errors import InvalidError
from growth.people.consent import BASES, Said, current, may_write, record_consent
from growth.people.records import Consent, ConsentFact, Person

START = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
# Few moments, so that ties are common.
facts = st.builds(Said, st.booleans(), st.integers(0, 4).map(lambda days: START + timedelta(days=days)))


def say(session: Session, person: int, fact: Said, *, source: str = "form", now: datetime) -> bool:
    return record_consent(
        session,
        person,
        purpose="marketing",
        channel="email",
        granted=fact.granted,
        basis="consent" if fact.granted else "withdrawal",
        jurisdiction="RU",
        source=source,
        wording="Yes, write to me about new goods.",
        evidence={},
        at=fact.at,
        now=now,
    )


def somebody(session: Session, now: datetime) -> int:
    person = Person(created_at=now)
    session.add(person)
    session.flush()
    return person.id


@given(st.lists(facts, max_size=6))
def test_what_holds_does_not_depend_on_the_order(said: list[Said]) -> None:
    assert current(said) == current(list(reversed(said)))


@given(st.lists(facts, min_size=1, max_size=5), st.randoms(use_true_random=False))
@laws(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_database_holds_what_the_facts_say_in_any_order(session: Session, said: list[Said], chance: object) -> None:
    now = START + timedelta(days=30)
    person = somebody(session, now)
    shuffled = list(said)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives random.Random
    for fact in shuffled + shuffled[:2]:
        say(session, person, fact, now=now)
    holds = current(said)
    stored = session.execute(select(Consent.granted, Consent.at).where(Consent.person_id == person)).one()
    assert holds == Said(stored.granted, stored.at)
    kept = session.scalar(select(func.count()).where(ConsentFact.person_id == person))
    assert kept == len(set(said))


def test_three_facts_in_every_order(session: Session, clock: FixedClock) -> None:
    said = [Said(True, START), Said(False, START + timedelta(days=1)), Said(True, START + timedelta(days=1))]
    for order in permutations(said):
        person = somebody(session, clock.now())
        for fact in order:
            assert say(session, person, fact, now=clock.now())
        assert not may_write(session, person, "marketing", "email")


def test_an_older_permission_is_history_and_overrides_nothing(session: Session, clock: FixedClock) -> None:
    person = somebody(session, clock.now())
    say(session, person, Said(False, clock.now()), now=clock.now())
    assert say(session, person, Said(True, clock.now() - timedelta(days=1)), now=clock.now())
    assert not may_write(session, person, "marketing", "email")


def test_the_same_fact_again_changes_nothing(session: Session, clock: FixedClock) -> None:
    person = somebody(session, clock.now())
    assert say(session, person, Said(True, START), now=clock.now())
    assert not say(session, person, Said(True, START), now=clock.now())
    assert may_write(session, person, "marketing", "email")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"basis": "because"}, "basis"),
        ({"basis": "withdrawal"}, "basis"),
        ({"source": " "}, "source"),
        ({"wording": ""}, "wording"),
        ({"at": START + timedelta(days=9)}, "at"),
    ],
)
def test_a_permission_nobody_could_prove_is_refused(session: Session, wrong: dict[str, object], field: str) -> None:
    now = START + timedelta(days=1)
    given_: dict[str, object] = {"basis": BASES[0], "source": "form", "wording": "Yes", "at": START} | wrong
    with pytest.raises(InvalidError) as raised:
        record_consent(
            session,
            1,
            purpose="marketing",
            channel="email",
            granted=True,
            jurisdiction="",
            evidence={},
            now=now,
            **given_,  # type: ignore[arg-type]  # wrong on purpose
        )
    assert raised.value.field == field


def test_a_withdrawal_needs_no_wording(session: Session, clock: FixedClock) -> None:
    person = somebody(session, clock.now())
    record_consent(
        session,
        person,
        purpose="marketing",
        channel="email",
        granted=False,
        basis="consent",
        jurisdiction="",
        source="call",
        wording="",
        evidence={},
        at=START,
        now=clock.now(),
    )
    assert session.scalar(select(ConsentFact.basis).where(ConsentFact.person_id == person)) == "withdrawal"
