"""The roll-up: only the days that changed, and always what counting everything anew would give."""

import random
import threading
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from growth.attribution.records import Conversion, Credit, Touch
from growth.database.changed_days import ChannelDayDue, mark_changed
from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.measurement.records import ChannelDay
from growth.measurement.rolling_up import roll_up, start_over
from growth.spend.currencies import Rate, record_rates
from growth.spend.ledger import NewCost, record_cost, record_costs
from growth.spend.records import Cost
from tests.attribution.happened import GOOGLE, PAID, PARTNER, credit_all, found, happen, people, sold
from tests.conftest import NOON
from tests.events.happenings import happening

DAY = timedelta(days=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def workspace(engine: Engine) -> None:
    found(engine, NOON)


def roll(engine: Engine, size: int = 10) -> int:
    """Roll up until nothing is due; gives how many days were done."""
    done = 0
    while True:
        with transaction(engine) as session:
            step = roll_up(session, NOON, None, size)
        done += step.done
        if step.next is None:
            return done


def cost(key: str, day: date, cents: int, **more: object) -> NewCost:
    fields: dict[str, object] = {"side": "buyer", "channel": "paid_search", "currency": "USD"} | more
    return NewCost(source="test", source_key=key, day=day, amount_minor=cents, **fields)  # type: ignore[arg-type]


def days_of(engine: Engine) -> dict[tuple[str, str, str, str], tuple[int, ...]]:
    """Day, side, channel, country → touches, acquired, orders, value, cost."""
    with transaction(engine) as session:
        return {
            (one.day.isoformat(), one.side, one.channel, one.country): (
                one.touches, one.acquired, one.orders, one.value_minor, one.cost_minor,
            )
            for one in session.scalars(select(ChannelDay))
        }  # fmt: skip


def test_what_happened_and_what_it_cost_stand_in_one_row(engine: Engine) -> None:
    (buyer,) = people(engine, NOON, 1, country="RU")
    happen(
        engine, NOON,
        happening("t", NOON - DAY, properties=PAID, person_id=buyer),
        happening("r", NOON, kind="registration", person_id=buyer),
        happening("o", NOON, kind="order", person_id=buyer, properties=sold("1", 990)),
        happening("p", NOON, kind="order", person_id=buyer, properties=sold("2", 10)),
        happening("b", NOON, kind="refund", properties={"order": "2"}),
    )  # fmt: skip
    credit_all(engine, NOON)
    with transaction(engine) as session:
        record_cost(session, cost("a", date(2026, 11, 24), 500, country="RU"), NOON)
    assert roll(engine) == 2
    assert days_of(engine) == {
        ("2026-11-23", "buyer", "paid_search", "RU"): (1, 0, 0, 0, 0),
        ("2026-11-24", "buyer", "paid_search", "RU"): (0, 1_000_000, 1_000_000, 990, 500),
    }
    assert roll(engine) == 0


def test_a_change_touches_only_its_own_day(engine: Engine) -> None:
    days = [date(2026, 11, number) for number in range(1, 8)]
    with transaction(engine) as session:
        record_costs(session, [cost(side, day, 500, side=side) for day in days for side in ("buyer", "seller")], NOON)
    roll(engine)
    before = versions(engine)
    with transaction(engine) as session:
        changes = [cost("buyer", day, 500 + (day.day <= 3)) for day in days]
        recorded = record_costs(session, changes, NOON)
    assert (recorded.new, recorded.changed, recorded.same) == (0, 3, 4)
    roll(engine)
    changed = {key for key, version in versions(engine).items() if before[key] != version}
    assert changed == {(day, "buyer") for day in days[:3]}


def versions(engine: Engine) -> dict[tuple[date, str], str]:
    """Where each row stands and who wrote it."""
    with engine.connect() as connection:
        rows = connection.execute(text("select day, side, xmin::text || ctid::text from channel_day"))
        return {(day, side): version for day, side, version in rows}


def test_an_amount_is_turned_by_the_latest_rate_before_it_or_told_to_be_missing(engine: Engine) -> None:
    with transaction(engine) as session:
        record_costs(session, [cost("a", date(2026, 11, day), 1000, currency="CNY") for day in (1, 3, 5)], NOON)
        record_cost(session, cost("b", date(2026, 11, 1), 7), NOON)
    roll(engine)
    assert unrated(engine) == {1: (7, "CNY"), 3: (0, "CNY"), 5: (0, "CNY")}
    with transaction(engine) as session:
        rates = [Rate("CNY", date(2026, 11, 2), Decimal("0.14")), Rate("CNY", date(2026, 11, 5), Decimal("0.1505"))]
        assert record_rates(session, "USD", rates, NOON) == 2
        assert record_rates(session, "USD", rates, NOON) == 0
    roll(engine)
    assert unrated(engine) == {1: (7, "CNY"), 3: (140, ""), 5: (150, "")}


def unrated(engine: Engine) -> dict[int, tuple[int, str]]:
    with transaction(engine) as session:
        return {one.day.day: (one.cost_minor, one.unrated) for one in session.scalars(select(ChannelDay))}


def test_a_day_that_is_being_changed_is_left_for_later(engine: Engine) -> None:
    day = date(2026, 11, 3)
    with transaction(engine) as session:
        record_cost(session, cost("a", day, 1), NOON)
    with Session(engine) as changing:
        record_cost(changing, cost("a", day, 2), NOON)
        assert roll(engine) == 0
        changing.commit()
    assert roll(engine) == 1
    assert {figures[-1] for figures in days_of(engine).values()} == {2}


def test_a_change_during_a_roll_up_is_rolled_up_after_it(engine: Engine) -> None:
    day = date(2026, 11, 3)
    with transaction(engine) as session:
        record_cost(session, cost("a", day, 1), NOON)
    done = threading.Event()

    def change() -> None:
        with transaction(engine) as session:
            record_cost(session, cost("a", day, 2), NOON)
        done.set()

    with Session(engine) as rolling:
        roll_up(rolling, NOON, None, 10)
        thread = threading.Thread(target=change)
        thread.start()
        assert not done.wait(0.2)
        rolling.commit()
    thread.join()
    assert roll(engine) == 1
    assert {figures[-1] for figures in days_of(engine).values()} == {2}


def test_another_time_zone_or_currency_counts_everything_again(engine: Engine) -> None:
    late = datetime.fromisoformat("2026-11-20T16:30:00+00:00")
    happen(engine, NOON, happening("o", late, kind="order", visitor=None, properties=sold("1", 990)))
    credit_all(engine, NOON)
    roll(engine)
    assert {key[0] for key in days_of(engine)} == {"2026-11-21"}
    with transaction(engine) as session:
        session.get_one(Workspace, 1).time_zone = "America/Sao_Paulo"
        start_over(session, NOON)
    roll(engine)
    assert {key[0] for key in days_of(engine)} == {"2026-11-20"}


def test_a_day_with_nothing_left_has_no_rows(engine: Engine) -> None:
    with transaction(engine) as session:
        record_cost(session, cost("a", date(2026, 11, 3), 1), NOON)
    roll(engine)
    with transaction(engine) as session:
        session.execute(text("delete from cost"))
        mark_changed(session, [(date(2026, 11, 3), "buyer")])
    roll(engine)
    assert days_of(engine) == {}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dice=st.randoms(use_true_random=False), size=st.integers(1, 5))
