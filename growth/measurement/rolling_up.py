"""The roll-up that `/channels` reads: days whose figures changed are counted again, and no others."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import delete, select, text, tuple_
from sqlalchemy.orm import Session

from growth.attribution.following import ACQUIRING, FOLLOWED
from growth.database.changed_days import ChannelDayDue, bounds, mark_since, zone_of
from growth.database.workspace import Workspace, workspace
from growth.measurement.by_campaign import counting as by_campaign
from growth.measurement.funnels import walking
from growth.measurement.languages import LANGUAGE
from growth.measurement.records import ChannelDay
from growth.money import Money
from growth.scheduling.run import Step
from growth.spend.currencies import rates_on, turned

# Each is counted day by day on an index, however large the tables are.
_DUE = """
    from unnest(cast(:days as date[]), cast(:sides as text[]), cast(:starts as timestamptz[]),
        cast(:ends as timestamptz[])) as due (day, side, starts, ends)
"""
_TOUCHES = text(f"""
    select due.day, due.side, found.* {_DUE} cross join lateral (
        select channel, mine.country, {LANGUAGE} as language, sum(touches) as touches
        from (
            select channel, coalesce(country, '') as country, person_id, count(*) as touches
            from touch where touch.side = due.side and occurred_at >= due.starts and occurred_at < due.ends
                and kind = 'click'
            group by 1, 2, 3
        ) as mine
        left join lateral (select locale from person where id = mine.person_id offset 0) as person on true
        group by 1, 2, 3
    ) as found
""")  # noqa: S608 - constants of ours
# What follows within the time may lie in another day, and is found by its person: one look at an index for each. So are
# credits and people, which `offset` binds: a planner that takes a day for a fixed part of all would read whole tables.
_CREDITS = text(f"""
    select due.day, due.side, found.* {_DUE} cross join lateral (
        select credit.channel, mine.country, mine.language, mine.currency,
            coalesce(sum(share) filter (where acquiring), 0) as acquired,
            coalesce(sum(share) filter (where kind = 'first_order'), 0) as orders,
            coalesce(sum(share) filter (where acquiring and followed), 0) as ordered,
            coalesce(sum(share) filter (where kind = 'first_order' and followed), 0) as repeated,
            coalesce(sum(credit.value_minor), 0) as value_minor
        from (
            select conversion.id, kind, coalesce(conversion.country, '') as country, {LANGUAGE} as language,
                coalesce(currency, '') as currency, kind = {ACQUIRING} as acquiring,
                kind in ('first_order', {ACQUIRING}) and {FOLLOWED} as followed
            from conversion
            left join lateral (select locale from person where id = conversion.person_id offset 0) as person on true
            where conversion.occurred_at >= due.starts and conversion.occurred_at < due.ends
                and conversion.side = due.side
        ) as mine cross join lateral (
            select channel, share, value_minor from credit where credit.conversion_id = mine.id offset 0
        ) as credit
        group by 1, 2, 3, 4
    ) as found
""")  # noqa: S608 - likewise
_COSTS = text(f"""
    select due.day, due.side, found.* {_DUE} cross join lateral (
        select channel, country, '' as language, currency, sum(amount_minor) as cost_minor
        from cost where cost.day = due.day and cost.side = due.side
        group by 1, 2, 3, 4
    ) as found
""")  # noqa: S608 - likewise
_FIRST_DAY = text("""
    select least((select min(day) from channel_day), (select min(day) from cost),
        (select cast(min(occurred_at) as date) from conversion),
        (select cast(min(occurred_at) as date) from touch where side = 'buyer'),
        (select cast(min(occurred_at) as date) from touch where side = 'seller'))
""")

# One statement, as `events.ingest` does, so that the totals of a day are added up once.
_WRITE = text("""
    insert into channel_day select * from jsonb_populate_recordset(null::channel_day, cast(:rows as jsonb))
