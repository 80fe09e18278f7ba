"""Campaigns inside a channel over a period, read from their roll-up; of e-mail also how many messages were sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.campaigns.costing import CHANNELS
from growth.campaigns.records import Campaign, CampaignRun, DeliveryCount
from growth.database.among import among
from growth.database.changed_days import bounds, zone_of
from growth.measurement.by_campaign.records import CampaignDay
from growth.measurement.figures import Figures
from growth.measurement.periods import Period

MOST = 20


@dataclass(frozen=True, slots=True)
class Inside:
    """A campaign of a channel in a period."""

    name: str
    figures: Figures
    """Touches are not counted by campaign."""
    campaign_id: int | None = None
    """Of an e-mail campaign."""
    sent: int | None = None
    """Messages of its runs that began in the period; None for what is no e-mail campaign."""


def inside(session: Session, side: str, channel: str, period: Period) -> tuple[list[Inside], bool]:
    """The campaigns with most acquired, then value, then cost, at most twenty; and whether there are more.

    E-mail campaigns that sent in the period are among them even where nothing is credited to them yet.
    """
    found = _credited(session, side, channel, period)
    sent = _sent(session, side, period, list(found)) if CHANNELS[side] == channel else {}
    names = [*found, *(name for name in sent if name not in found)]
    ones = [Inside(name, found.get(name, Figures()), *sent.get(name, (None, None))) for name in names]
    return ones[:MOST], len(ones) > MOST


def _credited(session: Session, side: str, channel: str, period: Period) -> dict[str, Figures]:
    names = ("acquired", "orders", "value_minor", "cost_minor")
    sums = [func.sum(getattr(CampaignDay, name)) for name in names]
    mine = CampaignDay.side == side, CampaignDay.channel == channel
    found = select(CampaignDay.campaign, *sums).where(*mine, CampaignDay.day.between(period.first, period.last))
    order = [one.desc() for one in (sums[0], sums[2], sums[3])]
    rows = session.execute(found.group_by(CampaignDay.campaign).order_by(*order, CampaignDay.campaign).limit(MOST + 1))
    return {
        name: Figures(**{key: int(one) for key, one in zip(names, figures, strict=True)}) for name, *figures in rows
    }


def _sent(
    session: Session, side: str, period: Period, names: Sequence[str]
) -> Mapping[str, tuple[int, int]]:  # fmt: skip
    """Id and messages by name: of these campaigns, and of those that sent last in the period."""
    zone = zone_of(session)
    first, last = bounds(period.first, zone)[0], bounds(period.last, zone)[1]
    in_time = CampaignRun.due_at >= first, CampaignRun.due_at < last
    latest = select(CampaignRun.campaign_id).join(Campaign).where(Campaign.side == side, *in_time)
    latest = latest.group_by(CampaignRun.campaign_id).order_by(func.max(CampaignRun.due_at).desc()).limit(MOST)
    counted = (
        select(Campaign.name, Campaign.id, func.coalesce(func.sum(DeliveryCount.sent), 0))
        .join(CampaignRun, (CampaignRun.campaign_id == Campaign.id) & in_time[0] & in_time[1], isouter=True)
        .join(DeliveryCount, DeliveryCount.campaign_run_id == CampaignRun.id, isouter=True)
        .where(Campaign.side == side, among(Campaign.name, list(names)) | Campaign.id.in_(latest.scalar_subquery()))
        .group_by(Campaign.id)
        .order_by(Campaign.id.desc())
    )
    return {name: (number, int(sent)) for name, number, sent in session.execute(counted)}
