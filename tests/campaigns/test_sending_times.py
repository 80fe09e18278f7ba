"""When messages go out: at each recipient's own hour, at their usual one, after an experiment's winner is known."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from growth.campaigns import audience
from growth.campaigns.records import Campaign, CampaignRun, Delivery, EmailVersion
from growth.campaigns.sending.records import UsualHour, UsualHourOfCountry
from growth.campaigns.sending.rules import rules
from growth.campaigns.sending.usual import hours_of, learn, sum_up, usual_hour, usual_hours
from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.experiments.records import Experiment, ExperimentArm
from tests.campaigns.sending import Worker, add_campaign, add_people, set_up
from tests.campaigns.test_audience import select_all, start
from tests.campaigns.test_send import campaign_state, received, states
from tests.campaigns.test_timing import RUSSIA
from tests.conftest import NOON
from tests.sandbox.running import Running

HOUR = timedelta(hours=1)


def test_russia_has_it_at_ten_and_the_campaign_ends_after_kaliningrad(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        for number, zone in enumerate(RUSSIA):
            add_people(session, 1, clock.now(), country="RU", zone=zone, prefix=f"zone{number}-")
        add_people(session, 1, clock.now(), country="RU", zone="Mars/Olympus", prefix="moscow")
        add_people(session, 1, clock.now(), country=None, prefix="home")
        add_campaign(session, clock.now(), timing={"mode": "local_hour", "hour": 10})
    sent: dict[str, datetime] = {}
    for _ in range(24):
        worker.tick()
        for address in set(received(mail)) - set(sent):
            sent[address] = clock.now()
        clock.moment += HOUR
    offsets = (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
    due = {
        f"zone{number}-0@example.com": datetime(2026, 11, 25, 10, tzinfo=UTC) - offset * HOUR
        for number, offset in enumerate(offsets)
    }
    due |= {"moscow0@example.com": due["zone1-0@example.com"], "home0@example.com": due["zone6-0@example.com"]}
    assert sent == due
    assert set(received(mail).values()) == {1}
    assert campaign_state(engine) == "sent"


def test_a_run_that_only_waits_keeps_no_worker_busy(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        add_people(session, 2, clock.now(), country="BR")
        add_campaign(session, clock.now(), timing={"mode": "local_hour", "hour": 8})
    for _ in range(3):
        worker.tick()
        clock.moment += timedelta(minutes=1)
    with transaction(engine) as session:
        assert session.scalar(text("select count(*) from job_run where job = 'send_campaign'")) == 1
        run = session.scalars(select(CampaignRun)).one()
        assert (run.state, run.selected_at, campaign_state(engine)) == ("sending", NOON, "sending")
    assert received(mail) == Counter()


def test_the_review_shows_when_it_goes_out(session: Session) -> None:
    set_up(session, NOON)
    add_people(session, 2, NOON, country="US", prefix="us")
    add_people(session, 3, NOON, country="RU", prefix="ru")
    campaign = add_campaign(session, NOON, timing={"mode": "local_hour", "hour": 10})
    assert audience.spread(session, campaign, NOON) == [(NOON + 3 * HOUR, 2), (NOON + 19 * HOUR, 3)]
    campaign.timing = {"mode": "at_once"}
    held = rules(session)
    held.quiet_from, held.quiet_until = 21 * 60, 8 * 60
    assert audience.spread(session, campaign, NOON) == [(NOON, 3), (NOON + HOUR, 2)]


@given(st.lists(st.integers(0, 23), min_size=1, max_size=30), st.integers(0, 23))
def test_a_usual_hour_is_one_of_those_and_turns_with_the_clock(hours: list[int], by: int) -> None:
    found = usual_hour(hours)
    assert any((found - hour) % 24 in {0, 1, 23} for hour in hours)
    if len(set(hours)) == 1:
        assert usual_hour([(hour + by) % 24 for hour in hours]) == (hours[0] + by) % 24


def test_hours_around_midnight_belong_together() -> None:
    assert usual_hour([23, 0, 0, 1, 12, 12]) == 0
    assert hours_of([NOON], None, "RU", "UTC") == [15]
    assert hours_of([NOON], "Mars/Olympus", None, "America/Sao_Paulo") == [9]


def opened(session: Session, person: int, moments: list[datetime], tag: str) -> None:
    for number, moment in enumerate(moments):
        run = start(session, add_campaign(session, NOON, name=f"{tag} {number}", state="sent"))
        session.add(
            Delivery(campaign_run_id=run.id, person_id=person, locale="en", state="delivered", opened_at=moment)
        )
    session.flush()


def test_what_people_open_teaches_their_hour_and_their_countrys(session: Session) -> None:
    set_up(session, NOON)
    often, seldom, long_ago = add_people(session, 3, NOON, country="BR", prefix="learn")
    evening = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)  # 19:30 in São Paulo
    opened(session, often, [evening - timedelta(days=day) for day in range(4)], "often")
    opened(session, seldom, [evening], "seldom")
    opened(session, long_ago, [evening - timedelta(days=30 + day) for day in range(4)], "long ago")
    after, rounds = None, 0
    while (step := learn(session, NOON, after, 1)).next is not None:
        after, rounds = step.next, rounds + 1
    assert rounds == 2  # only who opened something lately
    assert [(one.person_id, one.hour, one.opens) for one in session.scalars(select(UsualHour))] == [(often, 19, 4)]
    assert sum_up(session) == 0
    assert usual_hours(session) == {"": 10}  # too few to say anything about a country
    session.add_all(
        [UsualHourOfCountry(country="", hour=9, people=99), UsualHourOfCountry(country="BR", hour=20, people=30)]
    )
    add_people(session, 1, NOON, country="US", prefix="elsewhere")
    campaign = add_campaign(session, NOON, timing={"mode": "usual_hour"})
    run = start(session, campaign)
    select_all(session, run, 2)
    due = session.execute(select(Delivery.person_id, Delivery.due_at).where(Delivery.campaign_run_id == run.id))
    hours = dict(due.all())
    assert hours.pop(often) == datetime(2026, 11, 24, 22, tzinfo=UTC)
    assert hours.pop(seldom) == hours.pop(long_ago) == datetime(2026, 11, 24, 23, tzinfo=UTC)
    assert list(hours.values()) == [datetime(2026, 11, 24, 14, tzinfo=UTC)]


def test_enough_people_make_a_countrys_hour(session: Session) -> None:
    people = add_people(session, 25, NOON, country="RU", prefix="many")
    session.add_all(UsualHour(person_id=person, hour=7 if person % 5 else 20, opens=3) for person in people)
    session.flush()
    assert sum_up(session) == 1
    assert usual_hours(session) == {"": 7, "RU": 7}


def compare(session: Session, campaign: Campaign, test_percent: int, **changes: object) -> None:
    made = Experiment(
        subject_kind="campaign", subject_id=campaign.id, outcome="click", horizon_days=3, rule="fixed",
        test_percent=test_percent, state="running",
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.add(ExperimentArm(experiment_id=made.id, name="A", share=5000, changes={}))
    session.add(ExperimentArm(experiment_id=made.id, name="B", share=5000, changes=changes))
    session.flush()


def test_each_arm_gets_its_subject_and_the_rest_waits_for_the_winner(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        add_people(session, 60, clock.now())
        campaign = add_campaign(session, clock.now())
        compare(session, campaign, 50, subjects={"en": "Another subject"})
    worker.tick()
    with transaction(engine) as session:
        arms = Counter(session.scalars(select(Delivery.arm)))
        assert arms.keys() == {"A", "B", None}
        waiting = session.scalar(
            text("select count(*) from delivery where state = 'planned' and arm is null and due_at = 'infinity'")
        )
        assert waiting == arms[None] > 0
    subjects = Counter(message.subject == "Another subject" for message in mail.mailbox.messages())
    assert subjects == {True: arms["B"], False: arms["A"]}
    clock.moment += timedelta(days=3)
    worker.tick()
    assert states(engine)["planned"] == waiting
    assert campaign_state(engine) == "sending"
    with transaction(engine) as session:
        session.execute(text("update delivery set arm = 'B', due_at = null where arm is null"))
    clock.moment += HOUR
    worker.tick()
    assert campaign_state(engine) == "sent"
    assert set(received(mail).values()) == {1}
    assert sum(message.subject == "Another subject" for message in mail.mailbox.messages()) == arms["B"] + waiting


def test_an_arm_may_have_its_hour(session: Session) -> None:
    set_up(session, NOON)
    add_people(session, 40, NOON, country="RU", prefix="hour")
    campaign = add_campaign(session, NOON)
    compare(session, campaign, 100, hour=18)
    run = start(session, campaign)
    select_all(session, run, 1000)
    due = select(Delivery.arm, Delivery.due_at).where(Delivery.campaign_run_id == run.id).distinct()
    assert dict(session.execute(due).all()) == {"A": None, "B": NOON + 3 * HOUR}


def test_after_a_change_the_rest_is_planned_anew(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        add_people(session, 10, clock.now())
        add_campaign(session, clock.now(), per_hour=300)
    worker.tick()
    assert states(engine) == {"accepted": 5, "planned": 5}
    with transaction(engine) as session:
        new = {"changes": {"subjects": {"en": "Corrected"}}, "version": Campaign.version + 1}
        session.execute(update(Campaign).values(new))
    for _ in range(2):
        clock.moment += timedelta(minutes=1)
        worker.tick()
    assert states(engine) == {"accepted": 10}
    assert [message.subject == "Corrected" for message in mail.mailbox.messages()] == [False] * 5 + [True] * 5
    with transaction(engine) as session:
        assert len(session.scalars(select(EmailVersion.id)).all()) == 2
