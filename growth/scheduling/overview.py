"""Every job at a glance: when it is due, what goes on, how the last runs went. Costs the same whatever the history."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session, defer

from growth.scheduling import queue
from growth.scheduling.declare import Job, all_jobs, find_job
from growth.scheduling.records import JobRun, Schedule
from growth.scheduling.schedules import default_zone, in_force
from growth.scheduling.when import When
from growth.settings import settings

TREND = 20
_OVERDUE = timedelta(minutes=1)

# For each job the oldest run that goes on, and the newest that have ended: two short walks along an index. With `=` in
# place of `between` the planner walks all runs by id instead, hoping to meet the job's soon.
_LATEST = text("""
    select run.id from unnest(cast(:jobs as text[])) job_key cross join lateral (
        (select id from job_run where job = job_key and state in ('queued', 'running')
            order by state = 'running' desc, id limit 1)
        union all
        (select id from job_run where job between job_key and job_key and state in ('succeeded', 'failed', 'skipped')
            order by job desc, id desc limit :trend)
    ) run
""")


@dataclass(frozen=True)
class Overview:
    """One job: its declaration, what counts of its schedule, and its latest runs.

    Args:
        job: as declared.
        when: the schedule in force; None when it only runs by hand.
        zone: the time zone that schedule is reckoned in.
        schedule: its row, where there is one yet.
        current: the run that goes on, or waits, or waits to be tried again.
        last: the newest run that has ended, left-out ones included.
        seconds: how long the latest successful runs took, oldest first, at most 20.
        failing: whether the newest run that was done failed, or the current one is waiting to be tried again.
    """

    job: Job
    when: When | None
    zone: str
    schedule: Schedule | None
    current: JobRun | None
    last: JobRun | None
    seconds: Sequence[float]
    failing: bool

    @property
    def paused(self) -> bool:
        """Whether somebody paused it."""
        return self.schedule is not None and self.schedule.paused_at is not None

    @property
    def next_due(self) -> datetime | None:
        """When it is due next; None while it is paused, or when it only runs by hand."""
        return None if self.schedule is None or self.paused else self.schedule.next_due_at

    @property
    def version(self) -> int:
        """Of the schedule, for edits."""
        return self.schedule.version if self.schedule is not None else 1


def overview(session: Session) -> list[Overview]:
    """All declared jobs, in four queries."""
    return _read(session, all_jobs())


def overview_of(session: Session, job_key: str) -> Overview:
    """One job. Raises NotFoundError."""
    (found,) = _read(session, {job_key: find_job(job_key)})
    return found


def _read(session: Session, jobs: Mapping[str, Job]) -> list[Overview]:
    zone = default_zone(session)
    plans = {one.job: one for one in session.scalars(select(Schedule).where(Schedule.job.in_(jobs)))}
    wanted = session.scalars(_LATEST, {"jobs": list(jobs), "trend": TREND}).all()
    latest = select(JobRun).options(defer(JobRun.detail), defer(JobRun.cursor)).where(JobRun.id.in_(wanted))
    runs: dict[str, list[JobRun]] = defaultdict(list)
    for run in session.scalars(latest.order_by(JobRun.id.desc())):
        runs[run.job].append(run)
    return [summed_up(job, plans.get(key), runs[key], zone) for key, job in jobs.items()]


def summed_up(job: Job, schedule: Schedule | None, runs: Sequence[JobRun], zone: str) -> Overview:
    """What a job's schedule and latest runs (newest first) come to."""
    when = in_force(schedule, job)
    current = next((run for run in runs if run.finished_at is None), None)
    ended = [run for run in runs if run.finished_at is not None]
    done = next((run for run in ended if run.state != "skipped"), None)
    return Overview(
        job=job,
        when=when,
        zone=(when.time_zone if when is not None else None) or zone,
        schedule=schedule,
        current=current,
        last=ended[0] if ended else None,
        seconds=[seconds for run in reversed(ended) if (seconds := took(run)) is not None],
        failing=(done is not None and done.state == "failed") or (current is not None and current.retry_at is not None),
    )


def took(run: JobRun) -> float | None:
    """Seconds from its start to its success; None for any other run."""
    if run.state != "succeeded" or run.started_at is None or run.finished_at is None:
        return None
    return max((run.finished_at - run.started_at).total_seconds(), 0.0)


@dataclass(frozen=True)
class Staff:
    """Whether anybody does what is due."""

    workers: int
    """Heard of lately."""
    overdue: bool
    """Whether a job's time has passed by more than a minute and nobody fired it."""


def staff(session: Session, jobs: Iterable[Overview], now: datetime) -> Staff:
    """Whether workers live, and whether a scheduler seems to."""
    late = any(one.next_due is not None and one.next_due < now - _OVERDUE for one in jobs)
    return Staff(queue.workers(session, 5 * settings().heartbeat_seconds), late)
