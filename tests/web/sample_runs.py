"""Jobs and runs for the tests of their pages: the sample jobs, planned, with some that failed or go on."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from growth.database.engine import transaction
from growth.scheduling import declare
from growth.scheduling.records import JobChunk, JobLine, JobRun
from growth.scheduling.schedules import synchronise
from tests.web.serving import Site


@pytest.fixture(autouse=True)
def sample_jobs() -> Iterator[None]:
    before = list(declare.PACKAGES)
    declare.PACKAGES[:] = ["tests.scheduling.sample_jobs"]
    yield
    declare.PACKAGES[:] = before


@pytest.fixture
def planned(site: Site) -> Site:
    """A site whose schedules are known, with a worker that was just heard of."""
    with transaction(site.engine) as session:
        synchronise(session, site.clock.now())
        session.execute(text("insert into procrastinate_workers default values"))
    return site


def add_run(engine: Engine, job: str, due_at: datetime, **values: Any) -> int:
    with transaction(engine) as session:
        run = JobRun(job=job, due_at=due_at, fired_by=values.pop("fired_by", "schedule"), **values)
        session.add(run)
        session.flush()
        return run.id


def add_failure(site: Site) -> int:
    """A fanned-out run of which one part failed, with a log."""
    now = site.clock.now()
    message = "%(failed)s of %(parts)s parts failed; the others are done."
    words = {"message": message, "remedy": None, "values": {"failed": 1, "parts": 3}}
    run_id = add_run(
        site.engine,
        "number_parts",
        now - timedelta(minutes=10),
        state="failed",
        started_at=now - timedelta(minutes=10),
        finished_at=now - timedelta(minutes=8),
        done=200,
        total=300,
        words=words,
        fired_by="person:lin@example.com",
    )
    bad = {"message": "SendGrid says the key is wrong.", "remedy": "Give it a new one under Settings.", "values": {}}
    with transaction(site.engine) as session:
        for place, state in enumerate(["succeeded", "failed", "succeeded"]):
            failed = {"words": bad, "detail": "Traceback <script>alert(1)</script>"} if state == "failed" else {}
            session.add(
                JobChunk(run_id=run_id, position=place, step="number_a_part", args={}, state=state, done=100, **failed)
            )
        for number in range(60):
            line = {"message": "Line %(number)s.", "values": {"number": number}}
            session.add(JobLine(run_id=run_id, at=now, level="error" if number == 59 else "info", words=line))
    return run_id


def add_going(site: Site) -> int:
    now = site.clock.now()
    return add_run(
        site.engine,
        "number_rows",
        now - timedelta(minutes=1),
        state="running",
        started_at=now - timedelta(seconds=60),
        resumed_at=now - timedelta(seconds=60),
        done=1200,
        total=3600,
        attempt=1,
    )
