"""Jobs fired for real workers, and workers killed in the middle of a transaction."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from growth.clock import SystemClock
from growth.database.engine import transaction
from growth.scheduling.firing import fire_free
from growth.scheduling.records import JobRun
from tests.journeys.faulty_sending import SHORT, Workers, until, workers


@contextmanager
def quick_workers(database_url: str, log: Path) -> Iterator[Workers]:
    """Real workers, given up for dead within seconds; their provider is nobody."""
    before = {name: os.environ.get(name) for name in SHORT}
    os.environ.update(SHORT)
    try:
        with workers(database_url, log) as made:
            yield made
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def fired(engine: Engine, job: str) -> int:
    """Have a job done now; gives the run."""
    with transaction(engine) as session:
        return fire_free(session, job, now=SystemClock().now(), fired_by="test", args={})


def done(engine: Engine, run: int) -> bool:
    """Whether a run has succeeded; fails when it never will."""
    with transaction(engine) as session:
        found = session.get_one(JobRun, run)
    assert found.state in {"queued", "running", "succeeded"}, (found.state, found.words)
    return found.state == "succeeded"


def do(engine: Engine, job: str) -> None:
    """Have a job done by the workers there are, and wait for it."""
    run = fired(engine, job)
    until(lambda: done(engine, run))


def killed_at(engine: Engine, team: Workers, job: str, table: str) -> None:
    """Have a worker begin a job, and kill it when it wants to write into a table, in the middle of its transaction."""
    with engine.connect() as connection:
        connection.execute(text(f"lock table {table} in exclusive mode"))
        waits = text("select count(*) from pg_locks where not granted and relation = cast(:table as regclass)")
        at_work = team.start()
        fired(engine, job)
        until(lambda: connection.scalar(waits, {"table": table}))
        team.kill(at_work)
        connection.rollback()
