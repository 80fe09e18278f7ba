"""What the work that sales reps logged costs: minutes by kind of deed, at the price of an hour, as lines of cost."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.attribution.channels import CHANNELS, OTHER
from growth.campaigns.costing import days_to_cost
from growth.database.changed_days import bounds, zone_of
from growth.leads.records import Activity, Lead
from growth.people.accounts import Account
from growth.spend.hours import entered, hours_line, nothing, reckoned
from growth.spend.ledger import NewCost, record_costs
from growth.spend.prices import ACTIVITY, REP_HOUR, price_on, priced

MINUTES = {"call": 12, "meeting": 60, "email": 8, "note": 4}
"""What a deed takes with what is around it: dialling, reading up, writing down. A deed itself has no length."""
_DAY = Decimal(24)

Place = tuple[str, str, str]
"""A rep's address, a side and a channel."""


def cost_rep_time(session: Session, now: datetime, since: date | None = None) -> int:
    """Keep what reps' logged work of the last days cost, or of those since one; safe to repeat.

    A line for each day, rep, side and channel; a rep's day for which hours were entered has none. What was taken back
    since no longer counts. Gives how many lines changed.
    """
    days = days_to_cost(now, zone_of(session), since)
    told = entered(session, days)
    lines = [line for day in days for line in _of(session, day) if (day, line.note.casefold()) not in told]
    found = {line.key for line in lines}
    gone = [nothing(line) for line in reckoned(session, days)
            if (line.source, line.source_key, line.day) not in found]  # fmt: skip
    kept = record_costs(session, [*lines, *gone], now)
    return kept.new + kept.changed


def _of(session: Session, day: date) -> list[NewCost]:
    price = price_on(session, REP_HOUR, day)
    if price is None:
        return []
    return [
        hours_line(ACTIVITY, (day, who), (side, channel), priced(price, hours), hours)
        for (who, side, channel), hours in hours_of(_deeds(session, day)).items()
    ]


def _deeds(session: Session, day: date) -> Sequence[tuple[str, str, str, str, int]]:
    """Address, side, channel, kind and count."""
    first, last = bounds(day, zone_of(session))
    place = (Account.email, Lead.side, Lead.channel, Activity.kind)
    done = select(*place, func.count()).select_from(Activity)
    done = done.join(Lead, Lead.id == Activity.lead_id).join(Account, Account.id == Activity.account_id)
    done = done.where(Activity.at >= first, Activity.at < last).group_by(*place).order_by(*place)
    return [(who, side, channel, kind, count) for who, side, channel, kind, count in session.execute(done)]


def hours_of(deeds: Sequence[tuple[str, str, str, str, int]]) -> dict[Place, Decimal]:
    """Hours by rep, side and channel from (address, side, channel, kind, count).

    A channel that isn't one of the side's is "other"; a rep's day has no more than 24 hours, shared out evenly. Pure.
    """
    minutes: dict[Place, int] = defaultdict(int)
    for who, side, channel, kind, count in deeds:
        known = channel in (one.key for one in CHANNELS.get(side, ()))
        minutes[who, side, channel if known else OTHER] += MINUTES.get(kind, 0) * count
    whole: dict[str, Decimal] = defaultdict(Decimal)
    for (who, _, _), one in minutes.items():
        whole[who] += Decimal(one) / 60
    return {
        place: round(Decimal(one) / 60 * min(Decimal(1), _DAY / (whole[place[0]] or 1)), 2)
        for place, one in minutes.items()
        if one
    }
