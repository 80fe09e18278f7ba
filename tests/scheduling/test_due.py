"""Laws of due times, and what becomes of those that were missed."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth.errors import InvalidError
from growth.scheduling.declare import find_job
from growth.scheduling.due import PUNCTUAL, decide, due_times, next_due
from growth.scheduling.firing import jitter
from growth.scheduling.when import WEEKDAYS, Cron, Daily, Every, Hourly, Once, When, from_json, from_text

ZONES = ["UTC", "Europe/Moscow", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe"]
DAYS = st.lists(st.sampled_from(WEEKDAYS), unique=True).map(tuple)
TIMES = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
FIELDS = st.tuples(
    st.sampled_from(["*", "*/7", "0", "15,45", "10-20"]),
    st.sampled_from(["*", "*/5", "2", "1-3", "0,23"]),
    st.just("*"),
    st.sampled_from(["*", "3,10", "*/4"]),
    st.sampled_from(["*", "0", "7", "1-5", "fri-mon", "*/2"]),
)
SCHEDULES: st.SearchStrategy[When] = st.one_of(
    st.builds(Every, seconds=st.integers(1, 10**6)),
    st.builds(Hourly, st.integers(0, 59)),
    st.builds(Daily, TIMES, DAYS),
    FIELDS.map(lambda fields: Cron(" ".join(fields))),
)
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
CLOCKS_CHANGE = st.sampled_from(
    [
        datetime(2026, 3, 29, 0, 20, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 20, tzinfo=UTC),
        datetime(2026, 11, 1, 5, 10, tzinfo=UTC),
    ]
)


@given(SCHEDULES, st.sampled_from(ZONES), MOMENTS | CLOCKS_CHANGE)
def test_due_times_strictly_increase(when: When, zone: str, after: datetime) -> None:
    due = list(islice(due_times(when, zone, after), 12))
    assert len(due) == 12
    assert all(earlier < later for earlier, later in zip([after, *due], due, strict=False))


@given(SCHEDULES, st.sampled_from(ZONES), MOMENTS | CLOCKS_CHANGE, st.floats(0, 1))
def test_schedulers_that_look_at_other_moments_agree(when: When, zone: str, after: datetime, share: float) -> None:
    first = next_due(when, zone, after)
    assert first is not None
    between = after + (first - after) * share
    assert next_due(when, zone, between) == first or between == first


@given(SCHEDULES)
def test_a_schedule_comes_back_from_the_database_as_it_was(when: When) -> None:
    again = from_json(when.as_json())
    assert again.as_json() == when.as_json()
    assert next_due(again, "UTC", datetime(2026, 1, 1, tzinfo=UTC)) == next_due(
        when, "UTC", datetime(2026, 1, 1, tzinfo=UTC)
    )


@given(MOMENTS)
def test_jitter_stays_below_its_bound_and_is_the_same_everywhere(due_at: datetime) -> None:
    job = find_job("miss_and_skip")
    delays = [jitter(job, due_at + timedelta(days=day)) for day in range(20)]
    assert all(timedelta(0) <= delay <= job.jitter for delay in delays)
    assert len(set(delays)) > 1
    assert jitter(job, due_at) == jitter(job, due_at.astimezone(ZoneInfo("Asia/Shanghai")))


@given(SCHEDULES, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=3)), st.sampled_from(["once", "skip"]))
def test_what_is_decided_about_an_absence(when: When, after: datetime, absence: timedelta, missed: str) -> None:
    first = next_due(when, "Europe/Berlin", after)
    assert first is not None
    now = first + absence
    grace = timedelta(minutes=5)
    decision = decide(when, "Europe/Berlin", first=first, now=now, missed=missed, grace=grace)  # type: ignore[arg-type]  # one of the two
    assert decision.next == next_due(when, "Europe/Berlin", now)
    named = [*decision.fire, *([decision.skip] if decision.skip else [])]
    assert named, "no due time passes without a word"
    assert all(first <= due <= now for due in named)
    following = next_due(when, "Europe/Berlin", named[-1])
    assert following is None or following > now, "the latest is among them"
    if absence <= PUNCTUAL:
        assert decision.skip is None
        assert decision.fire[0] == first
    else:
        assert len(named) == 1
        late = now - named[0] > grace
        assert bool(decision.skip) == (missed == "skip" and late)


def test_daily_happens_once_a_day_when_clocks_change() -> None:
    winter = list(islice(due_times(Daily("02:30"), "Europe/Berlin", datetime(2026, 10, 24, 12, tzinfo=UTC)), 3))
    assert [due.isoformat() for due in winter] == [
        "2026-10-25T00:30:00+00:00",
        "2026-10-26T01:30:00+00:00",
        "2026-10-27T01:30:00+00:00",
    ]
    summer = list(islice(due_times(Daily("02:30"), "Europe/Berlin", datetime(2026, 3, 28, 12, tzinfo=UTC)), 2))
    assert [due.isoformat() for due in summer] == ["2026-03-29T01:30:00+00:00", "2026-03-30T00:30:00+00:00"]


def test_hourly_goes_on_when_clocks_change() -> None:
    due = list(islice(due_times(Hourly(30), "Europe/Berlin", datetime(2026, 10, 24, 23, 45, tzinfo=UTC)), 4))
    assert [moment.hour for moment in due] == [0, 1, 2, 3]


def test_a_pace_is_counted_from_the_same_moment_everywhere() -> None:
    for after in (datetime(2026, 11, 24, 12, 1, tzinfo=UTC), datetime(2026, 11, 24, 12, 14, 59, 999999, tzinfo=UTC)):
        assert next_due(Every(minutes=15), "UTC", after) == datetime(2026, 11, 24, 12, 15, tzinfo=UTC)


def test_a_single_moment_comes_once() -> None:
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert next_due(Once(at), "UTC", at - timedelta(seconds=1)) == at
    assert next_due(Once(at), "UTC", at) is None


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("0 6 * * 0", "sun"),
        ("0 6 * * 7", "sun"),
        ("0 6 * * 1-5", "mon,tue,wed,thu,fri"),
        ("0 6 * * fri-mon", "mon,fri,sat,sun"),
        ("0 6 * * */2", "tue,thu,sat,sun"),
        ("0 6 * * MON,3", "mon,wed"),
    ],
)
def test_days_of_the_week_count_as_in_cron(expression: str, days: str) -> None:
    assert Cron(expression).fields.day_of_week == days


@pytest.mark.parametrize(
    "expression",
    ["", "* * * *", "* * * * * *", "61 * * * *", "* 24 * * *", "a b c d e", "* * * * 8", "* * * * mon-", "*/0 * * * *",
     "0 0 1 * 1", "0 0 * * 1-5/0", "5-1 * * * *", "* * * * ٣", "0 0 32 * *", "0 0 * 13 *"],
)  # fmt: skip
def test_what_is_no_cron_expression_is_said_to_be_none(expression: str) -> None:
    with pytest.raises(InvalidError) as raised:
        Cron(expression)
    assert raised.value.field == "expression"


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("every 5 minutes", Every(minutes=5)),
        ("every 1 hour", Every(hours=1)),
        ("hourly 15", Hourly(15)),
        ("daily 06:00", Daily("06:00")),
        ("mon,fri 06:30", Daily("06:30", ("mon", "fri"))),
        ("0 6 * * 1", Cron("0 6 * * 1")),
    ],
)
def test_a_schedule_as_people_type_it(text: str, when: When) -> None:
    assert from_text(text) == when


@pytest.mark.parametrize(
    "text", ["", "often", "every 0 minutes", "every x minutes", "daily 25:00", "xyz 06:00", "hourly 77"]
)
def test_a_schedule_that_cannot_be_read(text: str) -> None:
    with pytest.raises(InvalidError):
        from_text(text)


def test_a_time_zone_that_does_not_exist() -> None:
    with pytest.raises(InvalidError) as raised:
        Daily("06:00", time_zone="Europe/Atlantis")
    assert raised.value.field == "time_zone"


def test_a_schedule_that_never_comes_due() -> None:
    assert next_due(Cron("0 0 31 2 *"), "UTC", datetime(2026, 1, 1, tzinfo=UTC)) is None
