"""What sending costs: messages the provider accepted on a day, at the price of a thousand, as lines of cost."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.campaigns.records import Campaign, CampaignRun, Delivery
from growth.database.changed_days import bounds, zone_of
from growth.spend.ledger import NewCost, record_costs
from growth.spend.prices import EMAIL, UNITS, price_on, priced

DAYS = 3
"""Today and days before it that are counted again: an answer in doubt is found out within them."""
MOST_DAYS = 400
"""That are counted again when a price is set for days that are over."""
CHANNELS = {"buyer": "email", "seller": "online"}


def cost_messages(session: Session, now: datetime, since: date | None = None) -> int:
    """Keep the cost of the last days, or of those since one, a line for each day and campaign; safe to repeat.

    Gives how many changed.
    """
    zone = zone_of(session)
    kept = record_costs(session, [line for day in days_to_cost(now, zone, since) for line in _of(session, day, zone)],
                        now)  # fmt: skip
    return kept.new + kept.changed


def days_to_cost(now: datetime, zone: ZoneInfo, since: date | None) -> list[date]:
    """Today and the days before it that are counted again."""
    today = now.astimezone(zone).date()
    back = DAYS if since is None else min(max((today - since).days + 1, DAYS), MOST_DAYS)
    return [today - timedelta(days=one) for one in range(back)]


def _of(session: Session, day: date, zone: ZoneInfo) -> Iterator[NewCost]:
    price = price_on(session, EMAIL, day)
    if price is None:
        return
    first, last = bounds(day, zone)
    counted = select(Campaign.id, Campaign.name, Campaign.side, func.count()).select_from(Delivery)
    counted = counted.join(CampaignRun, CampaignRun.id == Delivery.campaign_run_id)
    counted = counted.join(Campaign, Campaign.id == CampaignRun.campaign_id)
    counted = counted.where(Delivery.accepted_at >= first, Delivery.accepted_at < last)
    for campaign, name, side, count in session.execute(counted.group_by(Campaign.id)):
        cost = priced(price, Decimal(count) / UNITS[EMAIL])
        yield NewCost(
            source=EMAIL, source_key=str(campaign), day=day, side=side, channel=CHANNELS[side], campaign=name[:300],
            amount_minor=cost.minor, currency=cost.currency, units=Decimal(count),
        )  # fmt: skip
