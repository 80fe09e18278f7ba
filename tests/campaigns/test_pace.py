"""Speed: however many ask at once, an hour's messages are never more than were allowed, and they come evenly."""

import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from growth.campaigns.records import Campaign, Delivery
from growth.campaigns.sending import pace
from growth.campaigns.sending.pace import allowance, limits, most_today, share, use, warm_up_plan
from growth.campaigns.sending.records import SendingPace, SendingRules
from growth.campaigns.sending.rules import rules, save_rules
from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.scheduling.records import JobChunk, JobRun
from tests.campaigns.planned import MINE, NOW
from tests.campaigns.sending import Worker, add_campaign, add_people, without_rules
from tests.campaigns.test_send import received, states
from tests.sandbox.running import Running

MINUTE = timedelta(minutes=1)


def ruled(**values: object) -> SendingRules:
    held = SendingRules(per_receiver={}, warm_up_first=200, warm_up_growth=150, warm_up_days=21)
    for name, value in values.items():
        setattr(held, name, value)
    return held


@given(st.integers(1, 1_000_000), st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001
def test_any_sixty_minutes_make_up_the_hour_evenly(per_hour: int, start: datetime) -> None:
    first = start.replace(second=0, microsecond=0, tzinfo=UTC)
    shares = [share(per_hour, first + place * MINUTE) for place in range(60)]
    assert sum(shares) == per_hour
    assert max(shares) - min(shares) <= 1


@given(
    st.integers(1, 500),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 200)), max_size=40),
)
def test_no_hour_has_more_than_it_may_however_claims_come(per_hour: int, wishes: list[tuple[int, int]]) -> None:
    used: Counter[datetime] = Counter()
    for minutes, wish in sorted(wishes):
        now = NOW + minutes * MINUTE
        (limit,) = limits(ruled(per_hour=per_hour), 1, None, now)
        used[now] += min(wish, max(0, limit.most - used[now]))
        assert limit.again_at > now
        assert share(per_hour, limit.again_at) > 0
    for begin in range(91):
        window = [NOW + (begin + place) * MINUTE for place in range(60)]
        assert sum(used[moment] for moment in window) <= per_hour


def test_a_new_sender_warms_up_day_by_day() -> None:
    held = ruled(warm_up_since=date(2026, 11, 24), warm_up_days=5)
    assert warm_up_plan(held) == [200, 300, 450, 675, 1012]
    assert most_today(held, NOW - timedelta(days=3)) == 200  # not before it was to begin, either
    assert most_today(held, NOW + timedelta(days=5)) is None
    assert warm_up_plan(ruled()) == []


def test_a_days_messages_are_counted_to_the_end_of_the_day(session: Session) -> None:
    held = ruled(warm_up_since=date(2026, 11, 24), warm_up_first=10)
    for minute in range(10):
        given_now = allowance(session, held, 1, None, NOW + minute * MINUTE)
        assert given_now.total == 1  # evenly, over eight hours at least
        use(session, given_now, {"gmail": 1})
    over = allowance(session, held, 1, None, NOW + timedelta(hours=1))
    assert (over.total, over.again_at) == (0, datetime(2026, 11, 25, tzinfo=UTC))
    assert allowance(session, held, 1, None, NOW + timedelta(days=1)).total == 1


def test_each_scope_is_counted_apart(session: Session) -> None:
    held = ruled(per_hour=6000, per_receiver={"mail.ru": 120})
    first = allowance(session, held, 7, 1200, NOW)
    assert (first.total, first.by_receiver) == (20, {"mail.ru": 2})
    use(session, first, {"mail.ru": 2, "gmail": 3})
    then = allowance(session, held, 7, 1200, NOW)
    assert (then.total, then.exhausted) == (15, ["mail.ru"])
    other = allowance(session, held, 8, None, NOW)
    assert (other.total, other.exhausted) == (95, ["mail.ru"])
    assert allowance(session, ruled(), 7, None, NOW) == pace.Allowance()
    pace.forget(session, NOW + timedelta(days=3))
    assert session.scalars(select(SendingPace)).all() == []


def test_many_at_once_take_no_more_than_there_is(engine: Engine) -> None:
    taken: list[int] = []
    ready = threading.Barrier(6)

    def take() -> None:
        ready.wait()
        for _ in range(5):
            with transaction(engine) as session:
                held = rules(session)
                given_now = allowance(session, held, 1, None, NOW)
                number = min(7, given_now.total or 0)
                use(session, given_now, {"gmail": number})
            taken.append(number)

    with transaction(engine) as session:
        without_rules(session)
        rules(session).per_hour = 6_000
    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 100


def speed(engine: Engine, **changes: object) -> None:
    with transaction(engine) as session:
        save_rules(session, changes, version=rules(session).version, actor=MINE, now=NOW)


def test_a_campaign_keeps_its_speed_and_a_faster_one_acts_at_once(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        add_people(session, 50, clock.now())
        add_campaign(session, clock.now(), per_hour=600)
    worker.tick()
    assert states(engine) == {"accepted": 10, "planned": 40}
    for minute in (1, 2):
        clock.moment += MINUTE
        worker.tick()
        assert states(engine)["accepted"] == 10 * (minute + 1)
    with transaction(engine) as session:
        chunk = session.scalars(select(JobChunk)).one()
        assert (chunk.state, chunk.retry_at, chunk.failures) == ("queued", clock.now() + MINUTE, 0)
        session.scalars(select(Campaign)).one().per_hour = None
    clock.moment += timedelta(seconds=1)
    speed(engine, most_per_week=100)  # any change of the rules has what waits looked at again
    worker.work()
    assert states(engine) == {"accepted": 50}
    assert set(received(mail).values()) == {1}
    with transaction(engine) as session:
        assert session.scalars(select(JobRun.state).where(JobRun.job == "send_campaign")).one() == "succeeded"


def test_a_receiver_that_is_to_be_spared_holds_up_nobody_else(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        add_people(session, 5, clock.now(), receiver="mail.ru", prefix="ru")
        add_people(session, 5, clock.now(), receiver="gmail", prefix="g")
        add_campaign(session, clock.now())
    speed(engine, per_receiver={"mail.ru": 120})
    worker.tick()
    assert sorted(received(mail)) == [
        *(f"g{one}@example.com" for one in range(5)),
        "ru0@example.com",
        "ru1@example.com",
    ]
    for _ in range(2):
        clock.moment += MINUTE
        worker.tick()
    assert states(engine) == {"accepted": 10}


def test_nothing_is_claimed_while_sending_is_halted(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        add_people(session, 3, clock.now())
        add_campaign(session, clock.now())
        rules(session).halted_at = clock.now()
    for _ in range(3):
        worker.tick()
        clock.moment += MINUTE
    assert received(mail) == Counter()
    with transaction(engine) as session:
        runs = session.scalars(select(JobRun).where(JobRun.job == "send_campaign")).all()
        assert len(runs) == 1  # no new one each minute, only to find out the same
        rules(session).halted_at = None
    worker.tick()
    assert states(engine) == {"accepted": 3}
    with transaction(engine) as session:
        assert {one.receiver for one in session.scalars(select(Delivery))} == {None}
