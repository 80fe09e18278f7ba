"""Storing what happened: each event once, whatever is repeated, mixed up or sent at the same time."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.events.ingest import LARGEST_PROPERTIES, NewEvent, first_seen, ingest
from growth.events.months import ensure_months
from growth.events.records import Event
from growth.ids import event_id
from tests.events.happenings import VISITOR, happening, happenings


def stored(session: Session) -> Counter[str]:
    return Counter(str(found) for found in session.scalars(select(Event.event_id)))


def test_every_column_comes_back(session: Session, clock: FixedClock) -> None:
    event = happening(
        "a",
        clock.now().replace(microsecond=100_200),
        kind="order",
        side="seller",
        person_id=7,
        visitor=VISITOR,
        delivery_id=9,
        country="BR",
        properties={"amount_minor": 1999, "currency": "BRL", "note": 'São "Paulo" \\u0000 \U0001f600'},
    )
    assert ingest(session, [event], clock.now()).accepted == [event]
    row = session.scalars(select(Event)).one()
    assert {name: getattr(row, name) for name in NewEvent.__slots__} == {
        name: getattr(event, name) for name in NewEvent.__slots__
    }


def test_a_replay_changes_nothing(session: Session, clock: FixedClock) -> None:
    batch = happenings(50, clock.now())
    assert len(ingest(session, batch, clock.now()).accepted) == 50
    again = ingest(session, batch[20:] + happenings(5, clock.now(), "new"), clock.now())
    assert [event.event_id for event in again.accepted] == [event_id("test", f"new{number}") for number in range(5)]
    assert again.repeated == 30
    assert stored(session).total() == 55


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3_000_000)), max_size=40))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_accepted_is_what_is_stored_in_the_order_given(
    session: Session, clock: FixedClock, keys: list[tuple[int, int]]
) -> None:
    batch = [happening(f"{key}", clock.now() - timedelta(microseconds=micro)) for key, micro in keys]
    with session.begin_nested() as attempt:
        known = batch[::3]
        ingest(session, known, clock.now())
        result = ingest(session, batch, clock.now())
        seen = {(event.occurred_at, event.event_id) for event in known}
        expected = []
        for event in batch:
            if (place := (event.occurred_at, event.event_id)) not in seen:
                seen.add(place)
                expected.append(event)
        assert result.accepted == expected
        assert result.repeated == len(batch) - len(expected)
        assert stored(session).total() == len(seen)
        attempt.rollback()


def test_more_than_one_statement_takes(session: Session, clock: FixedClock) -> None:
    batch = happenings(12_000, clock.now())
    ingest(session, batch[:100], clock.now())
    result = ingest(session, batch, clock.now())
    assert result.repeated == 100
    assert result.accepted == batch[100:]
    assert stored(session).total() == 12_000


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({"at": datetime(2021, 1, 1, tzinfo=UTC)}, "occurred_at"),
        ({"at": datetime(9999, 12, 31, tzinfo=UTC)}, "occurred_at"),
        ({"at": datetime(2026, 11, 25, 12, 0, 1, tzinfo=UTC)}, "occurred_at"),
        ({"properties": {"url": "x" * LARGEST_PROPERTIES}}, "properties"),
        ({"properties": {"url": "a\0b"}}, "properties"),
        ({"properties": {"\0": 1}}, "properties"),
        ({"properties": {"title": "half an emoji \ud83d"}}, "properties"),
        ({"properties": {"deep": orjson.loads("[" * 300 + "]" * 300)}}, "properties"),
    ],
)
def test_what_cannot_be_stored_is_named_and_keeps_nothing_else_out(
    session: Session, clock: FixedClock, event: dict[str, object], field: str
) -> None:
    bad = happening("bad", clock.now())
    if "at" in event:
        at = event["at"]
        assert isinstance(at, datetime)
        bad = replace(bad, occurred_at=at)
    if "properties" in event:
        properties = event["properties"]
        assert isinstance(properties, dict)
        bad = replace(bad, properties=properties)
    good = happenings(3, clock.now())
    result = ingest(session, [good[0], bad, *good[1:]], clock.now())
    assert result.accepted == good
    assert [(index, problem.field) for index, problem in result.refused] == [(1, field)]
    assert str(result.refused[0][1])
    assert bad.event_id not in set(session.scalars(select(Event.event_id)))


def test_a_month_without_a_partition_gets_one_while_others_write(engine: Engine, clock: FixedClock) -> None:
    old = clock.now() - timedelta(days=1000)
    with transaction(engine) as writing:
        # This transaction holds its lock on `event` and goes on only after the other one.
        ingest(writing, [happening("now", clock.now())], clock.now())
        with transaction(engine) as other:
            ingest(other, [happening("then", old)], clock.now())
        ingest(writing, [happening("then too", old)], clock.now())
    with transaction(engine) as session:
        assert stored(session).total() == 3
        partition = session.scalar(select(text("tableoid::regclass::text")).select_from(Event).limit(1))
        assert partition is not None
        assert partition.startswith("event_20")


def test_the_next_month_is_there_before_it_begins(engine: Engine) -> None:
    with transaction(engine) as session:
        ensure_months(session, [datetime(2023, 12, 31, 23, 59, tzinfo=UTC)])
    with transaction(engine) as session:
        found = session.scalar(text("select to_regclass('event_2024_01')::text"))
    assert found == "event_2024_01"


def test_the_same_batches_in_any_order_at_the_same_time(engine: Engine, clock: FixedClock) -> None:
    batch = happenings(400, clock.now())
    accepted: list[int] = []
    ready = threading.Barrier(4)

    def send(events: list[NewEvent]) -> None:
        ready.wait()
        for start in range(0, len(events), 100):
            with transaction(engine) as session:
                accepted.append(len(ingest(session, events[start : start + 100], clock.now()).accepted))

    orders = [batch, batch[::-1], batch[200:] + batch[:200], batch[::2] + batch[1::2]]
    threads = [threading.Thread(target=send, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(accepted) == 400
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 400


def test_a_source_without_moments_gets_the_same_one_again(session: Session, clock: FixedClock) -> None:
    ids = [event_id("test", name) for name in ("a", "b")]
    first = clock.now()
    assert first_seen(session, ids[:1], first) == {ids[0]: first}
    later = first + timedelta(hours=1)
    assert first_seen(session, ids, later) == {ids[0]: first, ids[1]: later}
    assert first_seen(session, [], later) == {}
