"""Campaigns for tests: drafts, and runs that have begun."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from growth.campaigns import planning
from growth.campaigns.records import Campaign, CampaignRun

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINE = "marketer@example.com"


def make(session: Session, name: str = "Welcome", **changes: Any) -> Campaign:
    """A draft, with some columns set as they never are by hand."""
    campaign = planning.create(session, name=name, side="buyer", message="welcome_buyer", actor=MINE, now=NOW)
    for field, value in changes.items():
        setattr(campaign, field, value)
    session.flush()
    return campaign


def begin(session: Session, campaign: Campaign) -> int:
    """The id of a run of it."""
    run = CampaignRun(campaign_id=campaign.id, due_at=NOW, state="sending")
    session.add(run)
    session.flush()
    return run.id
