"""Waking what waits for its turn, when the speed was changed or a campaign goes on: so that it acts at once."""

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from growth.campaigns.records import CampaignRun
from growth.scheduling import queue
from growth.scheduling.records import JobChunk, JobRun


def wake(session: Session, resumed: int | None = None) -> None:
    """Have every part of a campaign looked at now that waits for its speed; those that failed wait as they do.

    Of the campaign that a person `resumed` also those that failed, such as by the provider's pause: they want to see.
    """
    runs = select(JobRun.id).where(JobRun.state.in_(("queued", "running")), JobRun.job == "send_campaign")
    waiting = (JobChunk.run_id.in_(runs), JobChunk.state == "queued", JobChunk.retry_at.is_not(None))
    theirs = select(CampaignRun.job_run_id).where(CampaignRun.campaign_id == resumed)
    asleep = or_(JobChunk.failures == 0, JobChunk.run_id.in_(theirs))
    woken = update(JobChunk).where(*waiting, asleep).values(retry_at=None).returning(JobChunk.id)
    queue.defer(session, "chunk", list(session.scalars(woken)))
