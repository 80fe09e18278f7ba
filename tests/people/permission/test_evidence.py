"""Evidence: there while somebody may ask for it, by each country's law, and only a proof after that."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.people.consent import record_consent
from growth.people.identity import Known, ensure_person
from growth.people.permission import confirming
from growth.people.permission.evidence import PROOF, forget, forget_confirmations, kept_until, proof_of, rule_for
from growth.people.permission.jurisdictions import rules
from growth.people.permission.late_wishes import must_work_within, told_late, waiting_list
from growth.people.permission.records import Confirmation
from growth.people.records import ConsentFact, Person
from growth.scheduling.doing import do, take_up
from growth.scheduling.firing import fire
from growth.scheduling.records import JobRun
from tests.conftest import NOON

TOLD = {"form": "news", "page": "https://shop.example/", "ip_prefix": "198.51.100.0/24"}
DAY = timedelta(days=1)


def said(session: Session, person: int, at: datetime, *, granted: bool, law: str = "ru", **more: datetime) -> None:
    record_consent(
        session,
        person,
        purpose="marketing",
        channel="email",
        granted=granted,
        basis="consent",
        jurisdiction=law,
        source="form",
        wording="Yes" if granted else "",
        evidence=TOLD if granted else {},
        at=at,
        now=more.get("now", at),
    )


def somebody(session: Session) -> int:
    return ensure_person(session, Known(email="old@example.com", country="RU"), NOON)


def kept(session: Session, person: int) -> list[dict[str, str]]:
    facts = select(ConsentFact.evidence).where(ConsentFact.person_id == person, ConsentFact.granted)
    return list(session.scalars(facts.order_by(ConsentFact.id).execution_options(populate_existing=True)))


@pytest.mark.parametrize("law", [rule.code for rule in rules()])
def test_it_is_kept_for_the_years_of_the_law_after_the_end(session: Session, law: str) -> None:
    person, ended = somebody(session), NOON + 900 * DAY
    said(session, person, NOON, granted=True, law=law)
    said(session, person, ended, granted=False, law=law)
    until = kept_until(ended, rule_for(law))
    assert until - ended >= rule_for(law).evidence_years * 365 * DAY
    assert forget(session, until - timedelta(seconds=1), 0, 10).done == 0
    assert kept(session, person) == [TOLD]
    assert forget(session, until, 0, 10).done == 1
    (left,) = kept(session, person)
    assert left[PROOF] == proof_of(TOLD, "Yes")
    assert set(left) == {PROOF, "forgotten_at"}
    assert forget(session, until + DAY, 0, 10).done == 0


def test_a_permission_that_holds_keeps_its_evidence_for_ever(session: Session) -> None:
    person = somebody(session)
    said(session, person, NOON, granted=True)
    said(session, person, NOON + DAY, granted=False)
    said(session, person, NOON + 2 * DAY, granted=True)
    assert forget(session, NOON + 9_000 * DAY, 0, 10).done == 0
    assert kept(session, person) == [TOLD, TOLD]


def test_erasing_somebody_ends_their_permissions(session: Session) -> None:
    person = somebody(session)
    said(session, person, NOON, granted=True)
    session.execute(update(Person).where(Person.id == person).values(erased_at=NOON + DAY))
    assert forget(session, NOON + 1_000 * DAY, 0, 10).done == 0
    assert forget(session, NOON + 1_200 * DAY, 0, 10).done == 1


def test_steps_go_through_all_old_facts_once(session: Session) -> None:
    for number in range(5):
        person = ensure_person(session, Known(email=f"p{number}@example.com"), NOON)
        said(session, person, NOON, granted=True)
        said(session, person, NOON + DAY, granted=False)
    after, done = 0, 0
    for _ in range(9):
        step = forget(session, NOON + 9_000 * DAY, after, 2)
        done += step.done
        if step.next is None:
            break
        after = step.next
    assert done == 5


def test_old_confirmations_go_and_those_that_wait_stay(session: Session) -> None:
    for number, days in enumerate((0, 0, 1_000)):
        now = NOON + days * DAY
        wish = confirming.Wish(kind="subscription", email=f"c{number}@example.com", locale="en", country="RU")
        made = confirming.ask(session, wish, now).confirmation
        assert made is not None
        if number != 1:
            confirming.expire(session, [made.id])
    assert forget_confirmations(session, NOON + 1_100 * DAY, None, 10).done == 1
    assert session.scalar(select(func.count()).select_from(Confirmation)) == 2


def test_the_job_does_it(engine: Engine) -> None:
    clock = FixedClock(NOON + 9_000 * DAY)
    with transaction(engine) as session:
        person = somebody(session)
        said(session, person, NOON, granted=True)
        said(session, person, NOON + DAY, granted=False)
        run_id = fire(session, "forget_evidence", due_at=clock.now(), fired_by="test")
        assert run_id is not None
        task = session.get_one(JobRun, run_id).task_id
    claim = take_up(engine, clock.now(), "run", run_id, task or 0)
    assert claim is not None
    do(engine, clock, claim, threading.Event())
    with transaction(engine) as session:
        assert PROOF in kept(session, person)[0]
        assert session.get_one(JobRun, run_id).state == "succeeded"


@pytest.mark.parametrize(
    ("law", "days", "late"), [("us", 14, 0), ("us", 15, 1), ("br", 5, 1), ("eu", 1, 0), ("eu", 2, 1)]
)
def test_an_unsubscription_that_was_told_too_late_is_noticed(session: Session, law: str, days: int, late: int) -> None:
    person = somebody(session)
    said(session, person, NOON, granted=True, law=law)
    said(session, person, NOON + DAY, granted=False, law=law, now=NOON + DAY + days * DAY)
    assert told_late(session, NOON + 20 * DAY).total() == late
    assert told_late(session, NOON + 90 * DAY).total() == 0


def test_a_list_that_waits_is_noticed(session: Session) -> None:
    def run(state: str, days: int) -> None:
        session.add(JobRun(job="import_suppressions", due_at=NOON + days * DAY, fired_by="test", args={}, state=state))
        session.flush()

    assert waiting_list(session, NOON) is None
    run("succeeded", 0)
    assert waiting_list(session, NOON + 2 * DAY) is None
    run("failed", 1)
    assert waiting_list(session, NOON + 2 * DAY) == NOON + DAY
    run("succeeded", 2)
    assert waiting_list(session, NOON + 3 * DAY) is None


def test_no_law_gives_more_time_than_its_days() -> None:
    assert {rule.code: must_work_within(rule).days for rule in rules()} == {
        "default": 1,
        "eu": 1,
        "ru": 1,
        "br": 4,
        "us": 14,
        "cn": 1,
    }
