"""Moments, numbers and money as four languages write them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth.locales import LOCALES
from growth.money import Money
from growth.web.formats import (
    ago_text,
    compact_text,
    exact_text,
    moment_text,
    money_text,
    number_text,
    percent_text,
    span_text,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NARROW = "\N{NARROW NO-BREAK SPACE}"
FIXED = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("locale", "shown"),
    [("en", f"8:30{NARROW}PM"), ("ru", "20:30"), ("pt_BR", "20:30"), ("zh_CN", "20:30")],
)
def test_a_moment_of_today_is_its_time_in_the_viewers_zone(locale: str, shown: str) -> None:
    assert moment_text(NOW + timedelta(minutes=30), locale, "Asia/Shanghai", NOW) == shown


def test_today_is_the_viewers_day() -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert moment_text(late, "ru", "UTC", NOW) == "23:30"
    assert moment_text(late, "ru", "Asia/Shanghai", NOW).startswith("25 нояб")


def test_another_year_is_named() -> None:
    assert "2025" in moment_text(NOW.replace(year=2025), "en", "UTC", NOW)
    assert "2026" not in moment_text(NOW.replace(month=1), "en", "UTC", NOW)


def test_yuan_are_not_yen() -> None:
    assert money_text(Money(1_980_000, "CNY"), "en") == "CN¥19,800.00"
    assert money_text(Money(1_980_000, "CNY"), "ru") == f"19{FIXED}800,00{FIXED}CN¥"
    assert money_text(Money(500, "JPY"), "en") == "¥500"
    assert money_text(Money(7_255_249, "USD"), "en", whole=True) == "$72,552"


def test_figures_follow_the_locale() -> None:
    assert number_text(1234.5, "pt_BR") == "1.234,5"
    assert number_text(1234.5, "en", 0) == "1,234"
    assert percent_text(0.279, "en", 1) == "27.9%"
    assert percent_text(0.279, "ru", 1) == f"27,9{FIXED}%"
    assert compact_text(12_000, "en") == "12K"


def test_spans_and_distances_are_in_words() -> None:
    assert span_text(180, "en") == "3 min"
    assert span_text(0.25, "en") == "250 ms"
    assert ago_text(NOW - timedelta(minutes=3), "en", NOW) == "3 minutes ago"
    assert ago_text(NOW + timedelta(hours=2), "ru", NOW) == "через 2 часа"


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - zone given apart
    st.sampled_from(LOCALES),
    st.sampled_from(["UTC", "Asia/Shanghai", "America/Sao_Paulo", "Europe/Moscow", "Asia/Kathmandu"]),
)
def test_every_moment_can_be_told(moment: datetime, locale: str, zone: str) -> None:
    assert moment_text(moment, locale, zone, NOW)
    assert exact_text(moment, locale, zone)
    assert ago_text(moment, locale, NOW)


@given(st.decimals(-(10**12), 10**12, places=4), st.sampled_from(LOCALES))
def test_every_number_can_be_told(value: float, locale: str) -> None:
    assert number_text(value, locale, 2)
    assert percent_text(value, locale, 1)
    assert compact_text(value, locale)
