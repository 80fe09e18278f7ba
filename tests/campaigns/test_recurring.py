"""Recurring: the moments of a campaign, in any zone and over every change of the clocks."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth.campaigns.occasions.recurring import checked_recurrence, next_occurrence
from growth.errors import InvalidError
from growth.scheduling.when import WEEKDAYS

ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Europe/Moscow", "Australia/Lord_Howe", "America/Sao_Paulo",
         "Pacific/Apia", "Asia/Kathmandu", "Africa/Casablanca")  # fmt: skip
MOMENTS = st.integers(0, 30 * 525_600).map(
    lambda minutes: datetime(2010, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@st.composite
def recurrences(draw: st.DrawFn) -> dict[str, Any]:
    every = draw(st.sampled_from(("day", "week", "month")))
    day = {"day": st.none(), "week": st.sampled_from(WEEKDAYS), "month": st.integers(1, 31)}[every]
    at = f"{draw(st.integers(0, 23)):02}:{draw(st.integers(0, 59)):02}"
    zone = draw(st.sampled_from(ZONES))
    return checked_recurrence({"every": every, "day": draw(day), "at": at, "zone": zone, "until": None})


def days_of(recurrence: dict[str, Any], first: date, number: int) -> list[date]:
    """The plain way: every day of the calendar, one by one."""

    def fits(day: date) -> bool:
        if recurrence["every"] == "month":
            return bool(day.day == recurrence["day"]) or (
                (day + timedelta(days=1)).day == 1 and day.day < recurrence["day"]
            )
        return bool(recurrence["every"] == "day" or WEEKDAYS[day.weekday()] == recurrence["day"])

    return [day for one in range(number) if fits(day := first + timedelta(days=one))]


@given(recurrences(), MOMENTS)
def test_every_day_of_the_calendar_has_its_moment_and_none_has_two(recurrence: dict[str, Any], start: datetime) -> None:
    zone = ZoneInfo(recurrence["zone"])
    found = [start]
    for _ in range(5):
        following = next_occurrence(recurrence, found[-1])
        assert following is not None
        found.append(following)
    moments = found[1:]
    assert found == sorted(set(found))
    span = (moments[-1] - start).days + 3
    # Samoa had no 30 December 2011; its moment is that of the day after.
    hour, minute = map(int, recurrence["at"].split(":"))
    wanted = {
        datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)
        for day in days_of(recurrence, start.astimezone(zone).date() - timedelta(days=1), span + 1)
    }
    assert moments == sorted(moment for moment in wanted if start < moment <= moments[-1])


@given(recurrences(), MOMENTS)
def test_the_local_time_is_the_one_asked_for_unless_the_clocks_leave_it_out(
    recurrence: dict[str, Any], start: datetime
) -> None:
    moment = next_occurrence(recurrence, start)
    assert moment is not None
    local = moment.astimezone(ZoneInfo(recurrence["zone"]))
    hour, minute = map(int, recurrence["at"].split(":"))
    asked = local.replace(hour=hour, minute=minute, fold=0)
    exists = asked.astimezone(UTC).astimezone(asked.tzinfo).replace(tzinfo=None) == asked.replace(tzinfo=None)
    assert not exists or (local.hour, local.minute) == (hour, minute) or local.date() != asked.date()


def test_clocks_put_forward_and_back() -> None:
    daily = checked_recurrence({"every": "day", "at": "02:30", "zone": "America/New_York"})
    spring = next_occurrence(daily, datetime(2027, 3, 13, 12, tzinfo=UTC))
    assert spring == datetime(2027, 3, 14, 7, 30, tzinfo=UTC)  # 03:30, since 02:30 isn't there
    assert next_occurrence(daily, spring) == datetime(2027, 3, 15, 6, 30, tzinfo=UTC)
    autumn = checked_recurrence({"every": "day", "at": "01:30", "zone": "America/New_York"})
    first = next_occurrence(autumn, datetime(2027, 11, 7, 0, tzinfo=UTC))
    assert first == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
    assert next_occurrence(autumn, first) == datetime(2027, 11, 8, 6, 30, tzinfo=UTC)


def test_the_last_day_of_a_short_month_and_the_end() -> None:
    monthly = checked_recurrence({"every": "month", "day": "31", "at": "9:00", "zone": "UTC", "until": "2027-03-31"})
    moments = [datetime(2027, 1, 1, tzinfo=UTC)]
    while (following := next_occurrence(monthly, moments[-1])) is not None:
        moments.append(following)
    assert [moment.day for moment in moments[1:]] == [31, 28, 31]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"every": "year"}, "every"),
        ({"every": "week", "day": "monday"}, "weekday"),
        ({"every": "month", "day": "32"}, "month_day"),
        ({"every": "month", "day": "9" * 5000}, "month_day"),
        ({"at": "25:00"}, "time"),
        ({"at": ""}, "time"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"until": "soon"}, "until"),
        ({"until": "9999-12-31"}, "until"),
    ],
)
def test_what_can_not_be_meant_is_said(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        checked_recurrence({"every": "day", "at": "10:00", "zone": "UTC"} | change)
    assert caught.value.field == field
