"""Triggered campaigns: each cause once, after its delay, to those who are in the audience then; whatever dies when."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.orm import Session

from growth.campaigns import planning
from growth.campaigns.occasions.records import TriggerEntry
from growth.campaigns.occasions.triggered import PATIENCE, causes
from growth.campaigns.records import Campaign, CampaignRun, Delivery
from growth.campaigns.states import State
from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.events.ingest import NewEvent, ingest
from growth.events.reading import EventRead
from growth.events.records import VisitorIdentity
from growth.leads.records import Lead, StageChange
from tests.campaigns.planned import MINE, make
from tests.campaigns.sending import Worker, add_people
from tests.campaigns.test_send import received
from tests.conftest import NOON
from tests.sandbox.running import Running

ROOT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)


def started(engine: Engine, now: datetime, **trigger: Any) -> int:
    """A campaign that an order sets off an hour later, scheduled now."""
    wanted = {"event": "order", "delay_minutes": 60, "again_after_days": 7} | trigger
    if "stage" in wanted:
        del wanted["event"]
    with transaction(engine) as session:
        campaign = make(session, f"On {trigger}", kind="triggered", trigger=wanted)
        planning.schedule(session, campaign.id, at=None, version=1, actor=MINE, now=now, reached=1)
        return campaign.id


def ordered(engine: Engine, now: datetime, person: int | None, **more: Any) -> NewEvent:
    told: dict[str, Any] = {"occurred_at": now, "event_id": uuid4(), "kind": "order", "source": "collector"}
    event = NewEvent(**told | {"side": "buyer", "person_id": person, "properties": {"order": "1"}} | more)
    with transaction(engine) as session:
        ingest(session, [event], now)
    return event


def add_lead(session: Session, person: int, now: datetime) -> int:
    """A lead who was just contacted."""
    told = {"side": "buyer", "source": "manual", "source_key": "1", "name": "One", "channel": "direct"}
    lead = Lead(**told, stage="contacted", contacted_at=now, created_at=now, person_id=person)
    session.add(lead)
    session.flush()
    return lead.id


def move(session: Session, lead: int, stage: str, at: datetime, *, recorded_at: datetime | None = None) -> None:
    """A change of stage, as it is recorded at once or later."""
    told = {"lead_id": lead, "stage": stage, "by": "x", "reason": ""}
    session.add(StageChange(**told, at=at, recorded_at=recorded_at or at))


def minutes(worker: Worker, clock: FixedClock, number: int = 1, *, step: timedelta = timedelta(minutes=1)) -> None:
    """The schedulers' minutes, one after the other."""
    for _ in range(number):
        worker.tick("send_campaigns", "pull_triggers", "send_campaigns")
        clock.moment += step


def entries(engine: Engine) -> list[str]:
    with transaction(engine) as session:
        return list(session.scalars(select(TriggerEntry.state).order_by(TriggerEntry.id)))


