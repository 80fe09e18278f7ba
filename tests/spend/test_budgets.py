"""Budgets: no plan passes the guard, not even two at once, and a forecast's interval holds what it says."""

import threading
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import Engine, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.errors import ConflictError, RefusedError
from growth.spend.budgets import change_budget, guard
from growth.spend.ledger import NewCost, record_cost
from growth.spend.pacing import pace
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
    start, ends = threading.Barrier(4), list[bool]()

    def plan(name: str) -> None:
        start.wait()
        try:
            with transaction(engine) as session:
                planned(session, 600, name)
            ends.append(True)
        except RefusedError:
            ends.append(False)

    threads = [threading.Thread(target=plan, args=(name,)) for name in "ABCD"]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(ends) == [False, False, False, True]


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
