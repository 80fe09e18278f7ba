"""How runs and chunks start and end: their state and their queued task change in one transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.locales import N_
from growth.scheduling import queue
from growth.scheduling.records import JobChunk, JobRun, Schedule

UNFINISHED = ("queued", "running")
PARTS_FAILED = N_("%(failed)s of %(parts)s parts failed; the others are done.")
TRY_PARTS_AGAIN = N_("See below what went wrong with them. “Try again” repeats only those.")


def hold_schedule(session: Session, job: str) -> Schedule:
    """The job's schedule, locked until the transaction ends; made when there is none."""
    session.execute(insert(Schedule).values(job=job).on_conflict_do_nothing())
    locked = select(Schedule).where(Schedule.job == job).with_for_update()
    return session.execute(locked.execution_options(populate_existing=True)).scalar_one()


def waiting(session: Session, job: str) -> int | None:
    """The oldest run that waits for the run before it."""
    found = select(func.min(JobRun.id)).where(JobRun.job == job, JobRun.state == "queued", JobRun.task_id.is_(None))
    return session.scalar(found)


def busy(session: Session, job: str) -> bool:
    """Whether a run of this job is queued or running, one that waits for another left aside."""
    unfinished = select(JobRun.id).where(JobRun.job == job, JobRun.state.in_(UNFINISHED))
    going = unfinished.where((JobRun.state == "running") | JobRun.task_id.is_not(None))
    return session.scalar(going.limit(1)) is not None


def start_next(session: Session, job: str, now: datetime) -> None:
    """Let the oldest waiting run begin, when nothing else of the job goes on. The schedule must be held."""
    run_id = waiting(session, job)
    if run_id is not None and not busy(session, job):
        start(session, run_id, now)


def start(session: Session, run_id: int, now: datetime, *, at: datetime | None = None) -> None:
    """Queue what there is to do for a run: the parts that are left of a run in parts, else its own task."""
    left = select(JobChunk.id).where(JobChunk.run_id == run_id, JobChunk.state == "queued", JobChunk.task_id.is_(None))
    parts = session.scalars(left.order_by(JobChunk.position)).all()
    if not parts:
        queue.defer(session, "run", [run_id], at=at)
        return
    begun = func.coalesce(JobRun.started_at, now)
    session.execute(update(JobRun).where(JobRun.id == run_id).values(state="running", started_at=begun, retry_at=None))
    resume_pace(session, run_id, now)
    queue.defer(session, "chunk", parts)


def resume_pace(session: Session, run_id: int, now: datetime) -> None:
    """Reckon a run's pace from here on."""
    session.execute(update(JobRun).where(JobRun.id == run_id).values(resumed_at=now, resumed_done=JobRun.done))


def finish_run(
    session: Session,
    run_id: int,
    state: str,
    now: datetime,
    *,
    words: dict[str, Any] | None = None,
    detail: str | None = None,
) -> None:
    """Record how a run ended, and let the one that waits for it begin."""
    ended = update(JobRun).where(JobRun.id == run_id).returning(JobRun.job)
    final = {"state": state, "finished_at": now, "task_id": None, "retry_at": None, "words": words, "detail": detail}
    job = session.scalars(ended.values(final)).one()
    hold_schedule(session, job)
    start_next(session, job, now)


def finish_chunk(session: Session, chunk_id: int, done: int, now: datetime) -> None:
    """Record that a chunk is done, and with the last of them the run."""
    final = {"state": "succeeded", "done": done, "finished_at": now, "words": None, "detail": None, "task_id": None}
    run_id = session.scalars(
        update(JobChunk).where(JobChunk.id == chunk_id).values(final).returning(JobChunk.run_id)
    ).one()
    session.execute(update(JobRun).where(JobRun.id == run_id).values(done=JobRun.done + done))
    settle(session, run_id, now)


def fail_chunk(session: Session, chunk_id: int, words: dict[str, Any], detail: str | None, now: datetime) -> None:
    """Record that a chunk can't be done; the others go on."""
    final = {"state": "failed", "finished_at": now, "words": words, "detail": detail, "task_id": None}
    ended = update(JobChunk).where(JobChunk.id == chunk_id).values(final).returning(JobChunk.run_id)
    settle(session, session.scalars(ended).one(), now)


def settle(session: Session, run_id: int, now: datetime) -> None:
    """Finish a run whose function has returned (its task is gone) and whose chunks are all finished."""
    held = select(JobRun.state, JobRun.task_id).where(JobRun.id == run_id).with_for_update(key_share=True)
    if session.execute(held).one() != ("running", None):
        return
    chunks = select(JobChunk.id).where(JobChunk.run_id == run_id)
    if session.scalar(chunks.where(JobChunk.state.in_(UNFINISHED)).limit(1)) is not None:
        return
    failed = session.scalar(select(func.count()).where(JobChunk.run_id == run_id, JobChunk.state == "failed"))
    if not failed:
        finish_run(session, run_id, "succeeded", now)
        return
    parts = session.scalar(select(func.count()).where(JobChunk.run_id == run_id))
    words = {"message": PARTS_FAILED, "remedy": TRY_PARTS_AGAIN, "values": {"failed": failed, "parts": parts}}
    finish_run(session, run_id, "failed", now, words=words | {"part": why_parts_failed(session, run_id)})


def why_parts_failed(session: Session, run_id: int | None) -> dict[str, Any] | None:
    """The words of a run's first failed part; None when none failed."""
    failed = select(JobChunk.words).where(JobChunk.run_id == run_id, JobChunk.state == "failed")
    return session.scalar(failed.order_by(JobChunk.position).limit(1))
