"""Jobs at a glance, what a run left behind, and forgetting it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.errors import ConflictError
from growth.scheduling import by_hand
from growth.scheduling.doing import take_up
from growth.scheduling.firing import try_again
from growth.scheduling.forgetting import forget_runs, forget_tasks
from growth.scheduling.history import lines_of, parts_of, run_by_id, runs_of
from growth.scheduling.overview import TREND, Overview, overview, overview_of, staff
from growth.scheduling.records import JobChunk, JobLine, JobRun, Schedule
from growth.scheduling.run import Step
from growth.scheduling.schedules import synchronise
from growth.scheduling.when import Daily, Hourly


def add_run(session: Session, job: str, due_at: datetime, state: str = "succeeded", **values: Any) -> JobRun:
    finished = None if state in {"queued", "running"} else due_at + timedelta(seconds=values.pop("took", 5))
    kept = {"started_at": due_at, "finished_at": finished} | values
    run = JobRun(job=job, due_at=due_at, fired_by="schedule", state=state, **kept)
    session.add(run)
    session.flush()
    return run


def of(session: Session, job: str) -> Overview:
    (found,) = (one for one in overview(session) if one.job.key == job)
    return found


def test_a_job_without_history(session: Session, clock: FixedClock) -> None:
    found = of(session, "miss_once")
    assert (found.next_due, found.current, found.last, found.failing) == (None, None, None, False)
    synchronise(session, clock.now())
    assert of(session, "miss_once").next_due == clock.now() + timedelta(hours=1)
    by_hand.pause_job(session, "miss_once", by="lin", now=clock.now())
    found = overview_of(session, "miss_once")
    assert (found.paused, found.next_due) == (True, None)


def test_the_latest_of_each_and_the_trend(session: Session, clock: FixedClock) -> None:
    now = clock.now()
    for number in range(TREND + 10):
        add_run(session, "miss_once", now - timedelta(hours=100 - number), took=number)
    add_run(session, "miss_once", now - timedelta(hours=3), "failed")
    add_run(session, "miss_once", now - timedelta(hours=2), "skipped")
    found = of(session, "miss_once")
    assert found.last is not None
    assert (found.last.state, found.failing) == ("skipped", True)
    assert found.seconds == [float(number) for number in range(12, 30)]
    add_run(session, "miss_once", now - timedelta(hours=1))
    assert of(session, "miss_once").failing is False
    going = add_run(session, "miss_once", now - timedelta(minutes=2), "running")
    add_run(session, "miss_once", now - timedelta(minutes=1), "queued")
    found = of(session, "miss_once")
    assert found.current is not None
    assert found.current.id == going.id
    assert of(session, "miss_and_skip").current is None


def test_waiting_for_the_next_try_is_failing(session: Session, clock: FixedClock) -> None:
    add_run(session, "miss_once", clock.now(), "queued", retry_at=clock.now() + timedelta(minutes=1))
    assert of(session, "miss_once").failing


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def test_it_costs_the_same_whatever_the_history(engine: Engine, clock: FixedClock) -> None:
    with counted(engine) as before, transaction(engine) as session:
        overview(session)
    with engine.begin() as connection:
        connection.execute(
            text("""
                insert into job_run (job, due_at, fired_by, state, started_at, finished_at)
                select case when number % 2 = 0 then 'miss_once' else 'tick_each_second' end, moment, 'schedule',
                    'succeeded', moment, moment
                from generate_series(1, 20000) number, lateral (select now() - number * interval '1 minute') at (moment)
            """)
        )
        connection.execute(text("analyze job_run"))
    with counted(engine) as after, transaction(engine) as session:
        overview(session)
    assert len(after) == len(before) <= 4
    (latest,) = (statement for statement in after if "lateral" in statement)
    with engine.connect() as connection:
        plan = "\n".join(
            connection.exec_driver_sql(
                f"explain {latest}", {"jobs": ["miss_once", "number_rows"], "trend": 20}
            ).scalars()
        )
    assert "ix_job_run_job_id" in plan
    assert "pk_job_run" not in plan
    assert clock.now()


def test_whether_anybody_works(session: Session, clock: FixedClock) -> None:
    synchronise(session, clock.now())
    found = staff(session, overview(session), clock.now())
    assert (found.workers, found.overdue) == (0, False)
    session.execute(text("insert into procrastinate_workers default values"))
    found = staff(session, overview(session), clock.now() + timedelta(hours=2))
    assert (found.workers, found.overdue) == (1, True)


def test_parts_that_failed_come_first_and_lines_by_page(session: Session, clock: FixedClock) -> None:
    run = add_run(session, "number_parts", clock.now(), "failed")
    states = ["succeeded"] * 5 + ["failed"] * 2 + ["queued", "running"]
    for place, state in enumerate(states):
        session.add(JobChunk(run_id=run.id, position=place, step="number_a_part", args={}, state=state))
    for number in range(5):
        session.add(JobLine(run_id=run.id, at=clock.now(), level="info", words={"message": str(number), "values": {}}))
    session.flush()
    parts = parts_of(session, run.id, limit=5)
    assert [part.position for part in parts.shown] == [5, 6, 8, 7, 0]
    assert (parts.total, parts.counts["succeeded"]) == (9, 5)
    lines = lines_of(session, run.id, before=None, limit=3)
    assert [line.words["message"] for line in lines] == ["4", "3", "2"]
    assert len(lines_of(session, run.id, before=lines[-1].id, limit=3)) == 2
    assert run_by_id(session, run.id) is run
    assert runs_of(session, "number_parts", states=["skipped"], before=None, limit=9) == []


def test_the_pace_starts_anew_when_a_run_is_taken_up_again(engine: Engine, clock: FixedClock) -> None:
    with transaction(engine) as session:
        run_id = by_hand.run_job(session, "number_rows", by="lin", now=clock.now())
        run = session.get_one(JobRun, run_id)
        run.done = 700
    task_id = run.task_id
    assert task_id is not None
    clock.moment += timedelta(hours=9)
    assert take_up(engine, clock.now(), "run", run_id, task_id) is not None
    with transaction(engine) as session:
        run = session.get_one(JobRun, run_id)
        assert (run.resumed_at, run.resumed_done) == (clock.now(), 700)
        run.state, run.finished_at = "failed", clock.now()
    clock.moment += timedelta(days=1)
    with transaction(engine) as session:
        try_again(session, run_id, by="lin", now=clock.now())
        assert session.get_one(JobRun, run_id, populate_existing=True).started_at is None


def to_the_end(step: Any, session: Session, now: datetime, size: int) -> int:
    done, after = 0, None
    for _ in range(1000):
        made: Step = step(session, now, after, size)
        done, after = done + made.done, made.next
        if after is None:
            return done
    raise AssertionError("it never ends")


@pytest.mark.parametrize("size", [7, 1000])
def test_old_runs_are_forgotten_but_not_the_last_hundred(session: Session, clock: FixedClock, size: int) -> None:
    now, old = clock.now(), clock.now() - timedelta(days=100)
    gone = [add_run(session, "miss_once", old + timedelta(minutes=number)).id for number in range(120)]
    rare = [add_run(session, "miss_and_skip", old + timedelta(minutes=number)).id for number in range(3)]
    unfinished = add_run(session, "number_rows", old, "running")
    session.add(JobLine(run_id=gone[0], at=old, level="info", words={"message": "x", "values": {}}))
    session.add(JobChunk(run_id=gone[0], position=0, step="x", args={}))
    young = [add_run(session, "miss_once", now - timedelta(minutes=90 - number)).id for number in range(90)]
    session.flush()
    assert to_the_end(forget_runs, session, now, size) == 110
    left = session.scalars(select(JobRun.id).order_by(JobRun.id)).all()
    assert left == sorted([*gone[110:], *rare, unfinished.id, *young])
    assert session.scalar(select(func.count()).where(JobLine.run_id == gone[0])) == 0
    assert to_the_end(forget_runs, session, now, size) == 0


def test_tasks_long_done_are_forgotten(session: Session, clock: FixedClock) -> None:
    for number in range(6):
        run_id = by_hand.run_job(session, "tick_each_second", by="lin", now=clock.now() + timedelta(seconds=number))
        assert run_id
    ids = list(session.scalars(text("select id from procrastinate_jobs order by id")))
    session.execute(text("update procrastinate_jobs set status = 'aborted' where id = any(:ids)"), {"ids": ids[:4]})
    session.execute(text("update procrastinate_events set at = :now"), {"now": clock.now() - timedelta(days=6)})
    old = text("update procrastinate_events set at = :old where job_id = any(:ids)")
    session.execute(old, {"old": clock.now() - timedelta(days=8), "ids": ids[:2] + ids[4:5]})
    assert to_the_end(forget_tasks, session, clock.now(), 2) == 2
    assert session.scalars(text("select id from procrastinate_jobs order by id")).all() == ids[2:]


def test_a_change_of_schedule_is_taken_back(session: Session, clock: FixedClock) -> None:
    now = clock.now()
    first = by_hand.change_schedule(session, "miss_once", Hourly(5), version=None, by="lin", now=now)
    by_hand.change_schedule(session, "miss_once", Daily("07:00"), version=first.version, by="ana", now=now)
    version = session.get_one(Schedule, "miss_once").version
    by_hand.undo_schedule(session, "miss_once", version=version, by="ana", now=now)
    assert session.get_one(Schedule, "miss_once").override == {"hourly": 5}
    with pytest.raises(ConflictError):
        by_hand.undo_schedule(session, "miss_once", version=version, by="ana", now=now)
