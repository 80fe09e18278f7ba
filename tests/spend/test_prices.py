"""Prices: each day has its own, and hours cost what they did on their day."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.costing import cost_messages
from growth.database.workspace import Workspace
from growth.errors import InvalidError, RefusedError
from growth.money import Money
from growth.spend.hours import record_hours
from growth.spend.prices import price_on, priced, set_price
from growth.spend.records import Cost
from tests.conftest import NOON

DAY = date(2026, 11, 20)


def test_each_day_has_its_price(session: Session) -> None:
    session.add(Workspace(name="M", time_zone="UTC", currency="USD", sender_name="M", sender_email="m", set_up_at=NOON))
    with pytest.raises(RefusedError):
        record_hours(session, DAY, "Wang", Decimal(2), channel="offline", actor="m", now=NOON)
    for since, minor in ((date(2026, 11, 1), 9_000), (date(2026, 11, 21), 10_000)):
        set_price(session, "rep_hour", since, Money(minor, "CNY"), actor="m", now=NOON)
    assert price_on(session, "rep_hour", DAY) == Money(9_000, "CNY")
    for hours in ("2", "6.5"):
        record_hours(session, DAY, "王伟", Decimal(hours), channel="offline", actor="m", now=NOON)
    assert session.scalars(select(Cost.amount_minor)).all() == [58_500]
    with pytest.raises(InvalidError):
        set_price(session, "coffee", DAY, Money(1, "CNY"), actor="m", now=NOON)
    set_price(session, "email", DAY, Money(120, "USD"), actor="m", now=NOON)
    assert cost_messages(session, NOON) == 0


def test_rounding_is_half_to_even() -> None:
    assert priced(Money(5, "USD"), Decimal("0.5")) == Money(2, "USD")
