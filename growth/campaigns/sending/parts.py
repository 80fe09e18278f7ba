"""What is due of a run, in parts that any worker may send."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import exists, or_, select, text
from sqlalchemy.orm import Session

from growth.campaigns.email.catalogue import ensure_version
from growth.campaigns.email.provider import MOST_RECIPIENTS
from growth.campaigns.experimenting import experiment_of
from growth.campaigns.pinning import version_of
from growth.campaigns.records import Campaign, CampaignRun, Delivery
from growth.campaigns.sending.pace import limits
from growth.campaigns.sending.rules import rules
from growth.experiments.assigning import Arm

_BATCHES = 5
"""Of a thousand messages in a part: as many as are quick to give up, and enough for a part to be worth its task."""
_MOST_PARTS = 2_000
_FEW_PARTS = 4
"""While speed is limited: parts that wait for it keep nobody busy, but a thousand of them would, each minute."""


def something_due(session: Session, run_id: int, now: datetime) -> bool:
    """Whether something of a run is planned and due."""
    mine = Delivery.campaign_run_id == run_id, Delivery.filed == "planned"
    # Asked apart, since each is one look into an index.
    at_once, by_now = exists().where(*mine, Delivery.due_at.is_(None)), exists().where(*mine, Delivery.due_at <= now)
    return bool(session.scalar(select(or_(at_once, by_now))))


def plan_parts(session: Session, run_id: int, now: datetime) -> list[dict[str, Any]]:
    """What is due of a run, in parts of one locale and arm and up to 5,000 messages, each with its compiled message.

    Nothing while the campaign is stopped, and nothing of a run that isn't selected to the end: `look_after` has the
    rest selected. At most some parts at once; what is left, or due later, is planned when they are done.
    """
    run = session.get_one(CampaignRun, run_id)
    campaign = session.get_one(Campaign, run.campaign_id)
    held = rules(session)
    if campaign.state != "sending" or run.selected_at is None or held.halted_at is not None:
        return []
    limited = limits(held, campaign.id, campaign.per_hour, now)
    size = _BATCHES * MOST_RECIPIENTS
    asked = {"run": run_id, "size": size, "now": now, "most": size * (_FEW_PARTS if limited else _MOST_PARTS)}
    parts = [dict(part) for part in session.execute(_PARTS, asked).mappings()]
    experiment = experiment_of(session, campaign.id)
    kinds = sorted({(part["locale"], part["arm"] or "") for part in parts})
    arms = {name: experiment.arm(name) if experiment else None for _, name in kinds}
    versions = {(locale, name): _version(session, campaign, arms[name], locale, now) for locale, name in kinds}
    run.state = "sending"
    more = {"run": run_id, "edition": campaign.version}
    return [part | more | {"version": versions[part["locale"], part["arm"] or ""]} for part in parts]


_PARTS = text("""
    select locale, arm, min(id) as first, max(id) as last, count(*) as messages
    from (
        select id, locale, arm, (row_number() over (partition by locale, arm order by id) - 1) / :size as part
        from (
            select id, locale, arm from delivery
            where campaign_run_id = :run and filed = 'planned' and (due_at is null or due_at <= :now)
            order by id limit :most) due
    ) planned
    group by locale, arm, part order by min(id)
""")


def _version(session: Session, campaign: Campaign, arm: Arm | None, locale: str, now: datetime) -> int:
    """The compiled message of a locale and an arm. What an arm says otherwise comes before what was changed since."""
    message = arm.message if arm and arm.message else campaign.message
    version = campaign.message_version if message == campaign.message else version_of(campaign, message)
    changes: Mapping[str, str] = {} if message != campaign.message else _changed(campaign, locale)
    words = dict(changes) | (arm.words_in(locale) if arm else {})
    return ensure_version(session, message, locale, now, version=version, changes=words or None).id


def _changed(campaign: Campaign, locale: str) -> dict[str, str]:
    """What was changed of the message while it was sent."""
    subject = (campaign.changes or {}).get("subjects", {}).get(locale)
    return {"subject": subject} if subject else {}
