"""Refunds that say too little or too much."""

import random
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text

from growth.attribution.records import Conversion
from growth.database.engine import transaction
from tests.attribution.happened import credit_all, credited, found, happen, sold
from tests.conftest import NOON
from tests.events.happenings import happening

DAY = timedelta(days=1)


def test_a_refund_of_nothing_gives_nothing_back_and_a_whole_one_is_in_the_order_s_currency(engine: Engine) -> None:
    found(engine, NOON)
    back = [sold("1", 0), sold("1", 10**14), {"order": "1", "currency": "BRL"}]
    for number, properties in enumerate(back):
        happen(engine, NOON, happening(f"back{number}", NOON, kind="refund", properties=properties))
    happen(engine, NOON, happening("o", NOON - timedelta(days=1), kind="order", properties=sold("1", 990)))
    credit_all(engine, NOON)
    assert sorted(value for _, _, value in credited(engine).values()) == [-990, 990]
    with transaction(engine) as session:
        assert set(session.scalars(select(Conversion.currency))) == {"USD"}


def values(engine: Engine) -> list[int]:
    """Orders first, then refunds, the largest first."""
    with transaction(engine) as session:
        return sorted(session.scalars(select(Conversion.value_minor)), reverse=True)


def test_refunds_together_give_back_no_more_than_the_order_even_when_it_comes_last(engine: Engine) -> None:
    found(engine, NOON)
    first = happening("r1", NOON, kind="refund", properties=sold("1", 600, refund="a"))
    again = happening("r1 again", NOON + DAY / 24, kind="refund", properties=sold("1", 600, refund="a"))
    second = happening("r2", NOON + DAY / 2, kind="refund", properties=sold("1", 700, refund="b"))
    rest = happening("r3", NOON + DAY / 2, kind="refund", properties={"order": "1", "refund": "c"})
    happen(engine, NOON, rest, second, again, first)
    credit_all(engine, NOON, 1)
    happen(engine, NOON, happening("o", NOON - DAY, kind="order", properties=sold("1", 1_000)))
    credit_all(engine, NOON)
    assert values(engine) == [1_000, 0, -400, -600]


def test_an_order_has_its_latest_amount_whatever_arrives_first(engine: Engine) -> None:
    found(engine, NOON)
    smaller = happening("c1", NOON, kind="order_change", properties=sold("1", 500))
    larger = happening("c2", NOON - DAY / 2, kind="order_change", properties=sold("1", 2_000))
    happen(engine, NOON, smaller, happening("r", NOON, kind="refund", properties=sold("1", 800)))
    credit_all(engine, NOON)
    assert values(engine) == [-800]
    happen(engine, NOON, larger, happening("o", NOON - DAY, kind="order", properties=sold("1", 1_000)))
    credit_all(engine, NOON)
    assert values(engine) == [500, -500]
    happen(engine, NOON, happening("c3", NOON + DAY / 24, kind="order_change", properties=sold("1", 900)))
    credit_all(engine, NOON)
    assert values(engine) == [900, -800]
    assert sorted(value for *_, value in credited(engine).values()) == [-800, 900]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(st.tuples(st.sampled_from(["order_change", "refund"]), st.integers(1, 500)), max_size=8),
    order=st.randoms(use_true_random=False),
    size=st.integers(1, 5),
)
def test_what_is_left_of_an_order_never_depends_on_the_order_of_arrival(
    engine: Engine, told: list[tuple[str, int]], order: random.Random, size: int
) -> None:
    with engine.begin() as connection:
        connection.execute(text("truncate event, event_reader, conversion, credit, order_change"))
    events = [happening("o", NOON - DAY, kind="order", properties=sold("1", 300))]
    for number, (kind, cents) in enumerate(told):
        at = NOON - DAY / 2 + timedelta(minutes=number)
        events.append(happening(f"{number}", at, kind=kind, properties=sold("1", cents)))
    arriving = [*events, *events]
    order.shuffle(arriving)
    for start in range(0, len(arriving), size):
        happen(engine, NOON, *arriving[start : start + size])
        credit_all(engine, NOON, size)
    paid = next((cents for kind, cents in reversed(told) if kind == "order_change"), 300)
    back = min(paid, sum(cents for kind, cents in told if kind == "refund"))
    assert sum(values(engine)) == paid - back
    assert sum(value for *_, value in credited(engine).values()) == paid - back
