"""The roll-up by campaign: days that the roll-up of channels has counted again, after it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import unquote_plus

from sqlalchemy import delete, insert, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from growth.database.changed_days import bounds, zone_of
from growth.database.workspace import workspace
from growth.measurement.by_campaign.records import CampaignDay, CampaignDayDue
from growth.money import Money
from growth.scheduling.run import Step
from growth.spend.currencies import rates_on, turned

LONGEST = 300
"""Letters of a campaign's name that are kept, as in the ledger of costs."""

# From the credit to the event that earned it, each by its key: `offset 0` keeps the planner from reading all events.
_CREDITS = text("""
    select due.day, due.side, found.* from unnest(cast(:days as date[]), cast(:sides as text[]),
        cast(:starts as timestamptz[]), cast(:ends as timestamptz[])) as due (day, side, starts, ends)
    cross join lateral (
        select credit.channel, campaign.name, happened.tag, coalesce(conversion.currency, '') as currency,
            coalesce(sum(share) filter (where conversion.kind in ('registration', 'shop_open')), 0) as acquired,
            coalesce(sum(share) filter (where conversion.kind = 'first_order'), 0) as orders,
            sum(credit.value_minor) as value_minor
        from conversion
        join credit on credit.conversion_id = conversion.id
        join touch on touch.id = credit.touch_id
        cross join lateral (
            select delivery_id, substring(properties ->> 'url' from '[?&]utm_campaign=([^&#]+)') as tag
            from event where event.occurred_at = touch.occurred_at and event.event_id = touch.event_id offset 0
        ) as happened
        left join delivery on delivery.id = happened.delivery_id
        left join campaign_run on campaign_run.id = delivery.campaign_run_id
        left join campaign on campaign.id = campaign_run.campaign_id
        where conversion.occurred_at >= due.starts and conversion.occurred_at < due.ends and conversion.side = due.side
            and coalesce(campaign.name, happened.tag) is not null
        group by 1, 2, 3, 4
    ) as found
""")
_COSTS = text("""
    select due.day, due.side, cost.channel, cost.campaign, cost.currency, sum(amount_minor)
    from unnest(cast(:days as date[]), cast(:sides as text[])) as due (day, side)
    join cost on cost.day = due.day and cost.side = due.side and cost.campaign <> ''
    group by 1, 2, 3, 4, 5
""")

Due = Sequence[tuple[date, str]]
Place = tuple[date, str, str, str]
"""Day, side, channel, campaign."""


@dataclass
class Counted:
    """A row while it is counted; amounts are by currency."""

    acquired: int = 0
    orders: int = 0
    value: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    cost: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def mark(session: Session, due: Due) -> None:
    """Have these days counted by campaign, in the transaction that rolled them up."""
    rows = [{"day": day, "side": side} for day, side in sorted(due)]
    if rows:
        session.execute(upsert(CampaignDayDue).on_conflict_do_nothing(), rows)


def count_campaigns(session: Session, _now: datetime, _after: object, size: int) -> Step:
    """Count the next `size` days again that are due; one transaction, safe to repeat and to do twice at once."""
    place = workspace(session)
    due = _take_due(session, size) if place else []
    if place and due:
        rows = list(_rows(session, place.currency, _count(session, due)))
        session.execute(delete(CampaignDay).where(tuple_(CampaignDay.day, CampaignDay.side).in_(due)))
        if rows:
            session.execute(insert(CampaignDay), rows)
    return Step(done=len(due), next="due" if len(due) == size else None)


def _take_due(session: Session, size: int) -> Due:
    order = CampaignDayDue.day.desc(), CampaignDayDue.side
    waiting = select(CampaignDayDue.day, CampaignDayDue.side).order_by(*order)
    due = [(day, side) for day, side in session.execute(waiting.limit(size).with_for_update(skip_locked=True))]
    if due:
        session.execute(delete(CampaignDayDue).where(tuple_(CampaignDayDue.day, CampaignDayDue.side).in_(due)))
    return due


def _count(session: Session, due: Due) -> Mapping[Place, Counted]:
    zone = zone_of(session)
    spans = [bounds(day, zone) for day, _ in due]
    days: dict[str, list[object]] = {"days": [day for day, _ in due], "sides": [side for _, side in due]}
    moments: dict[str, list[object]] = {"starts": [first for first, _ in spans], "ends": [last for _, last in spans]}
    counted: dict[Place, Counted] = defaultdict(Counted)
    for day, side, channel, name, tag, currency, acquired, orders, value in session.execute(_CREDITS, days | moments):
        campaign = name or unquote_plus(tag).replace("\0", "").strip()
        if campaign:
            one = counted[day, side, channel, campaign[:LONGEST]]
            one.acquired += int(acquired)
            one.orders += int(orders)
            one.value[currency] += int(value)
    for day, side, channel, campaign, currency, cost in session.execute(_COSTS, days):
        counted[day, side, channel, campaign[:LONGEST]].cost[currency] += int(cost)
    return counted


def _rows(session: Session, base: str, counted: Mapping[Place, Counted]) -> Iterator[dict[str, object]]:
    asked = {(currency, place[0]) for place, one in counted.items() for currency in {*one.value, *one.cost} if currency}
    rates = rates_on(session, base, asked)
    for (day, side, channel, campaign), one in sorted(counted.items(), key=lambda row: row[0]):
        yield {
            "day": day,
            "side": side,
            "channel": channel,
            "campaign": campaign,
            "acquired": one.acquired,
            "orders": one.orders,
            "value_minor": _sum(one.value, day, base, rates),
            "cost_minor": _sum(one.cost, day, base, rates),
        }


def _sum(
    amounts: Mapping[str, int], day: date, base: str, rates: Mapping[tuple[str, date], Decimal]
) -> int:  # fmt: skip
    known = [(currency, minor) for currency, minor in amounts.items() if minor and (currency, day) in rates]
    return sum(turned(Money(minor, currency), base, rates[currency, day]) for currency, minor in known)
