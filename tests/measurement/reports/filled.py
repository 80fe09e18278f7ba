"""Two weeks of figures on both sides, a budget, a departure and a hold-out, for tests of reports."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from growth.database.changed_days import ChannelDayDue
from growth.measurement.records import Anomaly, ChannelDay
from growth.spend.ledger import NewCost, record_costs
from growth.spend.records import Budget

MONDAY = date(2026, 11, 16)
"""Of the last week that has ended at `tests.conftest.NOON`."""
WHOLE = 1_000_000
EVIDENCE: dict[str, Any] = {"seen": 1, "expected": 2, "p": 0.001, "causes": []}


def day_row(day: date, side: str, channel: str, acquired: int, cost: int = 0, **more: object) -> dict[str, object]:
    """A row of the roll-up: a quarter of those acquired order, for three times the cost."""
    row = {"day": day, "side": side, "channel": channel, "country": "RU", "touches": acquired * 9, "unrated": ""}
    sums = {"acquired": acquired * WHOLE, "orders": acquired * WHOLE // 4, "value_minor": cost * 3, "cost_minor": cost}
    return row | sums | more


def fill(session: Session, now: datetime, monday: date = MONDAY) -> None:
    """The week of `monday` and the one before it; paid search became dearer."""
    rows = []
    for number in range(-7, 7):
        day = monday + timedelta(days=number)
        rows += [
            day_row(day, "buyer", "parent_referral", 40 + number, 0),
            day_row(day, "buyer", "paid_search", 20, 13_000 if number >= 0 else 8_000),
            day_row(day, "buyer", "seo", 30, 0),
            day_row(day, "buyer", "affiliates", 9, 4_000, country="BR"),
            day_row(day, "seller", "members", 5, 12_345, country="CN"),
        ]
    session.execute(insert(ChannelDay), rows)
    session.add(
        Anomaly(day=monday + timedelta(days=6), since=monday + timedelta(days=3), side="buyer", channel="seo",
                country="BR", measure="acquired", change=-6000, evidence=EVIDENCE, found_at=now)
    )  # fmt: skip
    session.add(
        Budget(month=monday.replace(day=1), channel="paid_search", side="buyer", amount_minor=200_000, currency="USD",
               changed_by="test", changed_at=now)
    )  # fmt: skip
    costs = [
        NewCost(source="file", source_key="paid", day=monday - timedelta(days=back), side="buyer",
                channel="paid_search", amount_minor=8_000, currency="USD")
        for back in range(30)
    ]  # fmt: skip
    record_costs(session, costs, now)
    session.execute(delete(ChannelDayDue))
