"""The watch over the clock: it tells one that was set from a machine that slept, and pauses once."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.records import Campaign
from growth.campaigns.sending.clock_watch import LEAST, moved, moved_lately, watch
from growth.campaigns.sending.records import ClockReading
from growth.clock import FixedClock, Running, SystemClock
from tests.campaigns.planned import NOW
from tests.campaigns.sending import add_campaign

STEPS = st.timedeltas(timedelta(days=-400), timedelta(days=400))
PASSED = st.timedeltas(timedelta(0), timedelta(days=400))


@given(PASSED, STEPS)
def test_what_was_set_is_what_time_did_not_bring(passed: timedelta, step: timedelta) -> None:
    before = ClockReading(start="a", at=NOW, seconds=50.0)
    found = moved(before, NOW, NOW + passed + step, Running("a", 50.0 + passed.total_seconds()))
    assert abs(found - (step if abs(step) > LEAST else timedelta())) < timedelta(milliseconds=1) or (
        abs(abs(step) - LEAST) < timedelta(milliseconds=1)
    )


@given(STEPS)
def test_of_a_new_start_only_a_clock_that_is_behind_can_be_told(step: timedelta) -> None:
    assert moved(None, NOW, NOW + step, Running("b", 5.0)) == (step if step < -LEAST else timedelta())
    assert moved(None, None, NOW + step, Running("b", 5.0)) == timedelta()


@pytest.mark.parametrize("hours", [-1, 1])
def test_it_pauses_what_is_sent_and_what_is_due_once(session: Session, hours: int) -> None:
    clock = FixedClock(NOW)
    names = {add_campaign(session, NOW, name=state, state=state).name for state in ("sending", "draft", "sent", "asks")}
    add_campaign(session, NOW, name="due", scheduled_at=NOW - timedelta(hours=2))
    add_campaign(session, NOW, name="next week", scheduled_at=NOW + timedelta(days=7))
    assert watch(session, clock) is None
    clock.set_by(timedelta(hours=hours))
    trouble = watch(session, clock)
    assert trouble is not None
    assert trouble.values == {"minutes": 60}
    paused = session.scalars(select(Campaign.name).where(Campaign.state == "paused")).all()
    assert set(paused) == {"sending", "due"}
    assert names >= {"sending"}
    for campaign in session.scalars(select(Campaign).where(Campaign.state == "paused")):
        campaign.state = "sending"
    session.flush()
    clock.moment += timedelta(minutes=1)
    assert watch(session, clock) is None
    assert moved_lately(session, clock.now()) is not None
    clock.moment += timedelta(days=3)
    assert watch(session, clock) is None
    assert moved_lately(session, clock.now()) is None


def test_a_machine_that_slept_for_a_night_is_none_that_was_set(session: Session) -> None:
    clock = FixedClock(NOW)
    watch(session, clock)
    clock.moment += timedelta(hours=9)
    assert watch(session, clock) is None


def test_a_machine_whose_battery_died_starts_behind(session: Session) -> None:
    watch(session, FixedClock(NOW))
    trouble = watch(session, FixedClock(NOW - timedelta(hours=1)))
    assert trouble is not None
    assert trouble.sentence.startswith("The clock of this computer was put back")


def test_the_machines_own_clock_agrees_with_how_long_it_has_run() -> None:
    clock = SystemClock()
    at, running = clock.now(), clock.running()
    before = ClockReading(start=running.start, at=at, seconds=running.seconds)
    assert clock.running().start == running.start
    assert moved(before, at, clock.now(), clock.running()) == timedelta()


def test_a_real_machine_whose_clock_said_something_else_an_hour_ago(session: Session) -> None:
    clock = SystemClock()
    assert watch(session, clock) is None
    kept = session.get_one(ClockReading, clock.running().start)
    kept.at -= timedelta(hours=1)
    session.flush()
    trouble = watch(session, clock)
    assert trouble is not None
    assert trouble.sentence % trouble.values == "The clock of this computer was put forward by 60 minutes."
    assert watch(session, clock) is None
