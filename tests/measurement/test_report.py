"""The report: its parts sum to the whole, and a change is judged by what it means."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, insert, text
from sqlalchemy.orm import Session

from growth.attribution.channels import keys
from growth.database.workspace import Workspace
from growth.errors import InvalidError
from growth.measurement.figures import Delta, Figures, compare, differ
from growth.measurement.periods import LENGTHS, Period, between, month_of
from growth.measurement.records import ChannelDay
from growth.measurement.report import report
from growth.measurement.sums import figures_by_country
from tests.conftest import NOON
from tests.measurement.test_rolling_up import parts_of

TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def workspace(session: Session) -> None:
    place = Workspace(name="M", time_zone="Asia/Shanghai", currency="USD", sender_name="M", sender_email="m@e.example")
    place.set_up_at = NOON
    session.add(place)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dice=st.randoms(use_true_random=False),
    length=st.sampled_from(LENGTHS),
    country=st.sampled_from([None, "RU", ""]),
    language=st.sampled_from([None, "ru"]),
)
def test_the_parts_sum_to_the_whole(
    session: Session, dice: random.Random, length: int, country: str | None, language: str | None
) -> None:
    session.execute(delete(ChannelDay))
    days = [TODAY - timedelta(days=back) for back in range(-1, 2 * length + 1)]
    choices = (days, ("buyer", "seller"), keys("buyer"), ("RU", "BR", ""), ("ru", "other", ""))
    places = {tuple(dice.choice(choice) for choice in choices) for _ in range(dice.randint(1, 30))}
    rows: list[dict[str, Any]] = [
        dict(zip(("day", "side", "channel", "country", "language"), place, strict=True))
        | {name: dice.randint(0, 9_000_000) for name in Figures.__slots__}
        for place in sorted(places, key=str)
    ]
    session.execute(insert(ChannelDay), rows)
    found = report(session, "buyer", length, country, NOON, language=language)
    assert sum((line.now for line in found.lines), Figures()) == found.total == sum(found.days, Figures())
    assert sum((line.before for line in found.lines), Figures()) == found.before
    for period, total in ((found.period, found.total), (found.period.before, found.before)):
        mine = [row for row in rows if row["side"] == "buyer" and period.first <= row["day"] <= period.last]
        mine = [row for row in mine if country is None or row["country"] == country]
        mine = [row for row in mine if language is None or row["language"] == language]
        for name in Figures.__slots__:
            assert getattr(total, name) == sum(row[name] for row in mine)
    if country is None:
        assert sum(acquired for _, acquired in found.countries) == found.total.acquired
        by_country = figures_by_country(session, "buyer", found.period, language)
        assert sum((figures for _, figures in by_country), Figures()) == found.total


def test_what_there_is_not_is_said(session: Session) -> None:
    with pytest.raises(InvalidError):
        report(session, "buyer", 8, None, NOON)
    for month in ("2026-12", "2026-13", "2026-1", "1999-12", "9999-99", "2026-１１"):
        with pytest.raises(InvalidError) as wrong:
            month_of(month, TODAY)
        assert wrong.value.field == "month"
    odd = {("2026-11-24", "2026-11-01"): "to", ("2025-11-01", "2026-11-24"): "from", ("", "2026-11-01"): "from",
           ("2026-11-01", "2026-11-25"): "to", ("2026-11-1", "2026-11-25"): "from"}  # fmt: skip
    for days, field in odd.items():
        with pytest.raises(InvalidError) as wrong:
            between(*days, TODAY)
        assert wrong.value.field == field


def test_a_period_ends_today_and_the_one_before_ends_where_it_begins(session: Session) -> None:
    period = report(session, "buyer", 7, None, NOON).period
    assert period == Period(date(2026, 11, 18), TODAY)
    assert period.before == Period(date(2026, 11, 11), date(2026, 11, 17))


def test_a_month_ends_today_and_a_leap_day_is_compared_with_the_28th(session: Session) -> None:
    assert month_of("2026-10", TODAY) == Period(date(2026, 10, 1), date(2026, 10, 31))
    assert month_of("2026-11", TODAY) == Period(date(2026, 11, 1), TODAY)
    leap = between("2024-02-29", "2024-02-29", TODAY)
    assert leap.compared("year") == Period(date(2023, 2, 28), date(2023, 2, 28))
    assert leap.compared("none") is None
    october = report(session, "buyer", month_of("2026-10", TODAY), None, NOON, comparison="year")
    assert october.against == Period(date(2025, 10, 1), date(2025, 10, 31))


def test_days_are_open_until_sixty_days_have_passed(session: Session) -> None:
    assert report(session, "buyer", 28, None, NOON).open_since == date(2026, 10, 28)
    assert report(session, "buyer", 90, None, NOON).open_since == date(2026, 9, 25)
    assert report(session, "buyer", month_of("2026-08", TODAY), None, NOON).open_since is None


def test_a_report_reads_few_rows_on_an_index_whatever_the_size_of_the_roll_up(session: Session) -> None:
    session.execute(text("delete from channel_day"))
    session.execute(text("""
        insert into channel_day (day, side, channel, country, language, touches, acquired)
        select day, 'buyer', channel, chr(65 + n / 26) || chr(65 + n % 26), language, 1, 1000000
        from generate_series(date '2026-08-01', date '2026-11-24', interval '1 day') as day,
            unnest(cast(:channels as text[])) as channel, generate_series(0, 39) as n,
            unnest(array['', 'ru']) as language
    """), {"channels": list(keys("buyer"))})  # fmt: skip
    session.execute(text("analyze channel_day, channel_day_total"))
    for country, language in [(None, None), ("AB", None), (None, "ru"), ("AB", "ru")]:
        statements: list[tuple[str, Any]] = []

        def note(*told: Any, seen: list[tuple[str, Any]] = statements) -> None:
            seen.append((told[2], told[3]))

        event.listen(session.connection(), "before_cursor_execute", note)
        report(session, "buyer", 28, country, NOON, language=language)
        event.remove(session.connection(), "before_cursor_execute", note)
        assert len(statements) <= 4
        read = 0
        for statement, values in statements:
            plan = (
                session.connection().exec_driver_sql(f"explain (analyze, format json) {statement}", values).scalar_one()
            )
            for part in parts_of(plan[0]["Plan"]):
                if part.get("Relation Name", "").startswith("channel_day"):
                    assert part["Node Type"] != "Seq Scan", statement
                    read += (part["Actual Rows"] + part.get("Rows Removed by Filter", 0)) * part["Actual Loops"]
        assert read < 56 * 8 + 2 * 28 * 41, (country, language)


def test_in_the_evening_of_utc_it_is_tomorrow_in_shanghai(session: Session) -> None:
    assert report(session, "buyer", 7, None, NOON + timedelta(hours=6)).period.last == date(2026, 11, 25)


def test_a_rise_is_good_or_bad_by_what_it_is_a_rise_of() -> None:
    assert compare(110, 100, more_is="good") == Delta(Decimal("0.1"), "good")
    assert compare(110, 100, more_is="bad") == Delta(Decimal("0.1"), "bad")
    assert compare(90, 100, more_is="bad") == Delta(Decimal("-0.1"), "good")
    assert compare(90, 100, more_is="") == Delta(Decimal("-0.1"), "")
    assert compare(5, 0, more_is="good") == compare(None, 5, more_is="good") == Delta(None, "")


def test_shares_and_ratios_differ_in_points() -> None:
    least = Decimal("0.0005")
    assert differ(Decimal("0.279"), Decimal("0.285"), least=least, more_is="good") == Delta(Decimal("-0.006"), "bad")
    assert differ(Decimal("0.2791"), Decimal("0.279"), least=least, more_is="good").tone == ""
    assert differ(None, Decimal(1), least=least, more_is="good") == Delta(None, "")


def test_nothing_is_divided_by_nothing() -> None:
    assert Figures(cost_minor=5).cost_each is None
    assert Figures(acquired=1_000_000).cost_each is None
    assert Figures(value_minor=5).back is None
    assert Figures(acquired=2_000_000, cost_minor=5, value_minor=15).cost_each == Decimal("2.5")
