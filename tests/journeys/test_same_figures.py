"""Whatever goes wrong on the way, the figures are those of one clean run, to the cent."""

import random
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from tests.conftest import NOON
from tests.journeys.same_figures import Figures, Sent, add_up, batches, clean, collected, figures_of, setting, story


@pytest.fixture(params=[1, 2])
def told(request: pytest.FixtureRequest, engine: Engine) -> list[Sent]:
    setting(engine, NOON)
    return story(request.param, NOON)


@pytest.fixture
def expected(engine: Engine, told: list[Sent]) -> Figures:
    return clean(engine, told, NOON)


def same(engine: Engine, expected: Figures) -> None:
    """Table by table, so that a difference says where it is."""
    for name, rows in figures_of(engine).tables.items():
        assert rows == expected.tables[name], name


def test_events_twice_in_two_batches(engine: Engine, told: list[Sent], expected: Figures) -> None:
    for batch in batches(told, 90):
        assert collected(engine, batch, NOON) == len(batch)
    for batch in batches(told, 70):
        assert collected(engine, batch, NOON) == 0
    add_up(engine, NOON)
    same(engine, expected)


def test_in_any_order_credited_in_between(engine: Engine, told: list[Sent], expected: Figures) -> None:
    dice = random.Random(len(told))
    arriving = [*told, *told]
    dice.shuffle(arriving)
    for batch in batches(arriving, 60):
        collected(engine, batch, NOON)
        if dice.random() < 0.4:
            add_up(engine, NOON, dice.randint(5, 200))
    add_up(engine, NOON)
    same(engine, expected)


def test_at_the_same_time_while_credits_are_given_and_rolled_up(
    engine: Engine, told: list[Sent], expected: Figures
) -> None:
    backwards = told[::-1]
    over = threading.Event()
    wrong: list[BaseException] = []

    def send(arriving: Sequence[Sent]) -> None:
        for batch in batches(arriving, 40):
            collected(engine, batch, NOON)

    def again() -> None:
        while not over.is_set():
            add_up(engine, NOON, 35)

    def kept(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - told below, by the test's own thread
                wrong.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    at_work = [kept(again), kept(again)]
    senders = [kept(lambda one=one: send(one)) for one in (told, backwards, told[50:] + told[:50])]  # type: ignore[misc]
    for thread in senders:
        thread.join()
    over.set()
    for thread in at_work:
        thread.join()
    assert not wrong
    add_up(engine, NOON)
    same(engine, expected)


def test_refunds_that_come_long_after_their_month_was_counted(
    engine: Engine, told: list[Sent], expected: Figures
) -> None:
    late = [one for one in told if one["kind"] == "refund"]
    assert {one["at"][:7] for one in late} > {NOON.isoformat()[:7]}
    for batch in batches([one for one in told if one["kind"] != "refund"], 200):
        collected(engine, batch, NOON)
    add_up(engine, NOON)
    before = figures_of(engine)
    assert before.tables["channel_day"] != expected.tables["channel_day"]
    collected(engine, late, NOON)
    add_up(engine, NOON)
    same(engine, expected)


@pytest.mark.parametrize("wrong", [timedelta(days=-400), timedelta(hours=-9), timedelta(minutes=2), timedelta(days=30)])
def test_clients_whose_clocks_are_wrong(engine: Engine, told: list[Sent], expected: Figures, wrong: timedelta) -> None:
    for batch in batches(told, 150):
        shown = [one | {"at": (datetime.fromisoformat(one["at"]) + wrong).isoformat()} for one in batch]
        for late in (timedelta(0), timedelta(minutes=7)):
            # The second try is told by the same clock, which went on meanwhile.
            collected(engine, shown, NOON + late, sent=NOON + wrong + late)
    add_up(engine, NOON)
    same(engine, expected)
