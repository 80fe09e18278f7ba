"""The job that credits and rolls up: from events to the report, and nothing to tell when nothing is new."""

import threading
from datetime import timedelta

from sqlalchemy import Engine, select, text

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.measurement.report import report
from growth.scheduling.doing import do, take_up
from growth.scheduling.firing import fire
from growth.scheduling.records import JobLine, JobRun
from tests.attribution.happened import PAID, found, happen, people
from tests.events.happenings import happening


def run(engine: Engine, clock: FixedClock) -> tuple[str, list[str]]:
    """Fire the job and do it; gives how it ended and what it told."""
    with transaction(engine) as session:
        run_id = fire(session, "credit_channels", due_at=clock.now(), fired_by="test")
        task = session.scalar(text("select max(id) from procrastinate_jobs"))
    assert run_id is not None
    assert task is not None
    claim = take_up(engine, clock.now(), "run", run_id, task)
    assert claim is not None
    do(engine, clock, claim, threading.Event())
    clock.moment += timedelta(minutes=1)
    with transaction(engine) as session:
        lines = session.scalars(select(JobLine.words).where(JobLine.run_id == run_id))
        return session.get_one(JobRun, run_id).state, [line["message"] % line["values"] for line in lines]


def test_from_what_happened_to_the_report(engine: Engine, clock: FixedClock) -> None:
    found(engine, clock.now())
    (buyer,) = people(engine, clock.now(), 1)
    happen(
        engine,
        clock.now(),
        happening("t", clock.now() - timedelta(days=2), properties=PAID, person_id=buyer),
        happening("r", clock.now(), kind="registration", person_id=buyer),
    )
    assert run(engine, clock) == ("succeeded", ["New events read: 2. Days counted again: 2."])
    assert run(engine, clock) == ("succeeded", [])
    with transaction(engine) as session:
        told = report(session, "buyer", 7, None, clock.now())
    assert {line.channel: line.now.acquired for line in told.lines if line.now.acquired} == {"paid_search": 1_000_000}