""")

Place = tuple[date, str, str, str, str]
"""Day, side, channel, country, language; a cost has no language."""


@dataclass
class Figures:
    """A row of the roll-up while it is counted; amounts are by currency."""

    touches: int = 0
    acquired: int = 0
    orders: int = 0
    ordered: int = 0
    repeated: int = 0
    value: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    cost: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def roll_up(session: Session, _now: datetime, _after: object, size: int) -> Step:
    """Count the next `size` days again that are due; one transaction, safe to repeat and to do twice at once."""
    place = workspace(session)
    due = _take_due(session, size) if place else []
    if place and due:
        counted = _count(session, due)
        rows = _rows(session, place, counted)
        session.execute(delete(ChannelDay).where(tuple_(ChannelDay.day, ChannelDay.side).in_(due)))
        if rows:
            session.execute(_WRITE, {"rows": orjson.dumps(rows).decode()})
        by_campaign.mark(session, due)
    return Step(done=len(due), next="due" if len(due) == size else None)


def _take_due(session: Session, size: int) -> list[tuple[date, str]]:
    """Days that are due, no longer so once this transaction commits; those that somebody is changing are left."""
    keys = tuple_(ChannelDayDue.day, ChannelDayDue.side)
    waiting = select(ChannelDayDue.day, ChannelDayDue.side).order_by(ChannelDayDue.day.desc(), ChannelDayDue.side)
    due = [(day, side) for day, side in session.execute(waiting.limit(size).with_for_update(skip_locked=True))]
    if due:
        session.execute(delete(ChannelDayDue).where(keys.in_(due)))
    return due


def _count(session: Session, due: Sequence[tuple[date, str]]) -> Mapping[Place, Figures]:
    zone = zone_of(session)
    spans = [bounds(day, zone) for day, _ in due]
    asked = {
        "days": [day for day, _ in due],
        "sides": [side for _, side in due],
        "starts": [first for first, _ in spans],
        "ends": [last for _, last in spans],
    }
    counted: dict[Place, Figures] = defaultdict(Figures)
    for *where, touches in session.execute(_TOUCHES, asked):
        counted[_place(where)].touches = int(touches)
    for *where, currency, acquired, orders, ordered, repeated, value in session.execute(_CREDITS, asked):
        one = counted[_place(where)]
        one.acquired += int(acquired)
        one.orders += int(orders)
        one.ordered += int(ordered)
        one.repeated += int(repeated)
        one.value[currency] += int(value)
    for *where, currency, cost in session.execute(_COSTS, asked):
        counted[_place(where)].cost[currency] += int(cost)
    return counted


def _place(found: Sequence[Any]) -> Place:
    day, side, channel, country, language = found
    return day, side, channel, country, language


def _rows(session: Session, place: Workspace, counted: Mapping[Place, Figures]) -> list[dict[str, object]]:
    amounts = {(currency, where[0]) for where, one in counted.items() for currency in _used(one)}
    rates = rates_on(session, place.currency, amounts)
    return [row_of(where, one, place.currency, rates) for where, one in sorted(counted.items(), key=lambda row: row[0])]


def _used(one: Figures) -> Iterable[str]:
    """Currencies in which there is an amount."""
    return (currency for amounts in (one.value, one.cost) for currency, amount in amounts.items() if amount)


def row_of(where: Place, one: Figures, base: str, rates: Mapping[tuple[str, date], Decimal]) -> dict[str, object]:
    """A row of `ChannelDay`, amounts in `base`; those without a rate are left out, and their currency is named."""
    day, side, channel, country, language = where
    unrated = {currency for currency in _used(one) if (currency, day) not in rates}

    def sum_of(amounts: Mapping[str, int]) -> int:
        known = ((currency, minor) for currency, minor in amounts.items() if minor and currency not in unrated)
        return sum(turned(Money(minor, currency), base, rates[currency, day]) for currency, minor in known)

    return {
        "day": day,
        "side": side,
        "channel": channel,
        "country": country,
        "language": language,
        "touches": one.touches,
        "acquired": one.acquired,
        "orders": one.orders,
        "ordered": one.ordered,
        "repeated": one.repeated,
        "value_minor": sum_of(one.value),
        "cost_minor": sum_of(one.cost),
        "unrated": " ".join(sorted(unrated)),
    }


def start_over(session: Session, now: datetime) -> None:
    """Have everything counted again, after the workspace's time zone or currency changed."""
    first = session.scalar(_FIRST_DAY)
    if first is not None:
        mark_since(session, first - timedelta(days=1), now + timedelta(days=2))
    walking.start_over(session)
