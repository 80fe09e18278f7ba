"""The report: its parts sum to the whole, and a change is judged by what it means."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from growth.attribution.channels import keys
from growth.database.workspace import Workspace
from growth.errors import InvalidError, NotFoundError
from growth.measurement.figures import Delta, Figures, compare
from growth.measurement.periods import LENGTHS, Period
from growth.measurement.records import ChannelDay
from growth.measurement.report import channel_days, report
from tests.conftest import NOON

TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def workspace(session: Session) -> None:
    place = Workspace(name="M", time_zone="Asia/Shanghai", currency="USD", sender_name="M", sender_email="m@e.example")
    place.set_up_at = NOON
    session.add(place)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dice=st.randoms(use_true_random=False), length=st.sampled_from(LENGTHS), country=st.sampled_from([None, "RU", ""])
)
def test_the_parts_sum_to_the_whole(session: Session, dice: random.Random, length: int, country: str | None) -> None:
    session.execute(delete(ChannelDay))
    days = [TODAY - timedelta(days=back) for back in range(-1, 2 * length + 1)]
    choices = (days, ("buyer", "seller"), keys("buyer"), ("RU", "BR", ""))
    places = {tuple(dice.choice(choice) for choice in choices) for _ in range(dice.randint(1, 30))}
    rows: list[dict[str, Any]] = [
        dict(zip(("day", "side", "channel", "country"), place, strict=True))
        | {name: dice.randint(0, 9_000_000) for name in Figures.__slots__}
        for place in sorted(places, key=str)
    ]
    session.execute(insert(ChannelDay), rows)
    found = report(session, "buyer", length, country, NOON)
    assert sum((line.now for line in found.lines), Figures()) == found.total == sum(found.days, Figures())
    assert sum((line.before for line in found.lines), Figures()) == found.before
    for period, total in ((found.period, found.total), (found.period.before, found.before)):
        mine = [row for row in rows if row["side"] == "buyer" and period.first <= row["day"] <= period.last]
        mine = [row for row in mine if country is None or row["country"] == country]
        assert total.cost_minor == sum(row["cost_minor"] for row in mine)
    for line in found.lines:
        one = channel_days(session, "buyer", line.channel, days=length, country=country, now=NOON)
        assert one.total == line.now == sum((figures for _, figures in one.countries), Figures())
    if country is None:
        assert sum(acquired for _, acquired in found.countries) == found.total.acquired


def test_what_there_is_not_is_said(session: Session) -> None:
    with pytest.raises(InvalidError):
        report(session, "buyer", 8, None, NOON)
    with pytest.raises(NotFoundError):
        channel_days(session, "seller", "seo", days=7, country=None, now=NOON)


def test_a_period_ends_today_and_the_one_before_ends_where_it_begins(session: Session) -> None:
    period = report(session, "buyer", 7, None, NOON).period
    assert period == Period(date(2026, 11, 18), TODAY)
    assert period.before == Period(date(2026, 11, 11), date(2026, 11, 17))


def test_in_the_evening_of_utc_it_is_tomorrow_in_shanghai(session: Session) -> None:
    assert report(session, "buyer", 7, None, NOON + timedelta(hours=6)).period.last == date(2026, 11, 25)


def test_a_rise_is_good_or_bad_by_what_it_is_a_rise_of() -> None:
    assert compare(110, 100, more_is="good") == Delta(Decimal("0.1"), "good")
    assert compare(110, 100, more_is="bad") == Delta(Decimal("0.1"), "bad")
    assert compare(90, 100, more_is="bad") == Delta(Decimal("-0.1"), "good")
    assert compare(90, 100, more_is="") == Delta(Decimal("-0.1"), "")
    assert compare(5, 0, more_is="good") == compare(None, 5, more_is="good") == Delta(None, "")


def test_nothing_is_divided_by_nothing() -> None:
    assert Figures(cost_minor=5).cost_each is None
    assert Figures(acquired=1_000_000).cost_each is None
    assert Figures(value_minor=5).back is None
    assert Figures(acquired=2_000_000, cost_minor=5, value_minor=15).cost_each == Decimal("2.5")
