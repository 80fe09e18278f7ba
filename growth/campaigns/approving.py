"""Approving: somebody other than whoever scheduled a large campaign looks at it before it goes out."""

from datetime import datetime

from sqlalchemy.orm import Session

from growth.campaigns.occasions.beginning import settle_message
from growth.campaigns.occasions.recurring import next_occurrence
from growth.campaigns.planning import locked, move, same_version, send_soon
from growth.campaigns.records import Campaign
from growth.campaigns.sending.waking import wake
from growth.campaigns.states import Action, Kind, State
from growth.errors import InvalidError, RefusedError
from growth.locales import N_

LONGEST_NOTE = 500


def may_approve(campaign: Campaign, actor: str) -> bool:
    """Whether it is somebody else than whoever wants it sent."""
    return campaign.scheduled_by is not None and campaign.scheduled_by.casefold() != actor.casefold()


def approve(session: Session, campaign_id: int, *, version: int, actor: str, now: datetime) -> Campaign:
    """Let it go out: at its moment, or now when that has passed meanwhile.

    Raises RefusedError when it is their own, ConflictError when it doesn't wait for approval, or isn't the version
    that was looked at.
    """
    campaign = locked(session, campaign_id)
    same_version(campaign, version)
    if campaign.state == State.AWAITS and not may_approve(campaign, actor):
        raise RefusedError(
            N_("You have scheduled this campaign yourself, so somebody else has to approve it."),
            remedy=N_("Ask another marketer or a manager."),
        )
    move(session, campaign, Action.APPROVE, actor=actor, now=now, detail={"version": version})
    settle_message(session, campaign)
    campaign.approved_by, campaign.approved_at, campaign.approved_version = actor, now, version
    if campaign.state == State.SCHEDULED and (campaign.scheduled_at is None or campaign.scheduled_at < now):
        missed = campaign.kind == Kind.RECURRING
        campaign.scheduled_at = (next_occurrence(campaign.recurrence or {}, now) if missed else None) or now
    session.flush()
    if campaign.state == State.SENDING:
        wake(session)
    if campaign.state == State.SENDING or campaign.scheduled_at == now:
        send_soon(session, actor=actor, now=now)
    return campaign


def send_back(session: Session, campaign_id: int, *, note: str, actor: str, now: datetime) -> Campaign:
    """Not like this: a draft again, or paused when it had begun, with a note why. Raises InvalidError, `note`."""
    words = note.strip()
    if not words or len(words) > LONGEST_NOTE or "\0" in words:
        raise InvalidError("note", N_("Say in up to %(most)s characters what has to change."), most=LONGEST_NOTE)
    campaign = locked(session, campaign_id)
    move(session, campaign, Action.SEND_BACK, actor=actor, now=now, detail={"note": words})
    campaign.sent_back = {"by": actor, "note": words}
    if campaign.state == State.DRAFT:
        campaign.pinned = None
    session.flush()
    return campaign
