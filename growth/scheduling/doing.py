"""Doing a run or a chunk: taken up, done, and its end written down, whatever it was."""

import logging
import threading
import traceback
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from growth.clock import Clock
from growth.database.engine import transaction
from growth.errors import GrowthError, TransientError
from growth.locales import N_
from growth.scheduling import apart, ending, queue
from growth.scheduling.declare import Retries, find_chunk, find_job
from growth.scheduling.records import JobChunk, JobRun
from growth.scheduling.run import ChunkRun, Claim, LaterError, StoppingError, SupersededError, write_line
from growth.scheduling.run import JobRun as Run

_log = logging.getLogger(__name__)
_LONGEST_DETAIL = 20_000
_UNEXPECTED: dict[str, Any] = {
    "message": N_("Something went wrong that growth did not expect."),
    "remedy": N_("Try it again. If it fails the same way, show the technical detail to whoever runs this service."),
    "values": {},
}
_OUT_OF_REACH: dict[str, Any] = {
    "message": N_("The database or the network could not be reached."),
    "remedy": N_("It usually passes by itself."),
    "values": {},
}


def take_up(engine: Engine, now: datetime, kind: queue.Kind, wanted: int, task_id: int) -> Claim | None:
    """Claim a run or chunk for a task; None when the task is out of date or the work finished."""
    record = JobRun if kind == "run" else JobChunk
    begun = {"attempt": record.attempt + 1, "state": "running", "retry_at": None}
    with transaction(engine) as session:
        mine = update(record).where(record.id == wanted, record.task_id == task_id)
        claimed = mine.where(record.state.in_(ending.UNFINISHED))
        started = func.coalesce(record.started_at, now)
        attempt = session.scalar(claimed.values(**begun, started_at=started).returning(record.attempt))
        if attempt is None:
            return None
        claim = read_claim(session, kind, wanted, attempt)
        if kind == "run" or attempt > 1:  # after a pause, such as a night without workers
            ending.resume_pace(session, claim.run_id, now)
        return claim


def read_claim(session: Session, kind: queue.Kind, wanted: int, attempt: int) -> Claim:
    """The claim of an attempt, for the process that does it."""
    if kind == "run":
        run = session.get_one(JobRun, wanted)
        return Claim(kind, wanted, wanted, attempt, run.job, run.due_at, run.args)
    chunk = session.get_one(JobChunk, wanted)
    run = session.get_one(JobRun, chunk.run_id)
    return Claim(kind, wanted, run.id, attempt, run.job, run.due_at, chunk.args, chunk.step)


def do(engine: Engine, clock: Clock, claim: Claim, stopping: threading.Event, *, here: bool = False) -> None:
    """Call the job's function or the chunk's, and write down how it ended.

    With `here` also a job that wants a process of its own is done in this one. Raises only when the end can't be
    written; then the queue finds the task abandoned.
    """
    work: Run | ChunkRun = (Run if claim.kind == "run" else ChunkRun)(engine, clock, claim, stopping)
    try:
        try:
            if find_job(claim.job).own_process and not here:
                apart.send(engine, claim, stopping)
            else:
                _call(work)
        except StoppingError:
            _hand_back(work)
        except LaterError as later:
            _hand_back(work, later.at)
        except SupersededError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, the run's page has to say it
            _log.warning("%s %s of job %s failed: %s", claim.kind, claim.id, claim.job, error)
            _failed(work, error)
    except SupersededError:
        _log.warning("%s %s of job %s was taken over by another worker", claim.kind, claim.id, claim.job)


def _call(work: Run | ChunkRun) -> None:
    if isinstance(work, Run):
        find_job(work.claim.job)(work)
        with work.transaction() as session:
            session.execute(update(JobRun).where(JobRun.id == work.id).values(task_id=None))
            ending.settle(session, work.id, work.now())
        return
    done = find_chunk(work.claim.step)(work)
    if not work.finished:
        with work.transaction() as session:
            work.finish(session, done or 0)


def _hand_back(work: Run | ChunkRun, at: datetime | None = None) -> None:
    record = JobRun if work.claim.kind == "run" else JobChunk
    with work.transaction() as session:
        session.execute(update(record).where(record.id == work.claim.id).values(state="queued", retry_at=at))
        queue.defer(session, work.claim.kind, [work.claim.id], at=at)


def _failed(work: Run | ChunkRun, error: Exception) -> None:
    claim, now = work.claim, work.now()
    record = JobRun if claim.kind == "run" else JobChunk
    words, detail = in_words(error), "".join(traceback.format_exception(error))[-_LONGEST_DETAIL:]
    with work.transaction() as session:
        before = None if work.moved_on else session.scalar(select(record.failures).where(record.id == claim.id))
        failures = (before or 0) + 1
        pause = wait_after(error, failures, _retries(claim))
        if pause is not None:
            kept = {"state": "queued", "retry_at": now + pause, "failures": failures, "words": words, "detail": detail}
            session.execute(update(record).where(record.id == claim.id).values(kept))
            queue.defer(session, claim.kind, [claim.id], at=now + pause)
        elif claim.kind == "run":
            ending.finish_run(session, claim.id, "failed", now, words=words, detail=detail)
        else:
            ending.fail_chunk(session, claim.id, words, detail, now)
        write_line(session, claim.run_id, now, words["message"], level="error", **words["values"])


def _retries(claim: Claim) -> Retries:
    try:
        return find_job(claim.job).retries
    except GrowthError:  # its file is gone
        return Retries(times=0)


def wait_after(error: Exception, failures: int, retries: Retries) -> timedelta | None:
    """How long to wait before the next try after the `failures`-th failure in a row; None when there is none."""
    if not may_pass(error):
        return None
    return retries.pause(failures, error.retry_after if isinstance(error, TransientError) else None)


def may_pass(error: Exception) -> bool:
    """Whether trying again later may help."""
    if isinstance(error, DBAPIError):
        return isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated
    return isinstance(error, TransientError | ConnectionError | TimeoutError)


def in_words(error: Exception) -> dict[str, Any]:
    """An error as a run keeps it: the sentence and its values, for whoever looks at the page."""
    if isinstance(error, GrowthError):
        values = {
            name: value if isinstance(value, int | float | str) else str(value) for name, value in error.values.items()
        }
        return {"message": error.message, "remedy": error.remedy, "values": values}
    return _OUT_OF_REACH if may_pass(error) else _UNEXPECTED
