"""Budgets: no plan passes the guard, not even two at once, and a forecast's interval holds what it says."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.errors import ConflictError, RefusedError
from growth.measurement.overspending import overspending
from growth.measurement.rolling_up import roll_up
from growth.money import Money
from growth.spend.budgets import budgets_of, change_budget, copy_budgets, exhausted, guard
from growth.spend.cells import amount_with_currency
from growth.spend.currencies import Rate, record_rates
from growth.spend.ledger import NewCost, record_cost
from growth.spend.paced import paced_months
from growth.spend.pacing import Pace, pace
from growth.spend.records import Budget
from tests.conftest import NOON

MONTH = date(2026, 11, 1)
WHO = "m@e.example"


def set_up(session: Session, minor: int) -> None:
    place = Workspace(name="M", time_zone="UTC", currency="USD", sender_name="M", sender_email=WHO)
    place.set_up_at = NOON
    session.add(place)
    session.flush()
    change_budget(session, "buyer", "paid_search", MONTH, minor, version=0, actor=WHO, now=NOON)


def spend(session: Session, minor: int, campaign: str) -> None:
    cost = NewCost(source="test", source_key=campaign, day=date(2026, 11, 3), side="buyer", channel="paid_search",
                   campaign=campaign, amount_minor=minor, currency="USD")  # fmt: skip
    record_cost(session, cost, NOON)


def planned(session: Session, minor: int, plan: str) -> None:
    guard(session, "paid_search", date(2026, 11, 20), minor, "USD", plan=plan, now=NOON)


def test_plans_and_what_was_spent_share_the_budget(session: Session) -> None:
    set_up(session, 1000)
    planned(session, 600, "A")
    planned(session, 600, "A")
    with pytest.raises(RefusedError):
        planned(session, 401, "B")
    spend(session, 500, "A")
    planned(session, 300, "B")
    spend(session, 101, "by hand")
    with pytest.raises(RefusedError):
        planned(session, 300, "B")
    planned(session, 299, "B")
    with pytest.raises(RefusedError):
        change_budget(session, "buyer", "paid_search", MONTH, 800, version=1, actor=WHO, now=NOON)
    with pytest.raises(ConflictError):
        change_budget(session, "buyer", "paid_search", MONTH, 5000, version=0, actor=WHO, now=NOON)
    with pytest.raises(RefusedError, match="no budget"):
        guard(session, "seo", MONTH, 1, "USD", plan="A", now=NOON)
    with pytest.raises(RefusedError, match="no rate"):
        guard(session, "paid_search", MONTH, 1, "BRL", plan="A", now=NOON)


def test_the_database_itself_refuses_more_than_the_budget(session: Session) -> None:
    set_up(session, 1000)
    with pytest.raises(IntegrityError, match="ck_budget_guard"):
        session.execute(update(Budget).values(planned_minor=1001))


def test_of_two_plans_at_once_only_one_passes(engine: Engine) -> None:
    with transaction(engine) as session:
        set_up(session, 1000)
    ends = list[bool]()

    def plan(name: str) -> None:
        try:
            with transaction(engine) as session:
                planned(session, 600, name)
            ends.append(True)
        except RefusedError:
            ends.append(False)

    at_once(*(partial(plan, name) for name in "ABCD"))
    assert sorted(ends) == [False, False, False, True]


def at_once(*works: Callable[[], None]) -> None:
    """Each in a thread of its own, all of them begun at one moment."""
    start = threading.Barrier(len(works))

    def begin(work: Callable[[], None]) -> None:
        start.wait()
        work()

    threads = [threading.Thread(target=begin, args=(work,)) for work in works]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def test_of_two_managers_at_once_the_second_is_told(engine: Engine) -> None:
    with transaction(engine) as session:
        set_up(session, 1000)
    ends = list[str]()

    def change() -> None:
        try:
            with transaction(engine) as session:
                change_budget(session, "buyer", "paid_search", MONTH, 2000, version=1, actor=WHO, now=NOON)
            ends.append("changed")
        except ConflictError:
            ends.append("told")

    at_once(change, change)
    assert sorted(ends) == ["changed", "told"]


@pytest.mark.parametrize("minor", [600, 700, 800])
def test_a_budget_lowered_while_a_plan_is_let_through_still_holds_it(engine: Engine, minor: int) -> None:
    with transaction(engine) as session:
        set_up(session, 1000)

    def lower() -> None:
        with suppress(RefusedError), transaction(engine) as mine:
            change_budget(mine, "buyer", "paid_search", MONTH, 500, version=1, actor=WHO, now=NOON)

    def plan() -> None:
        with suppress(RefusedError), transaction(engine) as mine:
            planned(mine, minor, "A")

    at_once(lower, plan)
    with transaction(engine) as session:
        kept = session.scalars(select(Budget)).one()
        assert (kept.amount_minor, kept.planned_minor) in {(500, 0), (1000, minor)}


def test_a_plan_in_another_currency_and_a_workspace_that_changes_its_own(session: Session) -> None:
    set_up(session, 1000)
    record_rates(session, "USD", [Rate("CNY", MONTH, Decimal("0.1"))], NOON)
    guard(session, "paid_search", MONTH, 9_999, "CNY", plan="A", now=NOON)
    with pytest.raises(RefusedError):
        guard(session, "paid_search", MONTH, 20, "CNY", plan="B", now=NOON)
    place = session.get_one(Workspace, 1)
    place.currency = "CNY"
    session.flush()
    assert exhausted(session, "buyer", NOON) == set()
    (month,) = paced_months(session, "buyer", ["paid_search"], MONTH, NOON.date())
    assert (month.budget_minor, month.overspent, month.will_be_overspent) == (None, False, False)
    with pytest.raises(RefusedError, match="no rate"):
        change_budget(session, "buyer", "paid_search", MONTH, 20_000, version=1, actor=WHO, now=NOON)
    session.rollback()


def test_a_budget_from_another_currency_is_turned_when_it_is_changed(session: Session) -> None:
    set_up(session, 1000)
    planned(session, 600, "A")
    session.get_one(Workspace, 1).currency = "CNY"
    session.flush()
    record_rates(session, "CNY", [Rate("USD", MONTH, Decimal(7))], NOON)
    changed = change_budget(session, "buyer", "paid_search", MONTH, 5_000, version=1, actor=WHO, now=NOON)
    assert (changed.amount_minor, changed.planned_minor, changed.currency) == (5_000, 4_200, "CNY")
    with pytest.raises(RefusedError):
        planned(session, 1000, "B")


def test_budgets_are_copied_where_there_are_none(session: Session) -> None:
    set_up(session, 1000)
    change_budget(session, "buyer", "seo", MONTH, 700, version=0, actor=WHO, now=NOON)
    december = date(2026, 12, 1)
    change_budget(session, "buyer", "seo", december, 5, version=0, actor=WHO, now=NOON)
    assert copy_budgets(session, "buyer", december, actor=WHO, now=NOON) == (["paid_search"], [])
    assert {one.channel: one.amount_minor for one in budgets_of(session, "buyer", december).values()} == {
        "paid_search": 1000, "seo": 5,
    }  # fmt: skip
    assert copy_budgets(session, "buyer", december, actor=WHO, now=NOON) == ([], [])


def test_a_month_ends_when_it_does_where_the_workspace_is(session: Session) -> None:
    set_up(session, 1000)
    session.get_one(Workspace, 1).time_zone = "Asia/Shanghai"
    session.flush()
    spend(session, 1000, "A")
    last = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)
    assert exhausted(session, "buyer", last) == {"paid_search"}
    assert exhausted(session, "buyer", last + timedelta(minutes=2)) == set()


def test_the_first_and_the_last_day_and_a_month_to_come(session: Session) -> None:
    set_up(session, 10_000)
    for back in range(1, 57):
        day = date(2026, 12, 1) - timedelta(days=back)
        record_cost(session, NewCost(source="t", source_key="a", day=day, side="buyer", channel="paid_search",
                                     amount_minor=100, currency="USD"), NOON)  # fmt: skip

    def found(month: date, today: date) -> Pace:
        return paced_months(session, "buyer", ["paid_search"], month, today)[0].pace

    assert found(MONTH, date(2026, 11, 30)).expected == 3_000
    first = found(date(2026, 12, 1), date(2026, 12, 1))
    assert (first.spent, first.expected, first.told) == (0, 3_100, True)
    assert found(date(2027, 2, 1), date(2026, 12, 1)).expected == 2_800
    over = found(MONTH, date(2026, 12, 20))
    assert (over.spent, over.low, over.high) == (3_000, 3_000, 3_000)


def test_what_is_overspent_or_will_be_is_told(session: Session) -> None:
    set_up(session, 2_500)
    for back in range(1, 50):
        record_cost(session, NewCost(source="t", source_key="a", day=NOON.date() - timedelta(days=back), side="buyer",
                                     channel="paid_search", amount_minor=100, currency="USD"), NOON)  # fmt: skip
    roll_up(session, NOON, None, 1000)
    (told,) = overspending(session, "buyer", NOON)
    assert (told.overspent, told.will_be_overspent, told.pace.expected) == (False, True, 3_000)
    spend(session, 5_000, "by hand")
    roll_up(session, NOON, None, 1000)
    (told,) = overspending(session, "buyer", NOON)
    assert told.overspent
    assert overspending(session, "seller", NOON) == []


@given(st.sampled_from(["20000 CNY", "CNY 20000", "cny20000", "20 000,00 cny"]))
def test_an_amount_may_carry_its_currency(cell: str) -> None:
    assert amount_with_currency(cell, "USD") == Money(2_000_000, "CNY")
    assert amount_with_currency("12.5", "USD") == Money(1_250, "USD")


@pytest.mark.parametrize("alike", [0.0, 0.6])
def test_the_interval_holds_when_days_resemble_the_day_before(alike: float) -> None:
    held, tries, yesterday, end = 0, 200, date(2026, 11, 12), date(2026, 11, 30)
    for seed in range(tries):
        dice = np.random.default_rng(seed)
        moved, costs = 0.0, list[int]()
        for _ in range(74):
            moved = alike * moved + dice.normal(0, 0.2)
            costs.append(round(50_000 * np.exp(moved)))
        found = pace(costs[:56], yesterday, end, sum(costs[44:56]))
        held += found.low <= sum(costs[44:]) <= found.high
    assert held / tries >= 0.8


def test_the_interval_of_a_month_end_holds_what_it_says() -> None:
    held, tries, yesterday, end = 0, 300, date(2026, 11, 12), date(2026, 11, 30)
    for seed in range(tries):
        dice = np.random.default_rng(seed)
        weekdays = np.exp(dice.normal(0, 0.2, 7))
        days = [yesterday + timedelta(days=one) for one in range(-55, 19)]
        costs = [round(50_000 * weekdays[day.weekday()] * np.exp(dice.normal(0, 0.25))) for day in days]
        spent, truth = sum(costs[44:56]), sum(costs[44:])
        found = pace(costs[:56], yesterday, end, spent)
        held += found.low <= truth <= found.high
    assert 0.8 <= held / tries <= 0.98


def test_without_history_the_end_is_what_was_spent() -> None:
    assert not pace([0] * 50 + [5] * 3, date(2026, 11, 12), date(2026, 11, 30), 15).told
    assert pace([5] * 56, date(2026, 11, 30), date(2026, 11, 30), 150).expected == 150
