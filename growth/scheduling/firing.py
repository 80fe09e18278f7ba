"""Firing a job: one row in `job_run` and one queued task, in the caller's transaction."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.errors import ConflictError
from growth.locales import N_
from growth.scheduling.declare import Job, find_job
from growth.scheduling.ending import busy, hold_schedule, start, start_next, waiting
from growth.scheduling.records import JobChunk, JobRun
from growth.scheduling.run import write_line

BY_SCHEDULE = "schedule"
STILL_GOING = N_("Not run: the run before was still going, and another already waited for it.")


def fire(
    session: Session, job_key: str, *, due_at: datetime, fired_by: str, args: Mapping[str, Any] | None = None
) -> int | None:
    """Make a run of a job for a moment, and queue it; gives its id, or None when that moment was fired already.

    Of a job that runs one at a time, it waits until the run before is finished; when another run by schedule waits
    already, it is skipped and says so.

    Args:
        session: the transaction it belongs to: rolled back, nothing was fired.
        job_key: the name of the job's file.
        due_at: the moment it is for; unique for the job. `clock.now()` for "now".
        fired_by: `schedule`, `person:<e-mail>` or another room's own words for who.
        args: what the run reads as `run.args`; JSON.

    Raises NotFoundError when there is no such job.
    """
    job = find_job(job_key)
    if job.one_at_a_time:
        hold_schedule(session, job_key)
    others_wait = job.one_at_a_time and waiting(session, job_key) is not None
    fired = insert(JobRun).values(job=job_key, due_at=due_at, fired_by=fired_by, args=dict(args or {}))
    once = fired.on_conflict_do_nothing(index_elements=["job", "due_at"])
    run_id: int | None = session.scalar(once.returning(JobRun.id))
    if run_id is None:
        return None
    if not job.one_at_a_time or not (others_wait or busy(session, job_key)):
        delay = jitter(job, due_at) if fired_by == BY_SCHEDULE else timedelta(0)
        start(session, run_id, due_at, at=due_at + delay if delay else None)
    elif others_wait and fired_by == BY_SCHEDULE:
        skip(session, run_id, STILL_GOING)
    return run_id


def fire_free(
    session: Session, job_key: str, *, now: datetime, fired_by: str, args: Mapping[str, Any] | None = None
) -> int:
    """As `fire`, for the first moment from `now` on that isn't taken: two at the same moment are two runs."""
    due_at = now
    while (run_id := fire(session, job_key, due_at=due_at, fired_by=fired_by, args=args)) is None:
        due_at += timedelta(microseconds=1)
    return run_id


def fire_skipped(session: Session, job_key: str, *, due_at: datetime, sentence: str, **values: str) -> None:
    """Record that a due time passed without a run, and why."""
    made = insert(JobRun).values(job=job_key, due_at=due_at, fired_by=BY_SCHEDULE)
    run_id = session.scalar(made.on_conflict_do_nothing(index_elements=["job", "due_at"]).returning(JobRun.id))
    if run_id is not None:
        skip(session, run_id, sentence, **values)


def skip(session: Session, run_id: int, sentence: str, **values: str) -> None:
    """Turn a run that has not begun into one that was skipped, with the words why."""
    words = {"message": sentence, "remedy": None, "values": values}
    final = {"state": "skipped", "finished_at": JobRun.due_at, "words": words}
    session.execute(update(JobRun).where(JobRun.id == run_id).values(final))


def jitter(job: Job, due_at: datetime) -> timedelta:
    """How much the start of a due time is put off: less than the job's `jitter`, and the same for every scheduler."""
    digest = hashlib.sha256(f"{job.key} {due_at.timestamp()}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    return timedelta(seconds=round(job.jitter.total_seconds() * share, 3))


def try_again(session: Session, run_id: int, *, by: str, now: datetime) -> None:
    """Queue a failed run again: it goes on where it failed. Raises ConflictError when it has not failed."""
    hold = session.get(JobRun, run_id, with_for_update={"key_share": True}, populate_existing=True)
    if hold is None or hold.state != "failed":
        raise ConflictError(N_("This run hasn't failed, so there is nothing to try again."))
    begun = {"state": "queued", "finished_at": None, "failures": 0, "rescues": 0, "words": None, "detail": None}
    session.execute(update(JobRun).where(JobRun.id == run_id).values(begun | {"task_id": None, "started_at": None}))
    chunks = update(JobChunk).where(JobChunk.run_id == run_id, JobChunk.state == "failed")
    session.execute(chunks.values(begun))
    write_line(session, run_id, now, N_("Tried again by %(who)s."), who=by)
    if find_job(hold.job).one_at_a_time:
        hold_schedule(session, hold.job)
        start_next(session, hold.job, now)
    else:
        start(session, run_id, now)


def run_now(session: Session, job_key: str, *, by: str, now: datetime, args: Mapping[str, Any] | None = None) -> int:
    """Fire a job because a person asked. Raises ConflictError when such a run waits already."""
    job = find_job(job_key)
    if job.one_at_a_time:
        hold_schedule(session, job_key)
        if waiting(session, job_key) is not None:
            raise ConflictError(N_("A run of this job already waits for its turn."))
    run_id = fire(session, job_key, due_at=now, fired_by=f"person:{by}", args=args)
    if run_id is None:
        raise ConflictError(N_("This job was started at this very moment."))
    return run_id
