"""What a campaign depends on, kept as it was when it was scheduled: so what was approved is what goes out."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy.orm import Session

from growth.campaigns.audiences.expanding import expanded
from growth.campaigns.experimenting import experiment_of
from growth.campaigns.messages.sources import source_of
from growth.campaigns.records import Campaign
from growth.errors import NotFoundError


def pin(session: Session, campaign: Campaign) -> None:
    """Keep to saved audiences within its conditions and to the messages of its arms as they are now."""
    experiment = experiment_of(session, campaign.id)
    versions: dict[str, int] = {}
    for message in {arm.message for arm in experiment.arms if arm.message} if experiment else ():
        with suppress(NotFoundError):  # that it isn't there is the sending's to say
            versions[message] = source_of(session, message).version
    campaign.pinned = {"audience": expanded(session, campaign.audience), "messages": versions}


def conditions_of(session: Session, campaign: Campaign) -> Mapping[str, Any]:
    """The conditions of its audience, saved audiences put in: of a draft as they are now. Raises InvalidError."""
    pinned: Mapping[str, Any] | None = (campaign.pinned or {}).get("audience")
    return pinned if pinned is not None else expanded(session, campaign.audience)


def version_of(campaign: Campaign, message: str) -> int | None:
    """The version of an arm's message that is sent; None for the newest."""
    version: int | None = (campaign.pinned or {}).get("messages", {}).get(message)
    return version
