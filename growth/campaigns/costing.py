"""What sending costs: messages the provider accepted on a day, at the price of a thousand, as lines of cost."""

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.campaigns.records import Campaign, CampaignRun, Delivery
from growth.database.changed_days import bounds, zone_of
from growth.spend.ledger import NewCost, record_costs
from growth.spend.prices import EMAIL, price_on, priced

DAYS = 3
"""Today and days before it that are counted again: an answer in doubt is found out within them."""
CHANNELS = {"buyer": "email", "seller": "online"}


def cost_messages(session: Session, now: datetime) -> int:
    """Keep the cost of the last days, a line for each day and campaign; safe to repeat. Gives how many changed."""
    zone = zone_of(session)
    lines = []
    for back in range(DAYS):
        day = now.astimezone(zone).date() - timedelta(days=back)
        price = price_on(session, EMAIL, day)
        if price is None:
            continue
        first, last = bounds(day, zone)
        counted = select(Campaign.id, Campaign.name, Campaign.side, func.count()).select_from(Delivery)
        counted = counted.join(CampaignRun, CampaignRun.id == Delivery.campaign_run_id)
        counted = counted.join(Campaign, Campaign.id == CampaignRun.campaign_id)
        counted = counted.where(Delivery.accepted_at >= first, Delivery.accepted_at < last)
        for campaign, name, side, count in session.execute(counted.group_by(Campaign.id)):
            cost = priced(price, Decimal(count) / 1000)
            lines.append(
                NewCost(source="email", source_key=str(campaign), day=day, side=side, channel=CHANNELS[side],
                        campaign=name[:300], amount_minor=cost.minor, currency=cost.currency)
            )  # fmt: skip
    kept = record_costs(session, lines, now)
    return kept.new + kept.changed
