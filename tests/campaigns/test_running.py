"""Campaigns on their way: when they begin, and what is done about an open run."""

from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from growth.campaigns import planning
from growth.campaigns.audiences.conditions import narrowed
from growth.campaigns.email.provider import RecipientsRefusedError
from growth.campaigns.email.send import breath, next_size, wait_for_answers
from growth.campaigns.messages import saving
from growth.campaigns.messages.sources import source_of
from growth.campaigns.records import Campaign, CampaignRun, Delivery, DeliveryBatch
from growth.campaigns.running import Move, begin_due, decide, look_after, select_next
from growth.campaigns.sending.parts import plan_parts
from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.scheduling.records import JobRun
from growth.scheduling.run import LaterError
from tests.campaigns.sending import Worker, add_campaign, add_people, set_up
from tests.campaigns.test_send import received, states
from tests.conftest import NOON
from tests.sandbox.running import Running

JOBS = ("queued", "running", "succeeded", "failed", "skipped", None)


@pytest.mark.parametrize(("run", "job"), list(product(("selecting", "sending", "paused"), JOBS)))
def test_nothing_goes_on_unless_its_campaign_is_sending(run: str, job: str | None) -> None:
    for campaign in ("paused", "draft", "asks", "scheduled", "sent"):
        assert decide(campaign, run, job, unfinished=True, unbegun=True) is Move.REST
    assert decide("cancelled", run, job, unfinished=True, unbegun=True) is Move.CALL_OFF


@pytest.mark.parametrize(("run", "job"), list(product(("selecting", "sending", "paused"), JOBS)))
def test_a_sending_campaign_is_never_left_alone(run: str, job: str | None) -> None:
    move = decide("sending", run, job, unfinished=True, unbegun=True)
    if job in {"queued", "running"}:
        assert move is Move.WAIT
    else:
        assert move in {Move.GO_ON, Move.PAUSE}
        assert (move is Move.PAUSE) == (job == "failed" and run != "paused")
    if job == "succeeded":
        assert decide("sending", run, job, unfinished=True, unbegun=False) is Move.WAIT  # something is in doubt
        assert decide("sending", run, job, unfinished=False, unbegun=False) is Move.END


@given(size=st.integers(1, 1000))
def test_halving_always_comes_to_one(size: int) -> None:
    steps = 0
    while size > 1:
        size, steps = next_size(RecipientsRefusedError("no"), size), steps + 1
    assert steps <= 10


def test_several_due_at_one_moment_each_get_a_run(session: Session) -> None:
    for name in ("one", "two", "three"):
        add_campaign(session, NOON, name=name)
    add_campaign(session, NOON, name="later", scheduled_at=NOON + timedelta(seconds=1))
    assert begin_due(session, NOON) == (3, [])
    assert begin_due(session, NOON) == (0, [])
    runs = session.scalars(select(CampaignRun)).all()
    assert len({run.job_run_id for run in runs}) == 3
    assert None not in {run.job_run_id for run in runs}


def test_a_version_saved_after_it_began_is_not_for_it(session: Session) -> None:
    set_up(session, NOON)
    add_people(session, 1, NOON, prefix="kept")
    campaign = add_campaign(session, NOON)
    begin_due(session, NOON)
    run = session.scalars(select(CampaignRun)).one()
    select_next(session, NOON, None, 10, run.id)
    (before,) = plan_parts(session, run.id, NOON)
    files = dict(source_of(session, campaign.message).files) | {"subject.txt": "Something else\n"}
    saving.save(session, campaign.message, files, {}, version=0, actor="x", now=NOON)
    assert [part["version"] for part in plan_parts(session, run.id, NOON)] == [before["version"]]


def test_one_found_long_after_its_time_asks(session: Session) -> None:
    late = add_campaign(session, NOON, name="late", scheduled_at=NOON - timedelta(hours=1, seconds=1))
    just = add_campaign(session, NOON, name="just", scheduled_at=NOON - timedelta(hours=1))
    assert begin_due(session, NOON) == (1, ["late"])
    assert (late.state, just.state) == ("asks", "sending")
    assert [run.campaign_id for run in session.scalars(select(CampaignRun))] == [just.id]


def test_a_cancelled_campaign_calls_off_what_is_planned(session: Session) -> None:
    people = add_people(session, 3, NOON, prefix="off")
    campaign = add_campaign(session, NOON, state="cancelled")
    run = CampaignRun(campaign_id=campaign.id, due_at=NOON, state="sending", selected_at=NOON)
    session.add(run)
    session.flush()
    for person, state in zip(people, ("planned", "accepted", "in_doubt"), strict=True):
        session.add(Delivery(campaign_run_id=run.id, person_id=person, locale="en", state=state))
    session.flush()
    look_after(session, NOON)
    found = select(Delivery.state).order_by(Delivery.id)
    assert session.scalars(found).all() == ["cancelled", "accepted", "in_doubt"]
    assert run.state == "sending"
    session.query(Delivery).where(Delivery.state == "in_doubt").update({"state": "accepted"})
    look_after(session, NOON)
    assert (run.state, run.finished_at) == ("cancelled", NOON)


