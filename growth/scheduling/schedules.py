"""The table of schedules: kept in step with what is declared, edited, paused, and read by the scheduler's tick."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.errors import ConflictError, InvalidError
from growth.locales import N_
from growth.scheduling.declare import Job, all_jobs, find_job
from growth.scheduling.due import Decision, decide, next_due
from growth.scheduling.firing import BY_SCHEDULE, fire, fire_free, fire_skipped
from growth.scheduling.records import JobRun, Schedule
from growth.scheduling.run import write_line
from growth.scheduling.when import Every, Once, When, from_json

_log = logging.getLogger(__name__)
SKIPPED = N_("Not run: nobody was there to start it when it was due, and this job leaves out what it missed.")
STANDS_FOR = N_("Runs once for all that was missed since %(since)s.")
_OFTEN = 3_600
"""Seconds, within which a job runs all the time."""
_AHEAD = timedelta(minutes=2)
"""More than two schedulers' clocks may differ."""
LATE = N_("Started late: nobody was there when it was due.")


def default_zone(session: Session) -> str:
    """The time zone of schedules that name none: the workspace's, and UTC before it is set up."""
    return session.scalar(select(Workspace.time_zone)) or "UTC"


def in_force(schedule: Schedule | None, job: Job) -> When | None:
    """What counts: a person's edit, else what the job's file declares."""
    return from_json(schedule.override) if schedule is not None and schedule.override else job.when


def synchronise(session: Session, now: datetime) -> None:
    """Bring the table in step with the job files, the workspace's time zone and the clock.

    A due time further away than the next one there is (after the clock jumped ahead and back) is corrected; nothing
    is fired twice by that, since a moment that was fired stays in `job_run`. What runs all the time goes on.
    """
    jobs, zone = all_jobs(), default_zone(session)
    session.execute(insert(Schedule).on_conflict_do_nothing(), [{"job": key} for key in jobs])
    # In one order everywhere, so that schedulers starting together don't wait for each other in a circle.
    for schedule in session.scalars(select(Schedule).order_by(Schedule.job).with_for_update()):
        if schedule.job not in jobs:
            schedule.next_due_at = schedule.planned = None
            continue
        plan(schedule, jobs[schedule.job], zone, now)
    session.flush()


def plan(schedule: Schedule, job: Job, zone: str, now: datetime) -> None:
    """Set the next due time of a schedule, where what it was reckoned from has changed."""
    when = in_force(schedule, job)
    soonest = next_due(when, zone, now) if when else None
    planned = {"when": when.as_json(), "zone": zone} if when else None
    if planned != schedule.planned:
        # A single moment is waited for even when it has passed: the job's policy decides what becomes of it.
        schedule.next_due_at = when.at if isinstance(when, Once) else soonest
        schedule.planned = planned
    elif soonest and (schedule.next_due_at is None or schedule.next_due_at > soonest):
        schedule.next_due_at = soonest


def edit(session: Session, job_key: str, when: When | None, *, version: int | None, now: datetime) -> Schedule:
    """Give a job another schedule; None goes back to the declared one. It holds from now on, without a restart.

    `version` is what the person saw: raises ConflictError when somebody was faster. Raises InvalidError for a
    schedule that never comes due.
    """
    schedule, job, zone = _hold(session, job_key), find_job(job_key), default_zone(session)
    if version is not None and version != schedule.version:
        raise ConflictError(
            N_("Somebody else changed this schedule meanwhile."), remedy=N_("Look at it and change it again.")
        )
    if when is not None and next_due(when, zone, now) is None:
        raise InvalidError("when", N_("This schedule never comes due."))
    schedule.override = when.as_json() if when is not None and when != job.when else None
    schedule.version += 1
    plan(schedule, job, zone, now)
    session.flush()
    return schedule


