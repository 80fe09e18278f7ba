"""Waking what waits for its turn, when the speed was changed: so that a change acts at once."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from growth.scheduling import queue
from growth.scheduling.records import JobChunk, JobRun


def wake(session: Session) -> None:
    """Have every part of a campaign looked at now that waits for its speed; those that failed wait as they do."""
    runs = select(JobRun.id).where(JobRun.state.in_(("queued", "running")), JobRun.job == "send_campaign")
    waiting = (JobChunk.run_id.in_(runs), JobChunk.state == "queued", JobChunk.retry_at.is_not(None))
    asleep = update(JobChunk).where(*waiting, JobChunk.failures == 0).values(retry_at=None)
    queue.defer(session, "chunk", list(session.scalars(asleep.returning(JobChunk.id))))
