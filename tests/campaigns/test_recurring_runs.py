"""Recurring campaigns on their way: one run a time, the next one after it, and never several at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from growth.campaigns import planning, running
from growth.campaigns.records import Campaign, CampaignRun
from growth.campaigns.states import State
from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.errors import ConflictError, InvalidError
from tests.campaigns.planned import MINE, NOW, make
from tests.campaigns.sending import Worker, add_people
from tests.campaigns.test_send import received
from tests.sandbox.running import Running

DAILY: dict[str, Any] = {"every": "day", "day": None, "at": "13:00", "zone": "UTC", "until": None}


def daily(session: Session, **more: Any) -> Campaign:
    campaign = make(session, kind="recurring", recurrence=DAILY | more)
    return planning.schedule(session, campaign.id, at=None, version=1, actor=MINE, now=NOW, reached=1)


def test_it_begins_at_its_first_time(session: Session) -> None:
    campaign = daily(session)
    assert campaign.scheduled_at == NOW + timedelta(hours=1)
    planning.take_back(session, campaign.id, actor=MINE, now=NOW)
    campaign.recurrence = DAILY | {"until": "2026-11-23"}
    with pytest.raises(InvalidError, match="last day has passed"):
        planning.schedule(session, campaign.id, at=None, version=1, actor=MINE, now=NOW, reached=1)


def test_missed_times_are_asked_about_once(session: Session) -> None:
    campaign = daily(session)
    later = NOW + timedelta(days=4)
    assert running.begin_due(session, later) == (0, ["Welcome"])
    assert running.begin_due(session, later) == (0, [])
    assert campaign.state == State.ASKS
    planning.skip(session, campaign.id, actor=MINE, now=later)
    assert (campaign.state, campaign.scheduled_at) == (State.SCHEDULED, later + timedelta(hours=1))
    assert session.scalars(select(CampaignRun)).all() == []


def test_a_missed_time_is_sent_late_when_somebody_says_so(session: Session) -> None:
    campaign = daily(session)
    later = NOW + timedelta(days=4)
    running.begin_due(session, later)
    planning.schedule(session, campaign.id, at=None, version=1, actor=MINE, now=later, reached=1)
    assert campaign.scheduled_at == later
    assert running.begin_due(session, later) == (1, [])


def test_one_that_goes_out_once_leaves_nothing_out(session: Session) -> None:
    campaign = make(session, state=State.ASKS)
    with pytest.raises(ConflictError):
        planning.skip(session, campaign.id, actor=MINE, now=NOW)


def test_three_days_and_the_end(engine: Engine, clock: FixedClock, worker: Worker, mail: Running) -> None:
    with transaction(engine) as session:
        add_people(session, 2, clock.now())
        campaign = daily(session, until="2026-11-26").id
    for day in range(3):
        clock.moment = datetime(2026, 11, 24 + day, 13, 0, tzinfo=UTC)
        for _ in range(2):  # two ticks of one minute begin it once
            worker.tick()
            clock.moment += timedelta(seconds=1)
        assert set(received(mail).values()) == {day + 1}
    with transaction(engine) as session:
        found = session.get_one(Campaign, campaign)
        assert found.state == State.SENT
        runs = session.scalars(select(CampaignRun).order_by(CampaignRun.due_at)).all()
        assert [(run.due_at.day, run.state) for run in runs] == [(24, "sent"), (25, "sent"), (26, "sent")]


def test_paused_between_two_times_it_can_be_changed_and_gone_on_with(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        add_people(session, 1, clock.now())
        campaign = daily(session).id
    clock.moment += timedelta(hours=1)
    worker.tick()
    with transaction(engine) as session:
        planning.pause(session, campaign, actor=MINE, now=clock.now())
        assert planning.resume(session, campaign, actor=MINE, now=clock.now()).state == State.SCHEDULED
        planning.take_back(session, campaign, actor=MINE, now=clock.now())
        with pytest.raises(ConflictError, match="figures are kept"):
            planning.delete_draft(session, campaign)
        changed = planning.save(session, campaign, {"recurrence": DAILY | {"at": "14:00"}}, version=1)
        planning.schedule(session, campaign, at=None, version=changed.version, actor=MINE, now=clock.now(), reached=1)
        assert changed.scheduled_at == datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    assert len(received(mail)) == 1
