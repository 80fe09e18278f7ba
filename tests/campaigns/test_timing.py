"""Laws of timing: never in quiet hours, never early, within a day, in order; on every day and in every zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth.campaigns.sending.country_zones import MAIN_ZONES
from growth.campaigns.sending.timing import (
    AT_ONCE,
    Quiet,
    after_quiet,
    at_hour,
    is_quiet,
    moments,
    places,
    quiet_now,
    zone_named,
)

ZONES = sorted(set(places().values()))
RUSSIA = (
    "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Krasnoyarsk",
    "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka",
)  # fmt: skip

zones = st.sampled_from(ZONES).map(zone_named)
# Beside any moment, the days on which many clocks change, and Lord Howe's by half an hour.
changes = st.sampled_from([
    datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
])  # fmt: skip
minutes = st.integers(-2000, 2000).map(lambda number: timedelta(minutes=number))
near_changes = st.builds(lambda change, by: change + by, changes, minutes)
any_time = st.integers(0, 6 * 365 * 86_400).map(lambda s: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
times = near_changes | any_time
quiets = st.builds(
    lambda begin, length: Quiet(begin, (begin + length) % 1440), st.integers(0, 1439), st.integers(1, 1200)
)


@given(times, zones, quiets)
def test_nothing_is_due_in_quiet_hours(moment: datetime, zone: ZoneInfo, quiet: Quiet) -> None:
    due = after_quiet(moment, zone, quiet)
    assert not is_quiet(due, zone, quiet)
    assert moment <= due <= moment + timedelta(hours=22)
    if not is_quiet(moment, zone, quiet):
        assert due == moment


@given(times, st.timedeltas(timedelta(0), timedelta(days=3)), zones, quiets)
def test_who_comes_first_goes_first(moment: datetime, later: timedelta, zone: ZoneInfo, quiet: Quiet) -> None:
    assert after_quiet(moment, zone, quiet) <= after_quiet(moment + later, zone, quiet)


@given(times, st.timedeltas(timedelta(0), timedelta(days=3)), zones, st.integers(0, 23))
def test_the_hour_comes_within_a_day_and_in_order(
    moment: datetime, later: timedelta, zone: ZoneInfo, hour: int
) -> None:
    due = at_hour(moment, zone, hour)
    assert moment <= due <= moment + timedelta(hours=25)
    assert due <= at_hour(moment + later, zone, hour)
    local = due.astimezone(zone)
    skipped = (due - timedelta(seconds=1)).astimezone(zone).utcoffset() != local.utcoffset()
    assert (local.hour, local.minute) == (hour, 0) or skipped


def test_russia_gets_it_at_ten_in_each_of_its_eleven_zones() -> None:
    start = datetime(2026, 11, 24, 12, tzinfo=UTC)
    due = [at_hour(start, zone_named(name), 10) for name in RUSSIA]
    assert len(set(due)) == 11
    assert due[0] - due[-1] == timedelta(hours=10)  # Kaliningrad has its morning ten hours after Kamchatka
    assert {moment.astimezone(zone_named(name)).hour for moment, name in zip(due, RUSSIA, strict=True)} == {10}


def test_across_the_date_line() -> None:
    start = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert at_hour(start, zone_named("Pacific/Kiritimati"), 10) == datetime(2026, 11, 24, 20, tzinfo=UTC)
    assert at_hour(start, zone_named("Pacific/Pago_Pago"), 10) == datetime(2026, 11, 24, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "start", "hour", "due"),
    [
        ("America/New_York", "2026-03-08T05:00Z", 2, "2026-03-08T07:00Z"),  # skipped: at the change, 3:00 of summer
        ("America/New_York", "2026-11-01T04:30Z", 1, "2026-11-01T05:00Z"),  # comes twice: at the first
        ("America/New_York", "2026-10-31T14:00:01Z", 10, "2026-11-01T15:00Z"),  # of a day of 25 hours
        ("Australia/Lord_Howe", "2026-10-03T14:00Z", 2, "2026-10-03T15:30Z"),  # half an hour is skipped
        ("America/Sao_Paulo", "2026-11-24T12:00Z", 9, "2026-11-24T12:00Z"),  # this very moment counts
    ],
)
def test_days_on_which_clocks_change(name: str, start: str, hour: int, due: str) -> None:
    found = at_hour(datetime.fromisoformat(start), zone_named(name), hour)
    assert found == datetime.fromisoformat(due)


def test_a_quiet_night_that_the_clocks_shorten_or_lengthen() -> None:
    new_york, night = zone_named("America/New_York"), Quiet(21 * 60, 90)
    second = datetime(2026, 11, 1, 6, 10, tzinfo=UTC)  # 1:10 for the second time
    assert after_quiet(second, new_york, night) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    until_half_past_two = Quiet(21 * 60, 150)
    before = datetime(2026, 3, 8, 6, 59, tzinfo=UTC)  # 1:59, and then it is 3:00
    assert after_quiet(before, new_york, until_half_past_two) == datetime(2026, 3, 8, 7, tzinfo=UTC)


def test_every_country_has_a_zone_that_is_known() -> None:
    assert set(MAIN_ZONES.values()) <= set(ZONES)
    assert len(MAIN_ZONES) == 247
    assert (MAIN_ZONES["RU"], MAIN_ZONES["US"], MAIN_ZONES["BR"]) == (
        "Europe/Moscow",
        "America/New_York",
        "America/Sao_Paulo",
    )


@given(times, quiets | st.none(), st.sampled_from(ZONES), st.integers(0, 24))
def test_the_table_says_what_the_functions_say(moment: datetime, quiet: Quiet | None, name: str, hour: int) -> None:
    start = moment.replace(microsecond=0)
    table = moments(start, quiet, "Asia/Shanghai", (hour,))
    zone = zone_named(name)
    base = start if hour == AT_ONCE else at_hour(start, zone, hour)
    due = table.due[table.places[name]][hour]
    assert (start if due is None else datetime.fromtimestamp(due, UTC)) == after_quiet(base, zone, quiet)
    now = quiet_now(start.replace(second=0), quiet, "Asia/Shanghai")
    assert bool(now.get(name, 0)) == is_quiet(start.replace(second=0), zone, quiet) or quiet is None
