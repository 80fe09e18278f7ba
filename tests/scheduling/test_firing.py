"""Firing, missing, pausing, editing and trying again, each at a moment of the test's choosing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.errors import ConflictError, InvalidError, NotFoundError
from growth.scheduling import declare
from growth.scheduling.ending import finish_run
from growth.scheduling.firing import STILL_GOING, fire, jitter, run_now
from growth.scheduling.records import JobLine, JobRun, Schedule
from growth.scheduling.schedules import LATE, SKIPPED, STANDS_FOR, edit, fire_due, pause, resume, synchronise, tick
from growth.scheduling.when import Cron, Daily, Every

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def scheduled(session: Session) -> None:
    """All sample jobs have their schedules, reckoned at noon."""
    synchronise(session, NOON)


def _runs(session: Session, job: str) -> Sequence[JobRun]:
    session.expire_all()
    return session.scalars(select(JobRun).where(JobRun.job == job).order_by(JobRun.due_at, JobRun.id)).all()


def _told(session: Session, run: JobRun) -> list[str]:
    return [words["message"] for words in session.scalars(select(JobLine.words).where(JobLine.run_id == run.id))]


def _schedule(session: Session, job: str) -> Schedule:
    session.expire_all()
    return session.get_one(Schedule, job)


def _tasks(session: Session) -> int:
    return session.scalar(text("select count(*) from procrastinate_jobs")) or 0


def _end(session: Session, run: JobRun, state: str = "succeeded") -> None:
    finish_run(session, run.id, state, NOON)


def _fire_and_break(engine: Engine) -> None:
    with transaction(engine) as session:
        fire(session, "miss_once", due_at=NOON, fired_by="schedule")
        raise RuntimeError


def test_run_and_task_are_one_transaction(engine: Engine) -> None:
    with pytest.raises(RuntimeError):
        _fire_and_break(engine)
    with transaction(engine) as session:
        assert _runs(session, "miss_once") == []
        assert _tasks(session) == 0


def test_a_moment_is_fired_once(session: Session) -> None:
    assert fire(session, "tick_each_second", due_at=NOON, fired_by="schedule") is not None
    assert fire(session, "tick_each_second", due_at=NOON, fired_by="schedule") is None
    assert _tasks(session) == 1


def test_a_job_that_does_not_exist(session: Session) -> None:
    for key in ("nobody", "os.path", "../etc", ""):
        with pytest.raises(NotFoundError):
            fire(session, key, due_at=NOON, fired_by="schedule")


def test_nothing_is_fired_before_its_time(session: Session) -> None:
    fire_due(session, "miss_once", NOON + timedelta(minutes=59, seconds=59))
    assert _runs(session, "miss_once") == []


def test_in_time(session: Session) -> None:
    fire_due(session, "miss_once", NOON + HOUR)
    (run,) = _runs(session, "miss_once")
    assert (run.due_at, run.state, run.fired_by) == (NOON + HOUR, "queued", "schedule")
    assert _told(session, run) == []
    assert _schedule(session, "miss_once").next_due_at == NOON + 2 * HOUR


def test_missed_and_run_once_for_all(session: Session) -> None:
    fire_due(session, "miss_once", NOON + timedelta(hours=5, minutes=20))
    (run,) = _runs(session, "miss_once")
    assert (run.due_at, run.state) == (NOON + 5 * HOUR, "queued")
    assert _told(session, run) == [STANDS_FOR]
    assert _schedule(session, "miss_once").next_due_at == NOON + 6 * HOUR


def test_missed_a_single_time_and_run_late(session: Session) -> None:
    fire_due(session, "miss_once", NOON + timedelta(hours=1, minutes=20))
    (run,) = _runs(session, "miss_once")
    assert (run.due_at, run.state) == (NOON + HOUR, "queued")
    assert _told(session, run) == [LATE]


def test_missed_and_skipped_with_words(session: Session) -> None:
    six = datetime(2026, 11, 25, 6, tzinfo=UTC)
    fire_due(session, "miss_and_skip", six + timedelta(minutes=6))
    (run,) = _runs(session, "miss_and_skip")
    assert (run.due_at, run.state) == (six, "skipped")
    assert run.words is not None
    assert run.words["message"] == SKIPPED
    assert _tasks(session) == 0
    assert _schedule(session, "miss_and_skip").next_due_at == six + timedelta(days=1)


def test_late_within_grace_is_run(session: Session) -> None:
    six = datetime(2026, 11, 25, 6, tzinfo=UTC)
    fire_due(session, "miss_and_skip", six + timedelta(minutes=4))
    assert [run.state for run in _runs(session, "miss_and_skip")] == ["queued"]


def test_jitter_puts_the_task_off_and_leaves_the_due_time(session: Session) -> None:
    six = datetime(2026, 11, 25, 6, tzinfo=UTC)
    fire_due(session, "miss_and_skip", six)
    (run,) = _runs(session, "miss_and_skip")
    at = session.scalar(text("select scheduled_at from procrastinate_jobs where id = :id"), {"id": run.task_id})
    assert run.due_at == six
    assert at == six + jitter(declare.find_job("miss_and_skip"), six)


def test_a_clock_that_jumps_back_fires_nothing_twice(session: Session) -> None:
    fire_due(session, "miss_once", NOON + HOUR)
    for minutes in (55, 59, 60, 61):
        synchronise(session, NOON + timedelta(minutes=minutes))
        fire_due(session, "miss_once", NOON + timedelta(minutes=minutes))
    assert [run.due_at for run in _runs(session, "miss_once")] == [NOON + HOUR]


def test_what_runs_all_the_time_goes_on_after_the_clock_was_put_back(session: Session) -> None:
    for seconds in range(600, 0, -60):  # the latest first, as it is after the clock was ahead
        fire(session, "tick_each_second", due_at=NOON + timedelta(seconds=seconds), fired_by="schedule")
    before = len(_runs(session, "tick_each_second"))
    session.execute(update(Schedule).where(Schedule.job == "tick_each_second").values(next_due_at=NOON + HOUR))
    synchronise(session, NOON + timedelta(seconds=59))
    for _ in range(2):
        fire_due(session, "tick_each_second", NOON + timedelta(seconds=60))
    moments = [run.due_at for run in _runs(session, "tick_each_second")]
    assert len(moments) == before + 1
    assert NOON + timedelta(seconds=60, microseconds=1) in moments
    fire_due(session, "tick_each_second", NOON + timedelta(seconds=61))
    assert NOON + timedelta(seconds=61) in [run.due_at for run in _runs(session, "tick_each_second")]


def test_two_schedulers_whose_clocks_differ_a_little_fire_nothing_twice(session: Session) -> None:
    for seconds in (60, 61, 62):
        fire(session, "tick_each_second", due_at=NOON + timedelta(seconds=seconds), fired_by="schedule")
    synchronise(session, NOON + timedelta(seconds=59))
    fire_due(session, "tick_each_second", NOON + timedelta(seconds=60))
    assert len(_runs(session, "tick_each_second")) == 3


def test_a_clock_that_was_years_ahead_stops_nothing(session: Session) -> None:
    fire_due(session, "miss_once", NOON + timedelta(days=2000))
    _end(session, _runs(session, "miss_once")[0])
    synchronise(session, NOON)
    assert _schedule(session, "miss_once").next_due_at == NOON + HOUR
    fire_due(session, "miss_once", NOON + HOUR)
    assert NOON + HOUR in [run.due_at for run in _runs(session, "miss_once")]


def test_paused_is_not_fired_and_resumed_misses_nothing(session: Session) -> None:
    pause(session, "miss_once", by="ana@example.com", now=NOON)
    fire_due(session, "miss_once", NOON + 3 * HOUR)
    assert _runs(session, "miss_once") == []
    resume(session, "miss_once", now=NOON + timedelta(hours=3, minutes=30))
    assert _schedule(session, "miss_once").next_due_at == NOON + 4 * HOUR
    fire_due(session, "miss_once", NOON + timedelta(hours=3, minutes=59))
    assert _runs(session, "miss_once") == []
    fire_due(session, "miss_once", NOON + 4 * HOUR)
    assert [run.due_at for run in _runs(session, "miss_once")] == [NOON + 4 * HOUR]


def test_an_edit_counts_at_once_and_can_be_taken_back(session: Session) -> None:
    edit(session, "miss_once", Cron("*/10 * * * *"), version=1, now=NOON)
    assert _schedule(session, "miss_once").next_due_at == NOON + timedelta(minutes=10)
    edit(session, "miss_once", None, version=2, now=NOON)
    schedule = _schedule(session, "miss_once")
    assert (schedule.override, schedule.next_due_at) == (None, NOON + HOUR)


def test_two_people_edit(session: Session) -> None:
    edit(session, "miss_once", Every(minutes=5), version=1, now=NOON)
    with pytest.raises(ConflictError):
        edit(session, "miss_once", Every(minutes=7), version=1, now=NOON)


def test_a_schedule_that_never_comes_due_is_refused(session: Session) -> None:
    with pytest.raises(InvalidError):
        edit(session, "miss_once", Cron("0 0 30 2 *"), version=1, now=NOON)


def test_schedules_follow_the_time_zone_of_the_workspace(session: Session) -> None:
    session.add(
        Workspace(id=1, name="Market", time_zone="Europe/Moscow", currency="USD", sender_name="M",
                  sender_email="m@example.com", set_up_at=NOON)
    )  # fmt: skip
    session.flush()
    synchronise(session, NOON)
    assert _schedule(session, "miss_and_skip").next_due_at == datetime(2026, 11, 25, 3, tzinfo=UTC)
    edit(session, "miss_and_skip", Daily("06:00", time_zone="Asia/Shanghai"), version=1, now=NOON)
    assert _schedule(session, "miss_and_skip").next_due_at == datetime(2026, 11, 24, 22, tzinfo=UTC)


def test_a_job_whose_file_is_gone_is_not_fired(session: Session) -> None:
    session.add(Schedule(job="removed", next_due_at=NOON, planned={"when": {"every": {"hours": 1}}, "zone": "UTC"}))
    session.flush()
    synchronise(session, NOON)
    assert _schedule(session, "removed").next_due_at is None


def test_one_broken_job_does_not_keep_others_from_their_time(engine: Engine) -> None:
    with transaction(engine) as session:
        synchronise(session, NOON)
        session.add(Schedule(job="removed", next_due_at=NOON, planned={"when": {"every": {"hours": 1}}, "zone": "UTC"}))
    tick(engine, NOON + HOUR)
    with transaction(engine) as session:
        assert [run.due_at for run in _runs(session, "miss_once")] == [NOON + HOUR]


def test_one_at_a_time_one_waits_and_the_rest_say_why_not(session: Session) -> None:
    for hours in (1, 2, 3):
        fire_due(session, "miss_once", NOON + hours * HOUR)
    first, second, third = _runs(session, "miss_once")
    assert [first.state, second.state, third.state] == ["queued", "queued", "skipped"]
    assert (second.task_id, third.task_id) == (None, None)
    assert third.words is not None
    assert third.words["message"] == STILL_GOING
    assert _tasks(session) == 1
    _end(session, first)
    assert _runs(session, "miss_once")[1].task_id is not None
    assert _tasks(session) == 2


def test_what_is_fired_with_arguments_waits_and_is_never_skipped(session: Session) -> None:
    made = [
        fire(session, "number_rows", due_at=NOON + timedelta(seconds=n), fired_by="person:a", args={"n": n})
        for n in range(4)
    ]
    assert None not in made
    for run in _runs(session, "number_rows"):
        session.refresh(run)
        assert (run.state, run.task_id is not None) == ("queued", True)
        _end(session, run)
    assert _tasks(session) == 4


def test_run_now_twice(session: Session) -> None:
    run_now(session, "miss_once", by="ana@example.com", now=NOON)
    run_now(session, "miss_once", by="ana@example.com", now=NOON + timedelta(seconds=1))
    with pytest.raises(ConflictError):
        run_now(session, "miss_once", by="ana@example.com", now=NOON + timedelta(seconds=2))


def test_run_now_works_while_paused(session: Session, clock: FixedClock) -> None:
    pause(session, "miss_once", by="ana@example.com", now=NOON)
    run_id = run_now(session, "miss_once", by="ana@example.com", now=clock.now())
    assert session.get_one(JobRun, run_id).fired_by == "person:ana@example.com"


def test_a_failed_run_lets_the_next_begin(session: Session) -> None:
    fire_due(session, "miss_once", NOON + HOUR)
    fire_due(session, "miss_once", NOON + 2 * HOUR)
    _end(session, _runs(session, "miss_once")[0], "failed")
    assert _runs(session, "miss_once")[1].task_id is not None


def test_every_declared_job_of_the_product_can_be_read() -> None:
    declare.PACKAGES[:] = ["jobs"]
    for key, job in declare.all_jobs().items():
        assert job.key == key
        assert job.name
        assert job.does.endswith(".")


def test_runs_are_numbered_in_the_state_they_have(session: Session) -> None:
    fire_due(session, "miss_once", NOON + HOUR)
    session.execute(update(JobRun).values(state="running"))
    fire_due(session, "miss_once", NOON + 2 * HOUR)
    assert [run.state for run in _runs(session, "miss_once")] == ["running", "queued"]
