"""Refunds in another currency than their order, and orders told twice: the same whatever arrives first."""

import itertools
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text

from growth.attribution.foreign_refunds import Told, weigh
from growth.attribution.records import Conversion
from growth.database.changed_days import ChannelDayDue, CurrencyDue
from growth.database.engine import transaction
from growth.events.ingest import NewEvent
from growth.money import Money
from growth.spend.currencies import Rate, record_rates
from tests.attribution.happened import PAID, PARTNER, credit_all, credited, found, happen, people, sold
from tests.conftest import NOON
from tests.events.happenings import happening

DAY = timedelta(days=1)
RATES = {"USD": Decimal(1), "BRL": Decimal("0.2"), "JPY": Decimal("0.0065"), "KWD": Decimal("3.25")}


def test_each_gives_back_what_the_earlier_ones_left_by_the_day_s_rates() -> None:
    told = [
        Told(1, Money(25_00, "BRL")),  # 5 dollars of 9.90
        Told(2, Money(10_00, "RUB")),  # without a rate: kept, and takes nothing
        Told(3, Money(3_00, "USD")),
        Told(4, Money(1_000, "JPY")),  # 6.50 of the 1.90 left, which are 292 yen
        Told(5, None),
        Told(6, Money(1, "JPY")),
    ]
    assert weigh(Money(9_90, "USD"), told, RATES) == {1: -25_00, 2: -10_00, 3: -3_00, 4: -292, 5: 0, 6: 0}
    assert weigh(Money(9_90, "USD"), told[:1], {"BRL": RATES["BRL"]}) == {1: -25_00}


@given(
    whole=st.builds(Money, st.integers(0, 10**13), st.sampled_from(sorted(RATES))),
    told=st.lists(st.none() | st.builds(Money, st.integers(0, 10**13), st.sampled_from(sorted(RATES))), max_size=6),
)
def test_together_they_give_back_no_more_than_the_order_and_each_no_more_than_it_says(
    whole: Money, told: Sequence[Money | None]
) -> None:
    given_back = weigh(whole, [Told(number, one) for number, one in enumerate(told)], RATES)
    worth = Decimal(0)
    for number, one in enumerate(told):
        back = -given_back[number]
        assert 0 <= back <= (one.minor if one else whole.minor)
        worth += (
            Money(back, one.currency if one else whole.currency).amount * RATES[one.currency if one else whole.currency]
        )
    # Each is rounded to its smallest coin, which is worth more than the order's may be.
    coins = sum(
        (Money(1, one.currency).amount * RATES[one.currency] for one in [whole, *filter(None, told)]), Decimal(0)
    )
    assert worth <= whole.amount * RATES[whole.currency] + coins


@pytest.fixture(autouse=True)
def workspace(engine: Engine) -> None:
    found(engine, NOON)


def rate(engine: Engine, back: int, worth: str) -> None:
    with transaction(engine) as session:
        record_rates(session, "USD", [Rate("BRL", (NOON - back * DAY).date(), Decimal(worth))], NOON)


def values(engine: Engine) -> list[int]:
    """Orders first, then refunds, the largest first; the credits say the same."""
    with transaction(engine) as session:
        kept = sorted(session.scalars(select(Conversion.value_minor)), reverse=True)
    assert kept == sorted((value for *_, value in credited(engine).values()), reverse=True)
    return kept


def test_a_rate_that_comes_later_or_is_put_right_weighs_again_just_those_it_concerns(engine: Engine) -> None:
    back = {"order": "1", "amount_minor": 100_00, "currency": "BRL"}
    happen(engine, NOON, happening("o", NOON - 5 * DAY, kind="order", properties=sold("1", 9_90)),
           happening("r", NOON - DAY, kind="refund", properties=back),
           happening("o2", NOON - 5 * DAY, kind="order", properties=sold("2", 5)))  # fmt: skip
    credit_all(engine, NOON)
    assert values(engine) == [9_90, 5, -100_00]
    for days, worth, expected in ((4, "0.3", -100_00), (5, "0.2", -49_50), (9, "0.1", -49_50), (5, "0.05", -100_00)):
        with transaction(engine) as session:
            session.execute(text("delete from channel_day_due"))
        rate(engine, days, worth)
        credit_all(engine, NOON)
        assert values(engine) == [9_90, 5, expected]
        with transaction(engine) as session:
            assert session.scalars(select(CurrencyDue)).all() == []
            assert (NOON - DAY).date() in set(session.scalars(select(ChannelDayDue.day)))


