"""Real scheduler processes: each due time is fired once, whatever their number."""

import signal
from datetime import timedelta
from itertools import pairwise

from sqlalchemy import Engine, func, select, text

from growth.database.engine import transaction
from growth.scheduling.records import JobRun, Schedule
from tests.scheduling.conftest import Start, until


def _runs(engine: Engine) -> list[JobRun]:
    with transaction(engine) as session:
        return list(session.scalars(select(JobRun).where(JobRun.job == "tick_each_second").order_by(JobRun.due_at)))


def test_three_schedulers_fire_each_due_time_once(engine: Engine, start: Start) -> None:
    schedulers = [start("scheduler") for _ in range(3)]
    until(lambda: len(_runs(engine)) >= 3)
    schedulers[0].send_signal(signal.SIGKILL)
    until(lambda: len(_runs(engine)) >= 7)
    schedulers[1].send_signal(signal.SIGTERM)
    assert schedulers[1].wait(5) == 0
    until(lambda: len(_runs(engine)) >= 9)
    due = [run.due_at for run in _runs(engine)]
    assert {later - earlier for earlier, later in pairwise(due)} == {timedelta(seconds=1)}
    with engine.connect() as connection:
        tasks = connection.execute(
            text("select args->>'id', count(*) from procrastinate_jobs where task_name = 'run_job' group by 1")
        ).all()
    assert {int(run_id): count for run_id, count in tasks if int(run_id) in {run.id for run in _runs(engine)}} == {
        run.id: 1 for run in _runs(engine)[: len(tasks)]
    }


def test_a_schedule_edited_elsewhere_holds_without_a_restart(engine: Engine, start: Start) -> None:
    start("scheduler")
    until(lambda: len(_runs(engine)) >= 2)
    with transaction(engine) as session:
        from growth.clock import SystemClock
        from growth.scheduling.schedules import edit, pause
        from growth.scheduling.when import Every

        edit(session, "number_rows", Every(seconds=1), version=None, now=SystemClock().now())
        pause(session, "tick_each_second", by="test", now=SystemClock().now())
    with transaction(engine) as session:
        quiet = session.scalar(select(func.count()).where(JobRun.job == "tick_each_second"))
    until(lambda: _fired(engine, "number_rows") >= 2)
    assert _fired(engine, "tick_each_second") == quiet


def _fired(engine: Engine, job: str) -> int:
    with transaction(engine) as session:
        return session.scalar(select(func.count()).where(JobRun.job == job)) or 0


def test_a_scheduler_outlives_its_database_connection(engine: Engine, start: Start) -> None:
    start("scheduler")
    until(lambda: len(_runs(engine)) >= 1)
    with engine.begin() as connection:
        connection.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
                " and datname = current_database()"
            )
        )
    seen = len(_runs(engine))
    until(lambda: len(_runs(engine)) >= seen + 2)
    with transaction(engine) as session:
        assert session.get_one(Schedule, "tick_each_second").next_due_at is not None


def test_a_worker_outlives_its_database_connection(engine: Engine, start: Start) -> None:
    start("worker")
    start("scheduler")
    until(lambda: any(run.state == "succeeded" for run in _runs(engine)))
    with engine.begin() as connection:
        connection.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
                " and datname = current_database()"
            )
        )
    last = max(run.id for run in _runs(engine))
    until(lambda: sum(run.state == "succeeded" for run in _runs(engine) if run.id > last) >= 2)
    until(lambda: all(run.state == "succeeded" for run in _runs(engine) if run.id <= last))
