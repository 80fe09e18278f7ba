"""The figures of campaigns, kept by triggers, and the lists of them and their people."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from growth.campaigns.audience import review
from growth.campaigns.counting import Counts, counts_of, fold, left_out
from growth.campaigns.reading import campaigns, left_out_people
from growth.campaigns.records import Campaign, Delivery, DeliveryCount, Exclusion
from growth.database.engine import transaction
from growth.people.identity import Known, ensure_person
from tests.campaigns.planned import NOW, begin, make

STATES = ("planned", "in_doubt", "accepted", "refused", "delivered", "bounced", "complained", "cancelled")
MOMENTS = ("delivered_at", "opened_at", "clicked_at", "unsubscribed_at")


@pytest.fixture(scope="module")
def people(shared_engine: Engine) -> Iterator[list[int]]:
    """Ten people."""
    with transaction(shared_engine) as session:
        known = [ensure_person(session, Known(keys=(("planning", str(one)),)), NOW) for one in range(10)]
    yield list(known)
    with transaction(shared_engine) as session:
        session.execute(text("delete from identity where kind = 'planning'"))
        session.execute(text("delete from person where id = any(:known)"), {"known": list(known)})


Change = st.fixed_dictionaries(
    {"state": st.sampled_from(STATES)}, optional=dict.fromkeys(MOMENTS, st.sampled_from([NOW, None]))
)


@rules(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.sets(st.integers(0, 9)), Change, st.booleans()), max_size=6))
def test_the_figures_are_what_counting_would_give(
    session: Session, people: list[int], changes: list[tuple[set[int], dict[str, Any], bool]]
) -> None:
    session.execute(delete(Delivery))
    name = f"Law {session.scalar(select(func.count()).select_from(Campaign))}"
    runs = [begin(session, make(session, f"{name} {one}")) for one in range(2)]
    rows = [{"campaign_run_id": run, "person_id": person, "locale": "en"} for run in runs for person in people]
    session.execute(insert(Delivery), rows)
    for chosen, values, gone in changes:
        ids = [people[one] for one in chosen]
        touched = Delivery.person_id.in_(ids), Delivery.campaign_run_id.in_(runs[: 1 + len(chosen) % 2])
        session.execute(update(Delivery).where(*touched).values(values))
        if gone:
            session.execute(delete(Delivery).where(*touched))
        fold(session)
    figures = counts_of(session, runs)
    for run in runs:
        found = session.scalars(select(Delivery).where(Delivery.campaign_run_id == run)).all()
        counted = figures.get(run, Counts())
        assert counted.messages == len(found)
        assert counted.waiting == sum(one.state == "planned" for one in found)
        assert counted.settled == sum(one.state not in {"planned", "in_doubt"} for one in found)
        assert counted.bounced == sum(one.state == "bounced" for one in found)
        assert counted.clicked == sum(one.clicked_at is not None for one in found)
        assert counted.unsubscribed == sum(one.unsubscribed_at is not None for one in found)


def test_one_statement_that_does_several_things_is_counted_once(session: Session, people: list[int]) -> None:
    run = begin(session, make(session))
    rows = [{"campaign_run_id": run, "person_id": person, "locale": "en"} for person in people]
    session.execute(insert(Delivery), rows)
    session.execute(
        text("""
            with gone as (delete from delivery where campaign_run_id = :run and person_id = any(:two) returning *),
            doubted as (
                update delivery set state = 'in_doubt' where campaign_run_id = :run and person_id = any(:three)),
            accepted as (update delivery set state = 'accepted' where campaign_run_id = :run and person_id = :one)
            insert into exclusion select campaign_run_id, person_id, 'suppressed' from gone
        """),
        {"run": run, "two": people[:2], "three": people[2:5], "one": people[5]},
    )
    assert counts_of(session, [run])[run] == Counts(messages=8, waiting=4, in_doubt=3, sent=1)
    assert left_out(session, [run]) == {"suppressed": 2}


def test_adding_up_changes_no_figure(session: Session, people: list[int]) -> None:
    run = begin(session, make(session))
    rows = [{"campaign_run_id": run, "person_id": person, "locale": "en"} for person in people]
    session.execute(insert(Delivery), rows)
    session.execute(insert(Exclusion), [{"campaign_run_id": run, "person_id": people[0], "reason": "holdout"}])
    for number in range(300):
        state = ("planned", "accepted")[number % 2]
        session.execute(update(Delivery).where(Delivery.person_id == people[0]).values(state=state))
    before = counts_of(session, [run])
    rows_before = session.scalar(select(func.count()).select_from(DeliveryCount))
    assert fold(session) + 1 == rows_before
    assert counts_of(session, [run]) == before
    assert before[run].sent == 1
    assert session.scalar(select(func.count()).select_from(DeliveryCount)) == 1
    assert left_out(session, [run]) == {"holdout": 1}


def test_lists_go_on_where_they_ended(session: Session) -> None:
    ids = [make(session, f"C{number}").id for number in range(7)]
    seen: list[int] = []
    before = None
    while page := campaigns(session, state="draft", before=before, size=3):
        seen += [one.campaign.id for one in page]
        before = seen[-1]
    assert seen == ids[::-1]


def test_who_would_be_left_out_is_who_is_counted(session: Session) -> None:
    campaign = make(session)
    with_mail = [ensure_person(session, Known(email=f"w{one}@example.com", locale="en"), NOW) for one in range(5)]
    counted = review(session, campaign, NOW).excluded
    for reason, people_counted in counted.items():
        named, place = [], None
        while page := left_out_people(session, campaign, reason=reason, after=place, now=NOW, size=2):
            named += [one.person_id for one in page]
            place = named[-1]
        assert len(named) == people_counted == len(set(named))
    assert set(with_mail) <= {
        one.person_id for one in left_out_people(session, campaign, reason="no_consent", after=None, now=NOW, size=50)
    }
