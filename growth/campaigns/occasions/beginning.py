"""Beginning and ending: when a campaign's time has come, when it is too late for it, and what comes after a run."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from growth.campaigns.letters.seeding import post_seeds
from growth.campaigns.messages.sources import source_of
from growth.campaigns.occasions.recurring import next_occurrence
from growth.campaigns.records import Campaign, CampaignRun
from growth.campaigns.states import FINAL, Kind, State
from growth.errors import GrowthError, NotFoundError
from growth.settings import settings

_OPEN_FOR = timedelta(days=1, minutes=10)
"""A day's run takes nobody in after midnight; what was under way then has committed long before this."""


def due(session: Session, now: datetime) -> list[Campaign]:
    """Scheduled campaigns whose time has come, locked; those that another worker holds are left to it."""
    found = select(Campaign).where(Campaign.state == State.SCHEDULED, Campaign.scheduled_at <= now)
    in_order = found.order_by(Campaign.scheduled_at).limit(100)
    return list(session.scalars(in_order.with_for_update(skip_locked=True)).all())


def too_late(campaign: Campaign, now: datetime) -> bool:
    """Whether a campaign found only now must not be sent unasked. A triggered one sends nothing as it begins."""
    if campaign.kind == Kind.TRIGGERED or campaign.scheduled_at is None:
        return False
    return now - campaign.scheduled_at > timedelta(seconds=settings().late_seconds)


def settle_message(session: Session, campaign: Campaign) -> None:
    """Keep to the message as it is now: a version that is saved later is for those who choose it."""
    if campaign.message_version is None:
        with suppress(NotFoundError):  # that it isn't there is the sending's to say
            campaign.message_version = source_of(session, campaign.message).version


def run_at(session: Session, campaign: Campaign, due_at: datetime, now: datetime, *, selected: bool) -> CampaignRun:
    """The campaign's run of a moment, made when there is none; `selected` when nobody is to be chosen for it.

    One that is over, as that of a day the clock was put back to, goes on.
    """
    state, selected_at = ("sending", now) if selected else ("selecting", None)
    new = upsert(CampaignRun).values(campaign_id=campaign.id, due_at=due_at, state=state, selected_at=selected_at)
    session.execute(new.on_conflict_do_nothing())
    same = CampaignRun.campaign_id == campaign.id, CampaignRun.due_at == due_at
    run = session.scalars(select(CampaignRun).where(*same)).one()
    if selected and run.state == "sent":
        run.state, run.finished_at = "sending", None
    return run


def copy_seeds(session: Session, run: CampaignRun, now: datetime) -> None:
    """Post a copy of what goes out to our own addresses; a message that can't be made is the sending's to say."""
    with suppress(GrowthError):
        post_seeds(session, run, now)


def over(campaign: Campaign, run: CampaignRun, now: datetime) -> bool:
    """Whether a run without anything left is over: that of a triggered campaign stays open for its day."""
    stays_open = campaign.kind == Kind.TRIGGERED and campaign.state not in FINAL
    return not stays_open or run.due_at + _OPEN_FOR <= now


def go_on_after(session: Session, campaign_id: int, now: datetime) -> None:
    """What becomes of a campaign whose run is over: a recurring one waits for its next time, one sent once is sent."""
    campaign = session.get_one(Campaign, campaign_id, with_for_update={"key_share": True}, populate_existing=True)
    if campaign.kind == Kind.TRIGGERED or campaign.state not in {State.SENDING, State.PAUSED, State.AWAITS}:
        return
    following = None
    if campaign.kind == Kind.RECURRING:
        following = next_occurrence(campaign.recurrence or {}, max(now, campaign.scheduled_at or now))
    if following is None:
        campaign.state = State.SENT
        return
    campaign.scheduled_at = following
    if campaign.state == State.SENDING:
        campaign.state = State.SCHEDULED


def stop(session: Session, campaign_id: int, because: Mapping[str, Any] | None) -> None:
    """Pause a campaign since somebody has to look; `because` (message, remedy, values) stands on its page."""
    sending = update(Campaign).where(Campaign.id == campaign_id, Campaign.state == State.SENDING)
    session.execute(sending.values(state=State.PAUSED, paused_because=because))