def test_after_its_delay_once_and_again_only_after_its_rest(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        one, other = add_people(session, 2, clock.now())
    ordered(engine, clock.now() - HOUR, other)  # before it was started
    started(engine, clock.now())
    minutes(worker, clock)
    ordered(engine, clock.now(), one)
    minutes(worker, clock, 2)
    assert (entries(engine), len(received(mail))) == (["waiting"], 0)
    clock.moment += HOUR
    minutes(worker, clock, 2)
    assert (entries(engine), received(mail)) == (["planned"], {"p0@example.com": 1})
    ordered(engine, clock.now(), one)
    ordered(engine, clock.now(), other, kind="registration")
    clock.moment += HOUR
    minutes(worker, clock, 2)
    assert entries(engine) == ["planned", "dropped"]
    clock.moment += timedelta(days=8)
    ordered(engine, clock.now(), one)
    minutes(worker, clock)
    clock.moment += HOUR
    minutes(worker, clock, 2)
    assert received(mail) == {"p0@example.com": 2}
    with transaction(engine) as session:
        runs = session.scalars(select(CampaignRun).order_by(CampaignRun.due_at)).all()
        assert [(run.due_at.hour, run.state) for run in runs] == [(0, "sent"), (0, "sending")]
        assert session.scalars(select(Campaign.state)).one() == State.SENDING


def test_only_who_is_in_the_audience_and_agrees_when_it_is_due(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        (russian,) = add_people(session, 1, clock.now(), country="RU", prefix="ru")
        (american,) = add_people(session, 1, clock.now(), prefix="us")
        (silent,) = add_people(session, 1, clock.now(), country="RU", prefix="no", granted=None)
    campaign = started(engine, clock.now())
    with transaction(engine) as session:
        tree = {"all": [{"field": "country", "op": "in", "value": ["RU"]}]}
        session.execute(update(Campaign).where(Campaign.id == campaign).values(audience=tree, pinned=None))
    minutes(worker, clock)
    for person in (russian, american, silent):
        ordered(engine, clock.now(), person)
    minutes(worker, clock)
    clock.moment += HOUR
    minutes(worker, clock, 2)
    assert received(mail) == {"ru0@example.com": 1}
    assert sorted(entries(engine)) == ["dropped", "dropped", "planned"]
    with transaction(engine) as session:
        reasons = session.execute(text("select person_id, reason from exclusion")).all()
    assert reasons == [(silent, "no_consent")]


def test_a_pause_loses_nobody_and_what_is_long_late_comes_no_more(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        first, second = add_people(session, 2, clock.now())
    campaign = started(engine, clock.now(), delay_minutes=0)
    minutes(worker, clock)
    with transaction(engine) as session:
        planning.pause(session, campaign, actor=MINE, now=clock.now())
    ordered(engine, clock.now(), first)
    minutes(worker, clock)
    assert entries(engine) == ["waiting"]
    clock.moment += PATIENCE
    ordered(engine, clock.now(), second)
    minutes(worker, clock)
    with transaction(engine) as session:
        planning.resume(session, campaign, actor=MINE, now=clock.now())
    minutes(worker, clock, 3)
    assert entries(engine) == ["dropped", "planned"]
    assert received(mail) == {"p1@example.com": 1}


def test_named_events_visitors_and_moments_ahead(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    visitor = uuid4()
    with transaction(engine) as session:
        (person,) = add_people(session, 1, clock.now())
        session.add(VisitorIdentity(visitor=visitor, person_id=person, rests_on="test", at=clock.now()))
    started(engine, clock.now(), event="custom", name="basket", delay_minutes=0)
    minutes(worker, clock)
    ordered(engine, clock.now(), None, kind="custom", visitor=visitor, properties={"name": "wish"})
    ordered(engine, clock.now(), None, kind="custom", visitor=uuid4(), properties={"name": "basket"})
    ordered(engine, clock.now(), 2**40, kind="custom", properties={"name": "basket"})  # nobody we know
    ordered(engine, clock.now(), None, kind="custom", visitor=visitor, properties={"name": "basket"})
    minutes(worker, clock, 2)
    assert received(mail) == {"p0@example.com": 1}
    assert entries(engine) == ["planned"]


def test_a_campaign_that_waits_for_approval_again_loses_nobody(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        first, second = add_people(session, 2, clock.now())
    campaign = started(engine, clock.now(), delay_minutes=0)
    minutes(worker, clock)
    ordered(engine, clock.now(), first)
    minutes(worker, clock, 2)
    for state in (State.AWAITS, State.SENDING):
        with transaction(engine) as session:
            session.execute(update(Campaign).where(Campaign.id == campaign).values(state=state))
        if state == State.AWAITS:
            ordered(engine, clock.now(), second)
        minutes(worker, clock, 2)
    assert received(mail) == {"p0@example.com": 1, "p1@example.com": 1}


def test_a_clock_put_back_over_midnight_strands_nobody(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        first, second = add_people(session, 2, clock.now())
    started(engine, clock.now(), delay_minutes=0)
    minutes(worker, clock)
    clock.moment = NOON.replace(hour=23)
    ordered(engine, clock.now(), first)
    minutes(worker, clock, 2)
    clock.moment = NOON.replace(hour=0, minute=10) + timedelta(days=1)
    minutes(worker, clock, 2)
    with transaction(engine) as session:
        assert session.scalars(select(CampaignRun.state)).all() == ["sent"]
    clock.moment -= timedelta(minutes=45)
    ordered(engine, clock.now(), second)
    minutes(worker, clock, 3)
    assert received(mail) == {"p0@example.com": 1, "p1@example.com": 1}


def test_a_run_of_a_clock_that_was_ahead_hides_no_stage(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        (person,) = add_people(session, 1, clock.now())
        number = add_lead(session, person, clock.now())
    started(engine, clock.now(), stage="qualified", delay_minutes=0)
    minutes(worker, clock)
    clock.moment += timedelta(days=2)
    minutes(worker, clock)
    clock.moment -= timedelta(days=2)
    with transaction(engine) as session:
        move(session, number, "qualified", clock.now())
    minutes(worker, clock, 2)
    assert received(mail) == {"p0@example.com": 1}


def test_a_stage_sets_it_off_once_however_often_it_is_seen(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        (person,) = add_people(session, 1, clock.now())
        number = add_lead(session, person, clock.now())
        move(session, number, "qualified", clock.now() - HOUR, recorded_at=clock.now())
    started(engine, clock.now(), stage="qualified", delay_minutes=0)
    minutes(worker, clock)
    with transaction(engine) as session:
        for stage in ("applied", "qualified"):
            move(session, number, stage, clock.now())
    minutes(worker, clock, 5)
    assert entries(engine) == ["planned"]
    assert received(mail) == {"p0@example.com": 1}


def test_cancelled_it_is_set_off_by_nothing_more(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        (person,) = add_people(session, 1, clock.now())
    campaign = started(engine, clock.now(), delay_minutes=0)
    minutes(worker, clock)
    with transaction(engine) as session:
        planning.cancel(session, campaign, actor=MINE, now=clock.now())
    ordered(engine, clock.now(), person)
    minutes(worker, clock, 2)
    assert (entries(engine), received(mail)) == ([], {})


MOMENTS = st.timedeltas(timedelta(days=-3), timedelta(days=3)).map(lambda span: NOON + span)


@given(MOMENTS, MOMENTS, st.integers(0, 4_000), st.sampled_from(("order", "refund")), st.sampled_from((None, 7)))
def test_a_cause_is_never_due_before_its_delay_nor_older_than_the_campaign(
    occurred: datetime, begun: datetime, delay: int, kind: str, person: int | None
) -> None:
    trigger = {"event": "order", "delay_minutes": delay, "again_after_days": 1}
    campaign = Campaign(id=1, side="buyer", trigger=trigger, scheduled_at=begun)
    event = EventRead(1, occurred, uuid4(), kind, "buyer", person, None, None, {})
    rows = causes(campaign, [event], {}, NOON)
    assert len(rows) <= 1
    for row in rows:
        assert row["caused_at"] <= NOON
        assert row["caused_at"] >= begun
        assert row["due_at"] - row["caused_at"] == timedelta(minutes=delay)
        assert row["due_at"] >= NOON - PATIENCE
    wanted = kind == "order" and person is not None and min(occurred, NOON) >= begun
    assert bool(rows) == (wanted and min(occurred, NOON) + timedelta(minutes=delay) >= NOON - PATIENCE)


def test_killed_at_any_moment_each_cause_counts_once(
    engine: Engine, database_url: str, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        people = add_people(session, 300, clock.now())
    started(engine, clock.now(), delay_minutes=0)
    minutes(worker, clock)
    with transaction(engine) as session:
        happened = [
            NewEvent(occurred_at=clock.now(), event_id=uuid4(), kind="order", source="collector", side="buyer",
                     person_id=person, properties={"order": str(person)})
            for person in people
        ]  # fmt: skip
        ingest(session, happened, clock.now())
    command = [sys.executable, "-m", "tests.campaigns.pulling", clock.now().isoformat()]
    environment = os.environ | {"GROWTH_DATABASE_URL": database_url}
    for wait in (0.0, 0.02, 0.05, 0.1, 0.2):
        with ExitStack() as stack:
            output: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            two = [
                stack.enter_context(subprocess.Popen(command, cwd=ROOT, env=environment, **output)) for _ in range(2)
            ]
            for process in two:
                assert process.stdout is not None
                process.stdout.readline()  # it is about to begin
            time.sleep(wait)
            for process in two:
                process.kill()
    last = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert last.returncode == 0, last.stderr
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(TriggerEntry)) == len(people)
        assert set(session.scalars(select(TriggerEntry.state))) == {"planned"}
        assert sorted(session.scalars(select(Delivery.person_id))) == sorted(people)
    minutes(worker, clock, 2)
    assert len(received(mail)) == len(people)
    assert set(received(mail).values()) == {1}


def test_without_any_such_campaign_old_events_are_passed_over(
    engine: Engine, clock: FixedClock, worker: Worker
) -> None:
    with transaction(engine) as session:
        (person,) = add_people(session, 1, clock.now())
    for _ in range(3):
        ordered(engine, clock.now(), person)
    minutes(worker, clock)
    started(engine, clock.now() - 2 * HOUR, delay_minutes=0)
    minutes(worker, clock)
    assert entries(engine) == []
