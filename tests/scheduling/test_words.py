"""Schedules, policies and outcomes in words."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from growth.locales import LOCALES
from growth.scheduling.declare import find_job
from growth.scheduling.progress import progress
from growth.scheduling.when import Cron, Daily, Every, Hourly, Once, When
from growth.scheduling.words import (
    outcome_in_words,
    policy_in_words,
    schedule_in_words,
    starter_in_words,
    zone_in_words,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (None, "Only by hand"),
        (Every(minutes=1), "Every minute"),
        (Every(seconds=60), "Every minute"),
        (Every(minutes=90), "Every 90 minutes"),
        (Every(hours=3), "Every 3 hours"),
        (Every(days=1), "Every day"),
        (Hourly(5), "Every hour at :05"),
        (Daily("06:00"), "Every day at 6:00\u202fAM"),
        (Daily("06:00", ("fri", "mon")), "Mon, Fri at 6:00\u202fAM"),
        (Daily("18:30", ("mon", "tue", "wed", "thu", "fri")), "Monday to Friday at 6:30\u202fPM"),
        (Cron("0 6 1 * *"), "0 6 1 * * (cron)"),
        (Once(NOON), "Once, Nov 24, 2026, 8:00:00\u202fPM"),
    ],
)
def test_schedules(when: When | None, words: str) -> None:
    assert schedule_in_words(when, "en", "Asia/Shanghai") == words


@given(
    some.one_of(
        some.builds(Every, minutes=some.integers(1, 10_000)),
        some.builds(Hourly, some.integers(0, 59)),
        some.builds(Daily, some.just("23:59"), some.lists(some.sampled_from(["mon", "sat", "sun"])).map(tuple)),
    ),
    some.sampled_from(LOCALES),
)
def test_every_schedule_has_words_in_every_language(when: When, locale: str) -> None:
    words = schedule_in_words(when, locale, "UTC")
    assert words
    assert "%(" not in words


def test_places() -> None:
    assert zone_in_words("Asia/Shanghai", "zh_CN") == "上海"
    assert zone_in_words("America/Argentina/Buenos_Aires", "en") == "Buenos Aires"
    assert zone_in_words("UTC", "ru") == "UTC"


def test_policies() -> None:
    once, skip, by_hand = (
        " ".join(policy_in_words(find_job(key), "en")) for key in ("miss_once", "miss_and_skip", "live_apart")
    )
    assert "it runs once, late, for all it missed" in once
    assert "left out, unless the delay is short (5 minutes at most)" in skip
    assert "up to 3 times (first wait: 1 minute; then longer)" in skip
    assert "nobody was there" not in by_hand
    assert "it waits for somebody to try it again" in by_hand


def test_outcomes() -> None:
    words = {"message": "Since %(since)s.", "remedy": "Ask %(who)s.", "values": {"since": str(NOON), "who": "Lin"}}
    assert outcome_in_words(words, "en", "Asia/Shanghai") == ("Since Nov 24, 2026, 8:00:00\u202fPM.", "Ask Lin.")
    assert outcome_in_words(None, "en", "UTC") == ("", "")
    broken = {"message": "%(who)s is 100% gone.", "values": {"other": 1}}
    assert outcome_in_words(broken, "en", "UTC") == ("%(who)s is 100% gone.", "")
    assert starter_in_words("schedule", "en") == "By schedule"
    assert starter_in_words("person:lin@example.com", "en") == "By lin@example.com"
    assert starter_in_words("fail_as_told", "en") == "By “Fail”"
    assert starter_in_words("campaign", "en") == "By campaign"


def test_progress_is_reckoned_from_where_it_was_taken_up_again() -> None:
    day_later = NOON + timedelta(days=1)
    found = progress(1200, 3600, since=day_later - timedelta(seconds=10), done_before=1000, now=day_later)
    assert (found.share, found.rate, found.left) == (1200 / 3600, 20.0, timedelta(seconds=120))


@given(
    done=some.integers(0, 10**9),
    total=some.none() | some.integers(0, 10**9),
    before=some.integers(0, 10**9),
    seconds=some.floats(-1e6, 1e6),
)
def test_progress_never_promises_nonsense(done: int, total: int | None, before: int, seconds: float) -> None:
    found = progress(done, total, since=NOON, done_before=before, now=NOON + timedelta(seconds=seconds))
    assert found.share is None or 0 <= found.share <= 1
    assert found.left is None or timedelta(0) <= found.left <= timedelta(days=99)
    assert found.rate is None or found.rate > 0


@given(some.integers(1, 10**6), some.integers(1, 100))
def test_the_time_left_shrinks_with_what_is_done(total: int, seconds: int) -> None:
    now = NOON + timedelta(seconds=seconds + 2)
    lefts = [
        left
        for done in range(0, total + 1, max(total // 10, 1))
        if (left := progress(done, total, since=NOON, done_before=0, now=now).left) is not None
    ]
    assert all(later <= earlier for earlier, later in pairwise(lefts))