def arrivals(engine: Engine, events: Sequence[NewEvent]) -> set[tuple[object, ...]]:
    """What comes of these events in every order, one by one and at once."""
    (buyer, other) = people(engine, NOON, 2)
    assert buyer < other
    outcomes: set[tuple[object, ...]] = set()
    for order in itertools.permutations(events):
        for size in (1, len(events)):
            with engine.begin() as connection:
                connection.execute(
                    text("truncate event, event_reader, touch, conversion, credit, order_change cascade")
                )
            for one in order:
                happen(engine, NOON, one)
                if size == 1:
                    credit_all(engine, NOON)
            credit_all(engine, NOON)
            with transaction(engine) as session:
                kept = session.scalars(select(Conversion).order_by(Conversion.source_key, Conversion.occurred_at))
                rows = [(one.kind, one.source_key, one.occurred_at, one.value_minor, one.country) for one in kept]
            outcomes.add((*rows, *sorted(credited(engine).items())))
    return outcomes


def test_of_an_order_told_twice_the_earlier_telling_counts_whichever_comes_first(engine: Engine) -> None:
    told = [
        happening("a", NOON - 3 * DAY, properties=PAID, person_id=1),
        happening("o", NOON - 2 * DAY, kind="order", person_id=1, country="BR", properties=sold("1", 9_90)),
        happening("o again", NOON - DAY, kind="order", person_id=1, country="RU", properties=sold("1", 12_00)),
        happening("r", NOON, kind="refund", properties=sold("1", 11_00, refund="x")),
    ]
    (outcome,) = arrivals(engine, told)
    assert outcome[:2] == (
        ("first_order", "buyer:1", NOON - 2 * DAY, 9_90, "BR"),
        ("refund", "buyer:1:x", NOON, -9_90, "BR"),
    )


def test_at_the_same_moment_the_smaller_one_counts_and_a_change_holds_for_either(engine: Engine) -> None:
    told = [
        happening("o", NOON - DAY, kind="order", properties=sold("1", 9_90)),
        happening("o again", NOON - DAY, kind="order", properties=sold("1", 12_00)),
        happening("c", NOON, kind="order_change", properties=sold("1", 7_00)),
    ]
    (outcome,) = arrivals(engine, told[:2])
    assert outcome[0] == ("order", "buyer:1", NOON - DAY, 9_90, None)
    (outcome,) = arrivals(engine, told)
    assert outcome[0] == ("order", "buyer:1", NOON - DAY, 7_00, None)


def test_a_refund_told_twice_is_the_earlier_one(engine: Engine) -> None:
    told = [
        happening("o", NOON - 3 * DAY, kind="order", properties=sold("1", 9_90)),
        happening("r", NOON - 2 * DAY, kind="refund", properties=sold("1", 5_00, refund="x")),
        happening("r again", NOON - DAY, kind="refund", properties={"order": "1", "refund": "x"}),
        happening("rest", NOON, kind="refund", properties={"order": "1", "refund": "y"}),
    ]
    (outcome,) = arrivals(engine, told)
    assert [row[3] for row in outcome[:3]] == [9_90, -5_00, -4_90]  # type: ignore[index]


def test_who_ordered_first_moves_with_an_earlier_telling(engine: Engine) -> None:
    """By the later telling it was somebody else's."""
    told = [
        happening("o", NOON - 4 * DAY, kind="order", person_id=1, properties=sold("1", 1)),
        happening("p", NOON - 3 * DAY, kind="order", person_id=2, properties=sold("2", 2)),
        happening("o again", NOON - 2 * DAY, kind="order", person_id=2, properties=sold("1", 3)),
        happening("s", NOON - 2 * DAY, properties=PARTNER, person_id=2),
    ]
    (outcome,) = arrivals(engine, told)
    assert [row[:2] for row in outcome[:2]] == [("first_order", "buyer:1"), ("first_order", "buyer:2")]  # type: ignore[index]