def test_it_is_always_what_counting_everything_gives(engine: Engine, dice: random.Random, size: int) -> None:
    with engine.begin() as connection:
        tables = "event, event_reader, touch, conversion, credit, visitor_identity, cost, channel_day, channel_day_due"
        connection.execute(text(f"truncate {tables}"))
    buyers = people(engine, NOON, 3, country=dice.choice([None, "BR"]))
    for number in range(dice.randint(1, 12)):
        at = NOON - timedelta(hours=dice.randint(0, 200), seconds=number)
        kind = dice.choice(["page_view", "page_view", "registration", "order", "refund", "shop_open"])
        properties = dict(dice.choice([GOOGLE, PAID, PARTNER])) | sold(f"{dice.randint(0, 5)}", dice.randint(1, 999))
        more = {"person_id": dice.choice([None, *buyers]), "country": dice.choice([None, "RU"]), "kind": kind}
        happen(
            engine,
            NOON,
            happening(f"{number}", at, side=dice.choice(["buyer", "seller"]), properties=properties, **more),
        )
        with transaction(engine) as session:
            record_cost(session, cost(f"{dice.randint(0, 3)}", at.date(), dice.randint(0, 99)), NOON)
        if dice.random() < 0.5:
            credit_all(engine, NOON, size)
            roll(engine, size)
    credit_all(engine, NOON, size)
    roll(engine, size)
    with transaction(engine) as session:
        assert session.scalars(select(ChannelDayDue)).all() == []
        assert {key: figures for key, figures in days_of(engine).items() if any(figures)} == brute(session)


def brute(session: Session) -> dict[tuple[str, str, str, str], tuple[int, ...]]:
    """Every row counted one by one; all is in US dollars here."""
    counts: Counter[tuple[str, str, str, str, int]] = Counter()

    def add(where: tuple[datetime, str, str, str | None], place: int, amount: int) -> None:
        at, side, channel, country = where
        counts[at.astimezone(SHANGHAI).date().isoformat(), side, channel, country or "", place] += amount

    for touch in session.scalars(select(Touch)):
        add((touch.occurred_at, touch.side, touch.channel, touch.country), 0, touch.kind == "click")
    for one, credit in session.execute(select(Conversion, Credit).join(Credit)):
        acquiring = {"buyer": "registration", "seller": "shop_open"}[one.side]
        where = (one.occurred_at, one.side, credit.channel, one.country)
        add(where, 1, credit.share if one.kind == acquiring else 0)
        add(where, 2, credit.share if one.kind == "first_order" else 0)
        add(where, 3, credit.value_minor)
    for line in session.scalars(select(Cost)):
        counts[line.day.isoformat(), line.side, line.channel, line.country, 4] += line.amount_minor
    keys = {key[:4] for key, amount in counts.items() if amount}
    return {key: tuple(counts[*key, place] for place in range(5)) for key in keys}
