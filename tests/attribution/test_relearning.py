"""Markov learnt anew every day: a version of its own from then on, what was credited before stays, far moves told."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from growth.attribution.adopting import Choice, adopt, history, latest, recount
from growth.attribution.records import AttributionVersion, Conversion, Credit
from growth.attribution.relearning import ACTOR, moves, relearn
from growth.clock import FixedClock
from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.errors import ConflictError
from growth.scheduling.doing import do, take_up
from growth.scheduling.firing import fire
from growth.scheduling.records import JobLine, JobRun
from tests.attribution.happened import GOOGLE, PAID, credit_all, found, happen, people, sold
from tests.conftest import NOON
from tests.events.happenings import happening

DAY = timedelta(days=1)
MARKOV = Choice(side="buyer", model="markov", clicks=30, order=2)


@pytest.fixture(autouse=True)
def workspace(engine: Engine) -> None:
    found(engine, NOON)


def buy(engine: Engine, came: dict[str, str], times: int, name: str) -> None:
    for number, buyer in enumerate(people(engine, NOON, times)):
        happen(
            engine, NOON,
            happening(f"{name}t{number}", NOON - 3 * DAY, properties=came, person_id=buyer),
            happening(f"{name}o{number}", NOON - DAY, kind="order", person_id=buyer,
                      properties=sold(f"{name}{number}", 9)),
        )  # fmt: skip
    credit_all(engine, NOON)


def chosen(engine: Engine, choice: Choice = MARKOV, after: int = 1) -> None:
    with transaction(engine) as session:
        adopt(session, choice, since=NOON - 30 * DAY, after=after, actor="vera", now=NOON)
    while True:
        with transaction(engine) as session:
            if recount(session, NOON, None, 100).next is None:
                break


def test_a_fit_is_a_version_from_then_on_and_the_past_keeps_its_own(engine: Engine) -> None:
    buy(engine, GOOGLE, 4, "g")
    chosen(engine)
    later = NOON + DAY
    with transaction(engine) as session:
        assert relearn(session, "buyer", later) is None  # nothing else was learnt
        assert relearn(session, "seller", later) is None  # another model counts
    buy(engine, PAID, 4, "p")
    with transaction(engine) as session:
        learnt = relearn(session, "buyer", later)
        assert learnt is not None
        assert (learnt.number, learnt.moves) == (3, {"paid_search": (0, 0.5), "seo": (1, 0.5)})
    (buyer,) = people(engine, later, 1)
    happen(
        engine, later,
        happening("t", later, properties=GOOGLE, person_id=buyer),
        happening("o", later + DAY / 4, kind="order", person_id=buyer, properties=sold("new", 9)),
    )  # fmt: skip
    credit_all(engine, later + DAY)
    with transaction(engine) as session:
        names = dict(session.execute(select(Conversion.source_key, Credit.model).join(Credit)).all())
        assert names["buyer:new"] == "markov:3"
        assert set(names.values()) == {"markov:2", "markov:3"}
        counts = latest(session, "buyer")
        assert counts is not None
        assert (counts.relearns, counts.adopted_by, counts.settings["order"]) == (2, ACTOR, 2)
        assert [one.number for one in history(session, "buyer")] == [2]
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert actions == ["adopt model", "learn effects"]


def test_what_was_learnt_anew_is_no_adoption_by_somebody_else(engine: Engine) -> None:
    buy(engine, GOOGLE, 2, "g")
    chosen(engine)
    buy(engine, PAID, 2, "p")
    with transaction(engine) as session:
        relearn(session, "buyer", NOON + DAY)
    chosen(engine, Choice(side="buyer", model="linear", clicks=30), after=2)  # seen before it was learnt anew
    with pytest.raises(ConflictError):
        chosen(engine, after=3)
    with transaction(engine) as session:
        assert session.scalars(select(AttributionVersion.number).order_by(AttributionVersion.number)).all() == [2, 3, 4]


def test_a_crash_keeps_nothing_and_nothing_to_learn_from_keeps_what_was_learnt(engine: Engine) -> None:
    buy(engine, GOOGLE, 2, "g")
    chosen(engine)
    with transaction(engine) as session:
        assert relearn(session, "buyer", NOON + 400 * DAY) is None
    buy(engine, PAID, 2, "p")
    with Session(engine) as crashed:
        assert relearn(crashed, "buyer", NOON + DAY) is not None
        crashed.rollback()
    with transaction(engine) as session:
        assert session.scalars(select(AttributionVersion.number)).all() == [2]


def test_only_far_moves_are_told() -> None:
    assert moves({"a": 500, "b": 500}, {"a": 520, "b": 500}) == {}
    assert list(moves({"a": 500, "b": 500}, {"a": 100, "b": 500, "c": 100})) == ["a", "b", "c"]
    assert moves({}, {}) == {}


def test_the_job_tells_what_moved(engine: Engine, clock: FixedClock) -> None:
    buy(engine, GOOGLE, 2, "g")
    chosen(engine)
    buy(engine, PAID, 2, "p")
    with transaction(engine) as session:
        run_id = fire(session, "learn_channel_effects", due_at=clock.now(), fired_by="test")
        task = session.scalar(text("select max(id) from procrastinate_jobs"))
    assert run_id is not None
    assert task is not None
    claim = take_up(engine, clock.now(), "run", run_id, task)
    assert claim is not None
    do(engine, clock, claim, threading.Event())
    with transaction(engine) as session:
        assert session.get_one(JobRun, run_id).state == "succeeded"
        lines = session.scalars(select(JobLine).where(JobLine.run_id == run_id).order_by(JobLine.id)).all()
        told = [(one.level, one.words["message"] % one.words["values"]) for one in lines]
    assert told == [
        ("info", "Effects learnt anew: version 3."),
        ("warning", "Paid search: 0 % of the credit before, 50 % now."),
        ("warning", "Search (SEO): 100 % of the credit before, 50 % now."),
    ]
