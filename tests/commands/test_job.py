"""`growth job`: the same as on the pages, from a console, with and without a worker."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from sqlalchemy import Engine, select, text

from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.scheduling.records import JobRun, Schedule
from tests.scheduling.conftest import SAMPLES, Start, numbered, start, until

__all__ = ["numbered", "start"]
ROOT = Path(__file__).parents[2]
COMMAND = (
    f"from growth.scheduling import declare; declare.PACKAGES[:] = ['{SAMPLES}']; from growth.cli import main; main()"
)

Started = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def begin(database_url: str) -> Iterator[Started]:
    """Start `growth job …` as a process that knows the sample jobs."""
    started: list[subprocess.Popen[str]] = []

    def growth_job(*arguments: str) -> subprocess.Popen[str]:
        environment = os.environ | {"GROWTH_DATABASE_URL": database_url, "GROWTH_HEARTBEAT_SECONDS": "0.4"}
        command = [sys.executable, "-c", COMMAND, "job", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes)  # type: ignore[call-overload]
        started.append(process)
        return process  # type: ignore[no-any-return]  # the overloads don't see through the mapping

    yield growth_job
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def job(begin: Started) -> Callable[..., tuple[int, str, str]]:
    """Run `growth job …` to its end: status, output, complaints."""

    def growth_job(*arguments: str) -> tuple[int, str, str]:
        process = begin(*arguments)
        out, complaints = process.communicate(timeout=60)
        return process.returncode, out, complaints

    return growth_job


Job = Callable[..., tuple[int, str, str]]


def latest(engine: Engine) -> JobRun:
    with transaction(engine) as session:
        return session.scalars(select(JobRun).order_by(JobRun.id.desc())).first() or JobRun()


def arguments_of(engine: Engine, **args: object) -> None:
    """What the newest run is to be done with; the commands give none."""
    with engine.begin() as connection:
        connection.execute(
            text("update job_run set args = cast(:args as jsonb)"), {"args": orjson.dumps(args).decode()}
        )


def test_list_and_show_for_people_and_for_programs(job: Job, engine: Engine) -> None:
    with transaction(engine) as session:
        at = datetime(2026, 11, 24, 12, tzinfo=UTC)
        words = {"message": "%(who)s did not answer.", "remedy": "Try later.", "values": {"who": "Google"}}
        ended = {"state": "failed", "started_at": at, "finished_at": at, "words": words, "detail": "Traceback"}
        session.add(JobRun(job="miss_once", due_at=at, fired_by="schedule", **ended))
    status, table, _ = job("list")
    assert status == 0
    (line,) = [line for line in table.splitlines() if line.startswith("miss_once")]
    assert "Every hour at :00" in line
    assert "Google did not answer. Try later." in line
    found = {one["job"]: one for one in orjson.loads(job("list", "--json")[1])}
    assert found["miss_once"]["failing"] is True
    assert found["miss_once"]["last"]["words"] == "Google did not answer. Try later."
    assert found["number_rows"]["schedule"] is None
    shown = job("show", "miss_once")[1]
    assert "Rolls up." in shown
    assert "Google did not answer." in shown
    run = orjson.loads(job("show", str(latest(engine).id), "--json")[1])
    assert (run["state"], run["detail"]) == ("failed", "Traceback")


def test_what_is_not_there_is_one_sentence(job: Job) -> None:
    for arguments in (
        ["show", "nothing"],
        ["show", "99999999999999999999"],
        ["run", "nothing"],
        ["retry", "miss_once"],
        ["run", "live_apart"],
    ):
        status, _, complaints = job(*arguments)
        assert status == 1
        assert len(complaints.splitlines()) == 1


def test_without_a_worker_it_says_so_and_does_it_here_when_asked(
    job: Job, engine: Engine, numbered: Callable[[], list[int]]
) -> None:
    status, _, complaints = job("run", "miss_once", "--wait")
    assert status == 1
    assert "No worker runs" in complaints
    assert latest(engine).state == "queued"
    status, out, _ = job("run", "miss_and_skip", "--here")
    assert status == 0
    assert "Sent." in out
    assert latest(engine).state == "succeeded"
    assert latest(engine).fired_by == "person:command line"
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from procrastinate_workers")) == 0
        assert connection.scalar(text("select count(*) from procrastinate_jobs where status = 'doing'")) == 0
    assert numbered() == []


def test_here_also_does_the_parts_and_says_why_it_failed(job: Job, engine: Engine) -> None:
    status, _, complaints = job("run", "fail_as_told", "--here")
    assert status == 1
    assert "Something went wrong that growth did not expect." in complaints
    arguments_of(engine, how="permanent", parts=3)
    status, _, complaints = job("retry", "fail_as_told", "--here")
    assert status == 1
    assert "1 of 3 parts failed" in complaints
    assert "part 2: Part 1 is bad." in job("show", str(latest(engine).id))[1]
    arguments_of(engine, how="well", parts=3)
    with engine.begin() as connection:
        connection.execute(text('update job_chunk set args = args || \'{"how": "well"}\''))
    assert job("retry", str(latest(engine).id), "--here")[0] == 0
    assert latest(engine).done == 3


def test_a_worker_does_it_while_we_wait(job: Job, engine: Engine, start: Start) -> None:
    start("worker")
    until(lambda: _workers(engine) == 1)
    status, out, _ = job("run", "miss_once", "--wait")
    assert status == 0
    assert "Rolled up." in out


def _workers(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(text("select count(*) from procrastinate_workers")) or 0


def slow_rows(
    engine: Engine, begin: Started, numbered: Callable[[], list[int]], *arguments: str
) -> subprocess.Popen[str]:
    """A slow run of `number_rows` that was queued before, under way by `growth job …`."""
    with transaction(engine) as session:
        words: dict[str, object] = {"message": "Ended.", "remedy": None, "values": {}}
        at = datetime(2026, 11, 24, 12, tzinfo=UTC)
        ended = {"state": "failed", "finished_at": at, "words": words, "args": {"pause": 0.2}}
        session.add(JobRun(job="number_rows", due_at=at, fired_by="schedule", **ended))
    process = begin("retry", "number_rows", *arguments)
    until(lambda: len(numbered()) >= 200)
    return process


def test_interrupted_here_it_hands_the_rest_to_a_worker(
    begin: Started, engine: Engine, start: Start, numbered: Callable[[], list[int]]
) -> None:
    process = slow_rows(engine, begin, numbered, "--here")
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "The next worker does the rest." in complaints
    assert latest(engine).state == "queued"
    arguments_of(engine, pause=0)
    start("worker")
    until(lambda: latest(engine).state == "succeeded")
    assert numbered() == list(range(3000))


def test_killed_here_a_worker_takes_over(
    begin: Started, engine: Engine, start: Start, numbered: Callable[[], list[int]]
) -> None:
    process = slow_rows(engine, begin, numbered, "--here")
    process.kill()
    process.wait()
    arguments_of(engine, pause=0)
    start("worker")
    until(lambda: latest(engine).state == "succeeded")
    assert numbered() == list(range(3000))


def test_no_worker_takes_what_is_done_here(
    begin: Started, engine: Engine, start: Start, numbered: Callable[[], list[int]]
) -> None:
    process = slow_rows(engine, begin, numbered, "--here")
    start("worker")
    assert process.wait(60) == 0
    assert (latest(engine).state, latest(engine).attempt) == ("succeeded", 1)
    assert numbered() == list(range(3000))


def test_interrupted_watching_it_goes_on(
    begin: Started, engine: Engine, start: Start, numbered: Callable[[], list[int]]
) -> None:
    start("worker")
    until(lambda: _workers(engine) == 1)
    process = slow_rows(engine, begin, numbered, "--wait")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "goes on without you" in out
    seen = len(numbered())
    until(lambda: len(numbered()) > seen)


def test_pausing_and_rescheduling(job: Job, engine: Engine) -> None:
    assert job("pause", "miss_once")[0] == 0
    with transaction(engine) as session:
        assert session.get_one(Schedule, "miss_once").paused_by == "command line"
    assert job("resume", "miss_once")[0] == 0
    status, out, _ = job("schedule", "miss_once", "mon,fri 06:00", "--zone", "Europe/Moscow")
    assert status == 0
    assert "Mon, Fri at 6:00" in out
    assert "Europe/Moscow" in out
    with transaction(engine) as session:
        schedule = session.get_one(Schedule, "miss_once")
        assert schedule.override == {"daily": "06:00", "days": ["mon", "fri"], "time_zone": "Europe/Moscow"}
        assert schedule.next_due_at is not None
    assert "Every hour at :00" in job("schedule", "miss_once", "--declared")[1]
    status, _, complaints = job("schedule", "miss_once", "now and then")
    assert status == 1
    assert complaints.startswith("This schedule can't be read. Write it like")
    with transaction(engine) as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["pause job", "resume job", "job schedule", "job schedule"]