def pause(session: Session, job_key: str, *, by: str, now: datetime) -> None:
    """Fire the job by schedule no more, until `resume`. A run that is going on goes on."""
    schedule = _hold(session, job_key)
    if schedule.paused_at is None:
        schedule.paused_at, schedule.paused_by = now, by
        schedule.version += 1
    session.flush()


def resume(session: Session, job_key: str, *, now: datetime) -> None:
    """Fire it again from its next due time on; those that passed meanwhile were not missed but paused."""
    schedule, job = _hold(session, job_key), find_job(job_key)
    if schedule.paused_at is not None:
        schedule.paused_at = schedule.paused_by = schedule.planned = None
        schedule.version += 1
        plan(schedule, job, default_zone(session), now)
    session.flush()


def _hold(session: Session, job_key: str) -> Schedule:
    find_job(job_key)
    session.execute(insert(Schedule).values(job=job_key).on_conflict_do_nothing())
    held = select(Schedule).where(Schedule.job == job_key).with_for_update()
    return session.execute(held.execution_options(populate_existing=True)).scalar_one()


def tick(engine: Engine, now: datetime) -> datetime | None:
    """Fire everything that is due, each job in a transaction of its own; gives when to look again."""
    with transaction(engine) as session:
        due = select(Schedule.job).where(Schedule.paused_at.is_(None), Schedule.next_due_at <= now)
        jobs = session.scalars(due.order_by(Schedule.next_due_at)).all()
    for job in jobs:
        try:
            with transaction(engine) as session:
                fire_due(session, job, now)
        except Exception:  # noqa: BLE001 - one job's trouble must not keep others from their time
            _log.exception("job %s is due and could not be fired", job)
    with transaction(engine) as session:
        return session.scalar(select(func.min(Schedule.next_due_at)).where(Schedule.paused_at.is_(None)))


def fire_due(session: Session, job_key: str, now: datetime) -> None:
    """Fire what is due of one job, unless another scheduler is at it or was faster."""
    mine = select(Schedule).where(Schedule.job == job_key, Schedule.next_due_at <= now, Schedule.paused_at.is_(None))
    schedule = session.scalar(mine.with_for_update(skip_locked=True))
    if schedule is None or schedule.next_due_at is None or schedule.planned is None:
        return
    job, when = find_job(job_key), from_json(schedule.planned["when"])
    decision = decide(
        when,
        schedule.planned["zone"],
        first=schedule.next_due_at,
        now=now,
        missed=job.missed,
        grace=job.grace,
    )
    _carry_out(session, job, when, decision, now)
    session.execute(update(Schedule).where(Schedule.job == job_key).values(next_due_at=decision.next))


def _carry_out(session: Session, job: Job, when: When, decision: Decision, now: datetime) -> None:
    for due_at in decision.fire:
        run_id = fire(session, job.key, due_at=due_at, fired_by=BY_SCHEDULE)
        if run_id is None and _runs_all_the_time(when) and _was_ahead(session, job.key, due_at):
            run_id = fire_free(session, job.key, now=due_at, fired_by=BY_SCHEDULE)
        if run_id is not None and decision.missed_since is not None:
            write_line(session, run_id, now, STANDS_FOR, level="warning", since=decision.missed_since)
        elif run_id is not None and due_at < now - job.grace:
            write_line(session, run_id, now, LATE, level="warning")
    if decision.skip is not None:
        fire_skipped(session, job.key, due_at=decision.skip, sentence=SKIPPED)


def _runs_all_the_time(when: When) -> bool:
    """Whether a job goes on at its pace also through an hour that the clock was put back to: others have been then."""
    return isinstance(when, Every) and when.total_seconds < _OFTEN


def _was_ahead(session: Session, job_key: str, due_at: datetime) -> bool:
    """Whether a much later moment was fired than one that was fired as well: the clock was put back in between."""
    later = select(JobRun.id).where(JobRun.job == job_key, JobRun.due_at > due_at + _AHEAD)
    return session.scalar(later.limit(1)) is not None
