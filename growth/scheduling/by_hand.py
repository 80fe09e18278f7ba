"""What people do to jobs, from a page or the command line: each is written in the audit log."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.database.audit import AuditEntry, audit
from growth.errors import ConflictError, NotFoundError
from growth.locales import N_
from growth.scheduling import firing, schedules
from growth.scheduling.declare import Job, find_job
from growth.scheduling.history import runs_of
from growth.scheduling.records import JobRun, Schedule
from growth.scheduling.when import When, from_json


def run_job(session: Session, job_key: str, *, by: str, now: datetime) -> int:
    """Run a job now; gives the run's id.

    Raises ConflictError when such a run waits already, or when the job has to be told what to work on.
    """
    _needs_nothing(find_job(job_key))
    run_id = firing.run_now(session, job_key, by=by, now=now)
    audit(session, actor=by, action="run job", subject=job_key, detail={"run": run_id}, now=now)
    return run_id


def _needs_nothing(job: Job) -> None:
    if job.started is not None:
        raise ConflictError(N_("This job has to be told what to work on, so it can't be started from here."))


def pause_job(session: Session, job_key: str, *, by: str, now: datetime) -> None:
    """Fire it by schedule no more."""
    schedules.pause(session, job_key, by=by, now=now)
    audit(session, actor=by, action="pause job", subject=job_key, detail={}, now=now)


def resume_job(session: Session, job_key: str, *, by: str, now: datetime) -> None:
    """Fire it by schedule again."""
    schedules.resume(session, job_key, now=now)
    audit(session, actor=by, action="resume job", subject=job_key, detail={}, now=now)


def retry_run(session: Session, run: JobRun, *, by: str, now: datetime) -> None:
    """Let a failed run go on where it failed. Raises ConflictError when it has not failed."""
    firing.try_again(session, run.id, by=by, now=now)
    audit(session, actor=by, action="retry job", subject=run.job, detail={"run": run.id}, now=now)


def last_failure(session: Session, job_key: str) -> JobRun:
    """The newest failed run of a job. Raises NotFoundError."""
    find_job(job_key)
    failed = runs_of(session, job_key, states=["failed"], before=None, limit=1)
    if not failed:
        raise NotFoundError(N_("No run of this job has failed."))
    return failed[0]


def change_schedule(
    session: Session, job_key: str, when: When | None, *, version: int | None, by: str, now: datetime
) -> Schedule:
    """Give a job another schedule; None goes back to the declared one.

    Raises ConflictError when it is not of this `version` any more, InvalidError for one that never comes due.
    """
    if when is not None:
        _needs_nothing(find_job(job_key))
    held = session.get(Schedule, job_key)
    before = held.override if held is not None else None
    schedule = schedules.edit(session, job_key, when, version=version, now=now)
    detail = {"before": before, "after": schedule.override}
    audit(session, actor=by, action="job schedule", subject=job_key, detail=detail, now=now)
    return schedule


def undo_schedule(session: Session, job_key: str, *, version: int, by: str, now: datetime) -> None:
    """Take the last change of a schedule back. Raises ConflictError when it is not of this `version` any more."""
    changes = select(AuditEntry).where(AuditEntry.action == "job schedule", AuditEntry.subject == job_key)
    last = session.scalar(changes.order_by(AuditEntry.id.desc()).limit(1))
    if last is None:
        raise ConflictError(N_("This schedule was not changed, so there is nothing to take back."))
    before = last.detail["before"]
    when = from_json(before) if before is not None else None
    change_schedule(session, job_key, when, version=version, by=by, now=now)
