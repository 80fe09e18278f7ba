"""Declaring the experiment of a draft, beside others who may be at it, and how much it will be able to show."""

from datetime import datetime

from sqlalchemy.orm import Session

from growth.campaigns.differences import ChangedError, Difference
from growth.campaigns.experimenting import declare, experiment_of, remove_experiment
from growth.campaigns.experiments.fields import Declaration
from growth.campaigns.planning import locked
from growth.campaigns.records import Campaign
from growth.campaigns.states import State
from growth.errors import ConflictError
from growth.locales import N_


def save_experiment(
    session: Session, campaign_id: int, declared: Declaration | None, *, version: int, now: datetime
) -> Campaign:
    """Declare the experiment of a draft anew, or with None have none.

    `version` is the campaign's on which this was made up. Raises ChangedError when somebody else saved something else
    since, ConflictError when it is no draft any more.
    """
    campaign = locked(session, campaign_id)
    stored = experiment_of(session, campaign_id)
    if declared == (stored.declaration if stored else None):
        campaign.saved_at = now
        return campaign
    if campaign.state != State.DRAFT:
        raise ConflictError(
            N_("Only a draft can be changed."), remedy=N_("Take the campaign back first, then change it.")
        )
    if campaign.version != version:
        theirs = stored.declaration if stored else None
        raise ChangedError((Difference("experiment", declared, theirs),), campaign.version)
    remove_experiment(session, campaign_id)
    if declared is not None:
        declare(session, campaign_id, declared)
    campaign.version, campaign.saved_at = campaign.version + 1, now
    return campaign
