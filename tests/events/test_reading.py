"""Readers get every committed event exactly once, whoever commits when."""

import threading
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.database.engine import make_engine, transaction
from growth.errors import PermanentError
from growth.events.ingest import ingest
from growth.events.reading import after_move, read_new
from growth.events.records import Event, EventReader
from growth.ids import event_id
from tests.events.happenings import happening, happenings


def read(engine: Engine, limit: int = 1000, reader: str = "test") -> list[UUID]:
    with transaction(engine) as session:
        return [event.event_id for event in read_new(session, reader, limit)]


def write(engine: Engine, clock: FixedClock, *keys: str) -> None:
    with transaction(engine) as session:
        ingest(session, [happening(key, clock.now()) for key in keys], clock.now())


def ids(*keys: str) -> list[UUID]:
    return [event_id("test", key) for key in keys]


def test_each_reader_gets_each_event_once(engine: Engine, clock: FixedClock) -> None:
    write(engine, clock, "a")
    write(engine, clock, "b")
    assert read(engine) == ids("a", "b")
    assert read(engine) == []
    write(engine, clock, "c")
    assert read(engine) == ids("c")
    assert read(engine, reader="another") == ids("a", "b", "c")


def test_a_place_is_kept_only_when_the_reader_s_transaction_is(engine: Engine, clock: FixedClock) -> None:
    write(engine, clock, "a")
    with Session(engine) as session:
        assert len(read_new(session, "test", 10)) == 1
        session.rollback()
    assert read(engine) == ids("a")


def test_one_that_commits_late_holds_back_what_came_after_it(engine: Engine, clock: FixedClock) -> None:
    with Session(engine) as slow:
        ingest(slow, [happening("slow", clock.now())], clock.now())
        write(engine, clock, "fast")
        assert read(engine) == []
        slow.commit()
    assert read(engine) == ids("slow", "fast")


def test_one_that_never_commits_is_passed_over(engine: Engine, clock: FixedClock) -> None:
    with Session(engine) as doomed:
        ingest(doomed, [happening("doomed", clock.now())], clock.now())
        write(engine, clock, "kept")
        doomed.rollback()
    assert read(engine) == ids("kept")


def test_a_transaction_larger_than_the_limit_over_several_months(engine: Engine, clock: FixedClock) -> None:
    batch = [happening(str(number), clock.now().replace(month=1 + number % 9)) for number in range(500)]
    with transaction(engine) as session:
        ingest(session, batch, clock.now())
    write(engine, clock, "after")
    pieces = []
    while piece := read(engine, limit=7):
        pieces.append(piece)
    got = [one for piece in pieces for one in piece]
    assert len(got) == len(set(got)) == 501
    assert got[-1:] == ids("after")
    assert max(map(len, pieces)) == 7


DEEDS = st.sampled_from(["write", "write", "commit", "read", "rollback"])


@given(st.lists(st.tuples(DEEDS, st.integers(0, 1)), min_size=10, max_size=60))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_missed_or_doubled_however_transactions_interleave(
    engine: Engine, clock: FixedClock, steps: list[tuple[str, int]]
) -> None:
    reader, told = uuid4().hex, set(read(engine, 10**6, "before"))
    writers: dict[int, tuple[Session, list[UUID]]] = {}
    committed: set[UUID] = told | _all(engine)
    got: list[UUID] = []
    for step, number in steps:
        if step == "write":
            session, written = writers.setdefault(number, (Session(engine), []))
            event = happening(uuid4().hex, clock.now())
            ingest(session, [event], clock.now())
            written.append(event.event_id)
        elif step == "read":
            got += read(engine, limit=1 + 4 * number, reader=reader)
        elif number in writers:
            session, written = writers.pop(number)
            session.commit() if step == "commit" else session.rollback()
            session.close()
            committed |= set(written) if step == "commit" else set()
    for session, _ in writers.values():
        session.close()
    while piece := read(engine, limit=50, reader=reader):
        got += piece
    assert len(got) == len(set(got))
    assert set(got) == committed


def _all(engine: Engine) -> set[UUID]:
    with transaction(engine) as session:
        return set(session.scalars(select(Event.event_id)))


def test_four_workers_share_one_reader_while_four_write(database_url: str, engine: Engine, clock: FixedClock) -> None:
    crowd = make_engine(database_url, pool_size=8)
    got: list[UUID] = []
    done = threading.Event()

    def writing(name: str) -> None:
        for number in range(40):
            write(crowd, clock, *(f"{name} {number} {part}" for part in range(1 + number % 5)))

    def reading() -> None:
        while not done.is_set():
            got.extend(read(crowd, limit=3))

    readers = [threading.Thread(target=reading) for _ in range(4)]
    writers = [threading.Thread(target=writing, args=(str(number),)) for number in range(4)]
    for thread in readers + writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    crowd.dispose()
    while piece := read(engine):
        got += piece
    assert len(got) == len(set(got)) == 4 * sum(1 + number % 5 for number in range(40))


def test_reading_the_newest_does_not_look_at_what_was_read(engine: Engine, clock: FixedClock) -> None:
    with transaction(engine) as session:
        for month in range(1, 11):
            ingest(session, happenings(1_000, clock.now().replace(month=month), f"{month} "), clock.now())
    read(engine, limit=10**6)
    with engine.begin() as connection:
        connection.execute(text("analyze event"))
    write(engine, clock, "new")
    with transaction(engine) as session:
        place = session.get_one(EventReader, "test")
        statement = """
            explain (analyze, buffers, format json) select * from event
            where (tx, occurred_at, event_id) > (:tx, :at, :id)
            and tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
            order by tx, occurred_at, event_id limit 1000
        """
        values = {"tx": place.tx, "at": place.occurred_at, "id": place.event_id}
        (plan,) = session.scalars(text(statement), values).one()
    touched = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    partitions = 13
    assert touched <= 5 * partitions


def test_events_brought_to_another_server_are_read_once_and_before_its_own(engine: Engine, clock: FixedClock) -> None:
    write(engine, clock, "read before")
    read(engine)
    write(engine, clock, "not read yet")
    far = 10**12
    with transaction(engine) as session:
        session.execute(update(Event).values(tx=Event.tx + far))
        session.execute(update(EventReader).values(tx=EventReader.tx + far))
    with pytest.raises(PermanentError, match="after-move"):
        read(engine)
    with transaction(engine) as session:
        assert after_move(session)
        assert not after_move(session)
    write(engine, clock, "stored here")
    assert read(engine) == ids("not read yet", "stored here")
    assert read(engine, reader="begins here") == ids("read before", "not read yet", "stored here")
