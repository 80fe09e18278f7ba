"""Workers that are killed, stopped or held up in the middle of their work: the result is the same."""

import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select, text

from growth.clock import SystemClock
from growth.database.engine import transaction
from growth.scheduling.firing import fire
from growth.scheduling.records import JobChunk, JobLine, JobRun
from growth.scheduling.rescue import ASK, TAKEN_OVER, TOO_OFTEN
from tests.scheduling.conftest import Start, until

Numbered = Callable[[], list[int]]
ALL = list(range(3000))


def _fire(engine: Engine, job: str, **args: object) -> int:
    with transaction(engine) as session:
        run_id = fire(session, job, due_at=SystemClock().now(), fired_by="person:test", args=args)
    assert run_id is not None
    return run_id


def _run(engine: Engine, run_id: int) -> JobRun:
    with transaction(engine) as session:
        return session.get_one(JobRun, run_id)


def _finished(engine: Engine, run_id: int) -> Callable[[], bool]:
    return lambda: _run(engine, run_id).state in {"succeeded", "failed", "skipped"}


@pytest.mark.parametrize("job", ["number_rows", "number_parts"])
def test_undisturbed(engine: Engine, start: Start, numbered: Numbered, job: str) -> None:
    run_id = _fire(engine, job, pause=0.0)
    start("worker")
    until(_finished(engine, run_id))
    run = _run(engine, run_id)
    assert (run.state, run.done, run.total, run.attempt) == ("succeeded", 3000, 3000, 1)
    assert numbered() == ALL


def _kill_amid_work(engine: Engine, worker: subprocess.Popen[bytes]) -> None:
    """Kill it while something it took up is not finished, rather than between two parts."""
    unfinished = text("""
        select exists (select from job_chunk where state = 'running')
            or (exists (select from job_run where state = 'running') and not exists (select from job_chunk))
    """)
    while True:
        worker.send_signal(signal.SIGSTOP)
        time.sleep(0.2)  # what it has sent to the database by now is done there
        with engine.connect() as connection:
            if connection.scalar(unfinished):
                break
        worker.send_signal(signal.SIGCONT)
    worker.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("job", ["number_rows", "number_parts"])
def test_another_worker_goes_on_after_a_kill(engine: Engine, start: Start, numbered: Numbered, job: str) -> None:
    run_id = _fire(engine, job, pause=0.1)
    first = start("worker")
    until(lambda: len(numbered()) >= 500)
    _kill_amid_work(engine, first)
    start("worker")
    until(_finished(engine, run_id))
    run = _run(engine, run_id)
    assert (run.state, run.done) == ("succeeded", 3000)
    assert numbered() == ALL
    with transaction(engine) as session:
        told = session.scalars(select(JobLine.words).where(JobLine.run_id == run_id)).all()
    assert TAKEN_OVER in [words["message"] for words in told]


def test_a_worker_that_wakes_up_again_writes_nothing_twice(engine: Engine, start: Start, numbered: Numbered) -> None:
    run_id = _fire(engine, "number_rows", pause=0.02)
    first = start("worker")
    until(lambda: len(numbered()) >= 300)
    first.send_signal(signal.SIGSTOP)  # held up, perhaps with a transaction open
    with engine.begin() as connection:  # the server notices a worker whose transaction stands still
        connection.execute(
            text("select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction'")
        )
    start("worker")
    until(lambda: _run(engine, run_id).attempt == 2)
    first.send_signal(signal.SIGCONT)
    until(_finished(engine, run_id))
    assert _run(engine, run_id).state == "succeeded"
    assert numbered() == ALL


def test_a_worker_asked_to_stop_hands_the_rest_on(engine: Engine, start: Start, numbered: Numbered) -> None:
    run_id = _fire(engine, "number_rows", pause=0.1)
    first = start("worker")
    until(lambda: len(numbered()) >= 500)
    first.send_signal(signal.SIGTERM)
    assert first.wait(10) == 0
    run = _run(engine, run_id)
    assert (run.state, run.retry_at) == ("queued", None)
    assert run.done == len(numbered())
    start("worker")
    until(_finished(engine, run_id))
    assert numbered() == ALL
    assert _run(engine, run_id).rescues == 0


def test_a_worker_with_a_long_task_still_ends_when_asked(engine: Engine, start: Start, numbered: Numbered) -> None:
    run_id = _fire(engine, "number_rows", pause=30)
    first = start("worker")
    until(lambda: _run(engine, run_id).state == "running")
    first.send_signal(signal.SIGTERM)
    assert first.wait(10) == 0
    assert numbered() == []
    with engine.begin() as connection:
        connection.execute(text("update job_run set args = '{\"pause\": 0}'"))
    start("worker")
    until(_finished(engine, run_id))
    assert numbered() == ALL


def test_a_run_that_ends_every_worker_is_given_up(engine: Engine, start: Start, numbered: Numbered) -> None:
    run_id = _fire(engine, "number_rows", pause=30)
    first = start("worker")
    until(lambda: _run(engine, run_id).state == "running")
    first.send_signal(signal.SIGKILL)
    with engine.begin() as connection:
        connection.execute(text("update job_run set rescues = 20"))
    start("worker")
    until(_finished(engine, run_id))
    run = _run(engine, run_id)
    assert run.state == "failed"
    assert run.words == {"message": TOO_OFTEN, "remedy": ASK, "values": {"times": 20}}
    assert numbered() == []


def test_a_process_apart_ends_with_its_worker(engine: Engine, start: Start, numbered: Numbered) -> None:
    run_id = _fire(engine, "live_apart", then="sleep")
    first = start("worker")
    until(numbered)
    (pid,) = numbered()
    assert pid != first.pid
    first.send_signal(signal.SIGKILL)
    until(lambda: not _lives(pid))
    assert _run(engine, run_id).state == "running"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_apart_says_why_it_failed(engine: Engine, start: Start, numbered: Numbered) -> None:
    well = _fire(engine, "live_apart", then="end")
    failed = _fire(engine, "live_apart", then="fail")
    gone = _fire(engine, "live_apart", then="vanish")
    start("worker")
    for run_id in (well, failed, gone):
        until(_finished(engine, run_id))
    assert len(set(numbered())) == 3
    assert _run(engine, well).state == "succeeded"
    words = _run(engine, failed).words
    assert words is not None
    assert words["message"] == "There are no leads yet."
    words = _run(engine, gone).words
    assert words is not None
    assert words["values"] == {"status": -9}


def test_chunks_of_a_dead_worker_count_once(engine: Engine, start: Start, numbered: Numbered) -> None:
    run_id = _fire(engine, "number_parts", pause=0.05)
    workers = [start("worker"), start("worker")]
    for kill in range(3):
        until(lambda enough=(kill + 1) * 600: len(numbered()) >= enough)  # type: ignore[misc]  # bound at once
        workers[kill].send_signal(signal.SIGKILL)
        workers.append(start("worker"))
    until(_finished(engine, run_id))
    with transaction(engine) as session:
        states = session.scalars(select(JobChunk.state).where(JobChunk.run_id == run_id)).all()
    assert set(states) == {"succeeded"}
    assert _run(engine, run_id).done == 3000
    assert numbered() == ALL
