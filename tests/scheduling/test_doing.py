"""What becomes of a run: success, failure in words, trying again, taking over."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.errors import ConflictError, PermanentError, TransientError
from growth.scheduling.declare import Retries
from growth.scheduling.doing import do, may_pass, take_up, wait_after
from growth.scheduling.firing import fire, try_again
from growth.scheduling.queue import Kind
from growth.scheduling.records import JobChunk, JobLine, JobRun
from growth.scheduling.rescue import rescue_lost, rescue_stalled


def _fire(engine: Engine, clock: FixedClock, job: str, **args: object) -> int:
    with transaction(engine) as session:
        run_id = fire(session, job, due_at=clock.now(), fired_by="person:test", args=args)
    assert run_id is not None
    return run_id


def _run(engine: Engine, run_id: int) -> JobRun:
    with transaction(engine) as session:
        return session.get_one(JobRun, run_id)


def _chunks(engine: Engine, run_id: int) -> list[JobChunk]:
    with transaction(engine) as session:
        return list(session.scalars(select(JobChunk).where(JobChunk.run_id == run_id).order_by(JobChunk.position)))


def _do_all(engine: Engine, clock: FixedClock) -> None:
    """Be the worker: do what is queued, whenever it is for, until there is nothing."""
    while True:
        with transaction(engine) as session:
            found = session.execute(
                text("""update procrastinate_jobs set status = 'doing' where id = (select id from procrastinate_jobs
                    where status = 'todo' order by id limit 1) returning id, task_name, args""")
            ).one_or_none()
        if found is None:
            return
        kind: Kind = "run" if found.task_name == "run_job" else "chunk"
        claim = take_up(engine, clock.now(), kind, found.args["id"], found.id)
        if claim is not None:
            do(engine, clock, claim, threading.Event())


def test_success_leaves_its_figures(engine: Engine, clock: FixedClock, numbered: Callable[[], list[int]]) -> None:
    run_id = _fire(engine, clock, "number_rows", pause=0)
    _do_all(engine, clock)
    run = _run(engine, run_id)
    assert (run.state, run.done, run.total, run.words) == ("succeeded", 3000, 3000, None)
    assert (run.started_at, run.finished_at) == (clock.now(), clock.now())
    assert len(numbered()) == 3000


def test_a_permanent_failure_is_told_in_its_own_words(engine: Engine, clock: FixedClock) -> None:
    run_id = _fire(engine, clock, "fail_as_told", how="permanent")
    _do_all(engine, clock)
    run = _run(engine, run_id)
    assert (run.state, run.failures, run.retry_at) == ("failed", 0, None)
    assert run.words == {
        "message": "The sender %(sender)s is not verified.",
        "remedy": "Verify it.",
        "values": {"sender": "a@example.com"},
    }
    assert run.detail is not None
    assert "PermanentError" in run.detail


def test_a_passing_failure_is_tried_again_by_policy(engine: Engine, clock: FixedClock) -> None:
    run_id = _fire(engine, clock, "fail_as_told", how="transient", retry_after=90)
    with transaction(engine) as session:
        task_id = session.get_one(JobRun, run_id).task_id
    assert task_id is not None
    claim = take_up(engine, clock.now(), "run", run_id, task_id)
    assert claim is not None
    do(engine, clock, claim, threading.Event())
    run = _run(engine, run_id)
    assert (run.state, run.failures) == ("queued", 1)
    assert run.retry_at == clock.now() + timedelta(seconds=90)
    with transaction(engine) as session:
        at = session.scalar(text("select scheduled_at from procrastinate_jobs where id = :id"), {"id": run.task_id})
    assert at == run.retry_at
    _do_all(engine, clock)
    run = _run(engine, run_id)
    assert (run.state, run.failures, run.attempt, run.retry_at) == ("failed", 2, 3, None)


def test_a_fault_of_ours_is_told_without_its_jargon(engine: Engine, clock: FixedClock) -> None:
    run_id = _fire(engine, clock, "fail_as_told", how="bug")
    _do_all(engine, clock)
    run = _run(engine, run_id)
    assert run.words is not None
    assert run.state == "failed"
    assert "KeyError" not in run.words["message"]
    assert run.detail is not None
    assert "nobody expects this" in run.detail


def test_a_bad_part_fails_alone_and_only_it_is_tried_again(engine: Engine, clock: FixedClock) -> None:
    run_id = _fire(engine, clock, "fail_as_told", how="permanent", parts=4)
    _do_all(engine, clock)
    run = _run(engine, run_id)
    assert run.words is not None
    assert (run.state, run.done, run.words["values"]) == ("failed", 3, {"failed": 1, "parts": 4})
    with transaction(engine) as session:
        session.execute(text("""update job_chunk set args = '{"part": 9, "how": "well"}' where state = 'failed'"""))
        try_again(session, run_id, by="ana@example.com", now=clock.now())
    assert _run(engine, run_id).state == "running"
    _do_all(engine, clock)
    assert (_run(engine, run_id).state, _run(engine, run_id).done) == ("succeeded", 4)
    assert [chunk.attempt for chunk in _chunks(engine, run_id)] == [1, 2, 1, 1]


def test_try_again_goes_on_where_it_failed(
    engine: Engine, clock: FixedClock, numbered: Callable[[], list[int]]
) -> None:
    run_id = _fire(engine, clock, "number_rows", pause=0)
    with engine.begin() as connection:  # number 1,500 is refused
        connection.execute(text("alter table numbered add constraint bad check (number <> 1500)"))
    _do_all(engine, clock)
    assert (_run(engine, run_id).state, _run(engine, run_id).done) == ("failed", 1500)
    with transaction(engine) as session:
        session.execute(text("alter table numbered drop constraint bad"))
        try_again(session, run_id, by="ana@example.com", now=clock.now())
    _do_all(engine, clock)
    assert (_run(engine, run_id).state, _run(engine, run_id).done) == ("succeeded", 3000)
    assert numbered() == list(range(3000))


def test_only_what_failed_is_tried_again(engine: Engine, clock: FixedClock) -> None:
    run_id = _fire(engine, clock, "fail_as_told", how="well")
    _do_all(engine, clock)
    with pytest.raises(ConflictError), transaction(engine) as session:
        try_again(session, run_id, by="ana@example.com", now=clock.now())


def test_a_task_that_another_took_the_place_of_does_nothing(engine: Engine, clock: FixedClock) -> None:
    run_id = _fire(engine, clock, "fail_as_told", how="well")
    old = _run(engine, run_id).task_id
    assert old is not None
    with engine.begin() as connection:  # taken up by a worker that is gone
        connection.execute(text("update procrastinate_jobs set status = 'doing'"))
    assert rescue_stalled(engine, clock.now(), 10) == 1
    assert rescue_stalled(engine, clock.now(), 10) == 0
    assert take_up(engine, clock.now(), "run", run_id, old) is None
    _do_all(engine, clock)
    assert (_run(engine, run_id).state, _run(engine, run_id).attempt) == ("succeeded", 1)


def test_who_was_given_up_writes_nothing(engine: Engine, clock: FixedClock, numbered: Callable[[], list[int]]) -> None:
    run_id = _fire(engine, clock, "number_rows", pause=0)
    task_id = _run(engine, run_id).task_id
    assert task_id is not None
    zombie = take_up(engine, clock.now(), "run", run_id, task_id)
    assert zombie is not None
    with engine.begin() as connection:
        connection.execute(text("update procrastinate_jobs set status = 'doing'"))
    rescue_stalled(engine, clock.now(), 10)
    _do_all(engine, clock)
    do(engine, clock, zombie, threading.Event())
    assert (_run(engine, run_id).state, _run(engine, run_id).done) == ("succeeded", 3000)
    assert numbered() == list(range(3000))


def test_work_without_a_task_is_found(engine: Engine, clock: FixedClock) -> None:
    run_id = _fire(engine, clock, "fail_as_told", how="well", parts=3)
    with engine.begin() as connection:
        connection.execute(text("update procrastinate_jobs set status = 'failed'"))
    assert rescue_lost(engine, clock.now(), 10) == 1
    with transaction(engine) as session:
        found = session.execute(text("select id, args from procrastinate_jobs where status = 'todo'")).one()
    claim = take_up(engine, clock.now(), "run", run_id, found.id)
    assert claim is not None
    do(engine, clock, claim, threading.Event())
    with engine.begin() as connection:
        connection.execute(text("delete from procrastinate_jobs"))
    assert rescue_lost(engine, clock.now(), 10) == 3
    _do_all(engine, clock)
    assert _run(engine, run_id).state == "succeeded"
    assert rescue_lost(engine, clock.now(), 10) == 0


def test_asked_to_stop_it_hands_the_rest_back(
    engine: Engine, clock: FixedClock, numbered: Callable[[], list[int]]
) -> None:
    run_id = _fire(engine, clock, "number_rows", pause=0)
    stopping = threading.Event()
    stopping.set()
    task_id = _run(engine, run_id).task_id
    assert task_id is not None
    claim = take_up(engine, clock.now(), "run", run_id, task_id)
    assert claim is not None
    do(engine, clock, claim, stopping)
    assert (_run(engine, run_id).state, numbered()) == ("queued", [])
    _do_all(engine, clock)
    assert numbered() == list(range(3000))


def test_lines_are_kept_in_order(engine: Engine, clock: FixedClock) -> None:
    run_id = _fire(engine, clock, "fail_as_told", how="permanent")
    _do_all(engine, clock)
    with transaction(engine) as session:
        lines = session.scalars(select(JobLine).where(JobLine.run_id == run_id).order_by(JobLine.id)).all()
    assert [(line.level, line.words["message"]) for line in lines] == [
        ("info", "Attempt."),
        ("error", "The sender %(sender)s is not verified."),
    ]


def test_pauses_between_tries_double_up_to_the_longest() -> None:
    retries = Retries(times=6, first=60, longest=900)
    error = TransientError("Busy.")
    pauses = [wait_after(error, failures, retries) for failures in range(1, 8)]
    assert [pause and pause.total_seconds() for pause in pauses] == [60, 120, 240, 480, 900, 900, None]


@pytest.mark.parametrize(("asked", "pauses"), [(0.5, [0.5, 1, 2, 4]), (300, [300, 600, 900, 900]), (2000, [2000] * 4)])
def test_the_other_side_may_ask_for_another_pause(asked: float, pauses: list[float]) -> None:
    error, retries = TransientError("Busy.", retry_after=asked), Retries(times=4, first=60, longest=900)
    found = [wait_after(error, failures, retries) for failures in range(1, 5)]
    assert found == [timedelta(seconds=pause) for pause in pauses]
    assert wait_after(error, 5, retries) is None


@pytest.mark.parametrize(("moved_on", "failures"), [(False, 2), (True, 1)])
def test_a_failure_after_something_was_done_is_the_first_in_a_row(
    engine: Engine, clock: FixedClock, moved_on: bool, failures: int
) -> None:
    run_id = _fire(engine, clock, "fail_as_told", how="transient", moved_on=moved_on)
    for _ in range(2):
        task_id = _run(engine, run_id).task_id
        assert task_id is not None
        claim = take_up(engine, clock.now(), "run", run_id, task_id)
        assert claim is not None
        do(engine, clock, claim, threading.Event())
    assert _run(engine, run_id).failures == failures


def test_what_may_pass() -> None:
    assert may_pass(ConnectionResetError())
    assert may_pass(TimeoutError())
    assert not may_pass(PermanentError("No."))
    assert not may_pass(KeyError())