def test_a_pause_in_the_middle_of_the_selection_forgets_nobody(session: Session) -> None:
    set_up(session, NOON)
    people = add_people(session, 5, NOON, prefix="middle")
    campaign = add_campaign(session, NOON)
    begin_due(session, NOON)
    run = session.scalars(select(CampaignRun)).one()
    step = select_next(session, NOON, None, 2, run.id)
    campaign.state = "paused"
    assert select_next(session, NOON, step.next, 2, run.id).next is None
    campaign.state = "sending"  # resumed before the job, which believes all to be selected, came to the next step
    assert plan_parts(session, run.id, NOON) == []
    session.get_one(JobRun, run.job_run_id).state = "succeeded"
    look_after(session, NOON + timedelta(minutes=1))
    assert session.get_one(JobRun, run.job_run_id).state == "queued"
    after = None
    while (step := select_next(session, NOON, after, 2, run.id)).next:
        after = step.next
    assert [part["messages"] for part in plan_parts(session, run.id, NOON)] == [5]
    assert set(session.scalars(select(Delivery.person_id))) == set(people)


def test_forgotten_paused_campaigns_keep_no_other_waiting(session: Session) -> None:
    names = [f"paused {number}" for number in range(501)]
    old = [add_campaign(session, NOON, name=name, state="paused") for name in names]
    session.add_all(CampaignRun(campaign_id=one.id, due_at=NOON, state="paused", selected_at=NOON) for one in old)
    run = CampaignRun(
        campaign_id=add_campaign(session, NOON, name="new", state="sending").id, due_at=NOON, state="sending",
        selected_at=NOON,
    )  # fmt: skip
    session.add(run)
    session.flush()
    look_after(session, NOON)
    assert run.state == "sent"


def test_a_batch_of_the_future_holds_nobody_back(session: Session) -> None:
    run = CampaignRun(campaign_id=add_campaign(session, NOON).id, due_at=NOON, state="sending")
    session.add(run)
    session.flush()
    ahead = NOON + timedelta(days=30)  # the clock was a month ahead, and is right again
    session.add(DeliveryBatch(id=uuid4(), campaign_run_id=run.id, state="in_doubt", claimed_at=ahead))
    session.flush()
    wait_for_answers(session, NOON)


@pytest.mark.parametrize(("breaths", "held"), [(0, True), (0.9, True), (1.1, False)])
def test_everybody_holds_back_for_a_while_after_an_answer_was_lost(
    session: Session, breaths: float, held: bool
) -> None:
    run = CampaignRun(campaign_id=add_campaign(session, NOON).id, due_at=NOON, state="sending")
    session.add(run)
    session.flush()
    answered = NOON - breaths * breath()
    lost = {"state": "in_doubt", "claimed_at": answered - 2 * breath(), "answered_at": answered}
    session.add(DeliveryBatch(id=uuid4(), campaign_run_id=run.id, **lost))
    session.flush()
    if not held:
        wait_for_answers(session, NOON)
        return
    with pytest.raises(LaterError) as later:
        wait_for_answers(session, NOON)
    assert later.value.at == NOON + breath()


def test_two_campaigns_at_once_and_one_without_anybody(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        add_people(session, 2, clock.now())
        add_people(session, 1, clock.now(), country="RU", prefix="r")
        for name, countries in (("a", ["US"]), ("b", ["RU", "US"]), ("c", ["AQ"])):
            add_campaign(session, clock.now(), name=name, audience=narrowed(countries=countries))
    worker.tick()
    assert sorted(received(mail).values()) == [1, 2, 2]
    with transaction(engine) as session:
        assert set(session.scalars(select(Campaign.state))) == {"sent"}


def test_pausing_stops_at_once_and_resuming_goes_on(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        add_people(session, 5, clock.now())
        add_campaign(session, clock.now())
    mail.faults.next_requests("429")
    worker.tick()
    _set_state(engine, "paused")
    clock.moment += timedelta(hours=2)
    worker.tick()
    assert states(engine) == {"planned": 5}
    with transaction(engine) as session:
        assert session.scalars(select(CampaignRun.state)).one() == "paused"
        assert set(session.scalars(select(JobRun.state).where(JobRun.job == "send_campaign"))) == {"succeeded"}
    _set_state(engine, "sending")
    clock.moment += timedelta(minutes=1)
    worker.tick()
    assert states(engine) == {"accepted": 5}
    with transaction(engine) as session:
        assert session.scalars(select(CampaignRun.state)).one() == "sent"


def test_resuming_asks_the_provider_again_before_its_pause_is_over(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        add_people(session, 5, clock.now())
        campaign = add_campaign(session, clock.now()).id
    mail.faults.next_requests("429")
    worker.tick()
    with transaction(engine) as session:
        planning.pause(session, campaign, actor="m", now=clock.now())
    clock.moment += timedelta(seconds=1)
    with transaction(engine) as session:
        planning.resume(session, campaign, actor="m", now=clock.now())
    worker.work()
    assert states(engine) == {"accepted": 5}


def test_a_message_that_is_gone_pauses_the_campaign_and_loses_nobody(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        add_people(session, 3, clock.now())
        add_campaign(session, clock.now(), message="gone")
    for _ in range(2):
        worker.tick()
        clock.moment += timedelta(minutes=1)
    with transaction(engine) as session:
        campaign = session.scalars(select(Campaign)).one()
        assert campaign.state == "paused"
        campaign.state, campaign.message = "sending", "welcome_buyer"
    for _ in range(2):
        worker.tick()
        clock.moment += timedelta(minutes=1)
    assert states(engine) == {"accepted": 3}
    assert set(received(mail).values()) == {1}


def _set_state(engine: Engine, state: str) -> None:
    with transaction(engine) as session:
        session.scalars(select(Campaign)).one().state = state
