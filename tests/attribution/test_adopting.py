"""Models in the ledger: shares that add up, windows, and adopting one from a moment on."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from growth.attribution.adopting import Choice, adopt, check, recount, since_days
from growth.attribution.models import MODELS, Contact, Model, Windows, path_before
from growth.attribution.records import AttributionVersion, Conversion, Credit
from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.errors import ConflictError, InvalidError
from growth.measurement.comparing_models import compare
from growth.measurement.records import ChannelDay
from growth.measurement.rolling_up import roll_up
from tests.attribution.happened import GOOGLE, PAID, PARTNER, credit_all, found, happen, people, sold
from tests.conftest import NOON
from tests.events.happenings import happening

DAY = timedelta(days=1)
CHANNELS = ("seo", "paid_search", "affiliates", "email")


@pytest.fixture(autouse=True)
def workspace(engine: Engine) -> None:
    found(engine, NOON)


def credits_by(engine: Engine, key: str) -> tuple[set[str], dict[str, tuple[int, int]]]:
    """Names of models, and share and value by channel, of one conversion."""
    with transaction(engine) as session:
        mine = select(Credit).join(Conversion).where(Conversion.source_key == key)
        rows = session.scalars(mine).all()
    told: dict[str, tuple[int, int]] = {}
    for one in rows:
        share, value = told.get(one.channel, (0, 0))
        told[one.channel] = (share + one.share, value + one.value_minor)
    return {one.model for one in rows}, told


def choose(engine: Engine, choice: Choice, *, days: int | None = 0, after: int = 1) -> None:
    with transaction(engine) as session:
        adopt(session, choice, since=since_days(NOON, days), after=after, actor="vera", now=NOON)
    while True:
        with transaction(engine) as session:
            if recount(session, NOON, None, 2).next is None:
                break


def journey(engine: Engine) -> int:
    """Three channels, an order of 10.01 and a refund of a third of it."""
    (buyer,) = people(engine, NOON, 1, country="BR")
    happen(
        engine, NOON,
        happening("a", NOON - 9 * DAY, properties=GOOGLE, person_id=buyer),
        happening("v", NOON - 8 * DAY, kind="email_open", person_id=buyer),
        happening("b", NOON - 5 * DAY, properties=PARTNER, person_id=buyer),
        happening("c", NOON - 3 * DAY, properties=PAID, person_id=buyer),
        happening("o", NOON - DAY, kind="order", person_id=buyer, properties=sold("1", 1001)),
        happening("r", NOON - DAY / 2, kind="refund", properties=sold("1", 334) | {"refund": "x"}),
    )  # fmt: skip
    credit_all(engine, NOON)
    return buyer


def test_adopting_redoes_credits_refunds_and_reports_in_equal_parts(engine: Engine) -> None:
    journey(engine)
    assert credits_by(engine, "buyer:1")[1] == {"paid_search": (1_000_000, 1001)}
    choose(engine, Choice(side="buyer", model="linear", clicks=30), days=None)
    model, told = credits_by(engine, "buyer:1")
    assert model == {"linear:2"}
    assert sorted(told.values()) == [(333_333, 333), (333_333, 334), (333_334, 334)]
    assert sum(value for _, value in credits_by(engine, "buyer:1:x")[1].values()) == -334
    with transaction(engine) as session:
        roll_up(session, NOON, None, 100)
        by_channel = select(ChannelDay.channel, func.sum(ChannelDay.value_minor)).group_by(ChannelDay.channel)
        worth = dict(session.execute(by_channel).all())
        assert sum(worth.values()) == 1001 - 334
        assert {name for name, value in worth.items() if value} == {"seo", "affiliates", "paid_search"}
        assert session.scalars(select(AuditEntry.action)).all() == ["adopt model"]


def test_going_back_to_one_channel_leaves_no_shares_behind(engine: Engine) -> None:
    journey(engine)
    choose(engine, Choice(side="buyer", model="linear", clicks=30), days=None)
    choose(engine, Choice(side="buyer", model="first", clicks=30), days=None, after=2)
    assert credits_by(engine, "buyer:1") == ({"first:3"}, {"seo": (1_000_000, 1001)})
    assert credits_by(engine, "buyer:1:x") == ({"first:3"}, {"seo": (1_000_000, -334)})


def test_from_now_on_leaves_the_past_as_it_was_made_even_when_it_is_credited_again(engine: Engine) -> None:
    buyer = journey(engine)
    choose(engine, Choice(side="buyer", model="first", clicks=30))
    happen(
        engine, NOON + DAY,
        happening("late", NOON - 2 * DAY, properties=PARTNER, person_id=buyer),
        happening("o2", NOON + DAY / 2, kind="order", person_id=buyer, properties=sold("2", 500)),
    )  # fmt: skip
    credit_all(engine, NOON + DAY)
    assert credits_by(engine, "buyer:1") == ({"last_touch:1"}, {"affiliates": (1_000_000, 1001)})
    assert credits_by(engine, "buyer:2") == ({"first:2"}, {"seo": (1_000_000, 500)})


def test_windows_of_single_channels_and_of_views(engine: Engine) -> None:
    journey(engine)
    choose(engine, Choice(side="buyer", model="last", clicks=30, channels={"paid_search": (1, 0)}), days=None)
    assert credits_by(engine, "buyer:1")[1] == {"affiliates": (1_000_000, 1001)}
    choose(engine, Choice(side="buyer", model="last", clicks=1, views=30), days=None, after=2)
    assert credits_by(engine, "buyer:1")[1] == {"email": (1_000_000, 1001)}
    choose(engine, Choice(side="buyer", model="last", clicks=1, views=3), days=None, after=3)
    assert credits_by(engine, "buyer:1")[1] == {"direct": (1_000_000, 1001)}


def test_markov_learns_from_those_who_did_not_buy_too(engine: Engine) -> None:
    journey(engine)
    idle = people(engine, NOON, 8)
    happen(engine, NOON, *(happening(f"i{one}", NOON - DAY, properties=GOOGLE, person_id=one) for one in idle))
    credit_all(engine, NOON)
    choose(engine, Choice(side="buyer", model="markov", clicks=30), days=None)
    with transaction(engine) as session:
        version = session.scalars(select(AttributionVersion)).one()
    # Everybody begins with a search; the one who bought then met the others, so without any of them nobody buys.
    assert version.settings["effects"] == {"seo": 1_000_000, "affiliates": 1_000_000, "paid_search": 1_000_000}
    assert (version.trained_from, version.trained_until) == (NOON - 90 * DAY, NOON)
    model, told = credits_by(engine, "buyer:1")
    assert model == {"markov:2"}
    assert {value for _, value in told.values()} == {333, 334}


def test_what_is_compared_is_what_adopting_brings(engine: Engine) -> None:
    journey(engine)
    choice = Choice(side="buyer", model="position", clicks=30)
    with transaction(engine) as session:
        before = compare(session, choice, 28, NOON)
    would = {label: part.value_minor for label, _, part in before.lines if part.value_minor}
    assert sum(would.values()) == 1001
    assert before.totals[0].value_minor == 1001
    choose(engine, choice, days=None)
    assert sorted(value for _, value in credits_by(engine, "buyer:1")[1].values()) == sorted(would.values())
    with transaction(engine) as session:
        after = compare(session, choice, 28, NOON)
    assert all(has == part for _, has, part in after.lines)


def test_a_kill_half_way_and_new_events_meanwhile_give_the_same_figures(engine: Engine) -> None:
    buyers = people(engine, NOON, 12)
    told = [
        event
        for number, one in enumerate(buyers)
        for event in (
            happening(f"a{number}", NOON - 3 * DAY, properties=GOOGLE, person_id=one),
            happening(f"b{number}", NOON - 2 * DAY, properties=PARTNER, person_id=one),
            happening(f"o{number}", NOON - DAY, kind="order", person_id=one, properties=sold(f"{number}", 101)),
        )
    ]
    happen(engine, NOON, *told[:18])
    credit_all(engine, NOON)
    with transaction(engine) as session:
        adopt(session, Choice(side="buyer", model="linear", clicks=30), since=since_days(NOON, None), after=1,
              actor="vera", now=NOON)  # fmt: skip
    with Session(engine) as killed:
        recount(killed, NOON, None, 2)
        killed.rollback()
    with transaction(engine) as session:
        recount(session, NOON, None, 2)
    happen(engine, NOON, *told[18:])
    meanwhile = threading.Thread(target=credit_all, args=(engine, NOON, 3))
    meanwhile.start()
    while True:
        with transaction(engine) as session:
            if recount(session, NOON, None, 2).next is None:
                break
    meanwhile.join()
    with transaction(engine) as session:
        rows = session.execute(
            text("select model, channel, count(*), sum(value_minor), sum(share) from credit group by 1, 2 order by 2")
        ).all()
    assert [tuple(row) for row in rows] == [
        ("linear:2", "affiliates", 12, 12 * 50, 12 * 500_000), ("linear:2", "seo", 12, 12 * 51, 12 * 500_000),
    ]  # fmt: skip


def test_of_two_who_adopt_at_once_the_second_is_told(engine: Engine) -> None:
    choose(engine, Choice(side="buyer", model="first", clicks=30))
    with pytest.raises(ConflictError):
        choose(engine, Choice(side="buyer", model="linear", clicks=30), after=1)
    choose(engine, Choice(side="seller", model="linear", clicks=180), after=1)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"model": "best"}, "model"),
        ({"model": "last-non-direct"}, "model"),
        ({"clicks": 0}, "clicks"),
        ({"views": 10**9}, "views"),
        ({"half_life": 0}, "half_life"),
        ({"order": 4}, "order"),
        ({"channels": {"members": (1, 1)}}, "channels"),
        ({"channels": {"seo": (-1, 1)}}, "clicks_seo"),
    ],
)
def test_a_choice_that_can_t_be_is_refused(wrong: dict[str, object], field: str) -> None:
    chosen: dict[str, object] = {"side": "buyer", "model": "last", "clicks": 30} | wrong
    with pytest.raises(InvalidError) as refused:
        check(Choice(**chosen))  # type: ignore[arg-type]
    assert refused.value.field == field


CONTACTS = st.lists(
    st.tuples(st.integers(0, 60 * 24), st.sampled_from(CHANNELS), st.sampled_from(["click", "view"])), max_size=30
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CONTACTS, st.sampled_from([*MODELS]), st.integers(-(10**12), 10**12), st.integers(0, 30))
def test_shares_and_values_always_add_up(told: list[tuple[int, str, str]], model: str, value: int, views: int) -> None:
    contacts = [
        Contact(n, NOON - timedelta(hours=back), name, kind, UUID(int=n)) for n, (back, name, kind) in enumerate(told)
    ]
    windows = Windows(30 * DAY, views * DAY, {"email": (7 * DAY, DAY)})
    parts = Model(model, windows, effects={"seo": 10, "email": 0}).share(contacts, NOON, value)
    assert sum(part.share for part in parts) == 1_000_000
    assert sum(part.value_minor for part in parts) == value
    path = path_before(contacts, NOON, windows)
    assert {part.touch_id for part in parts} <= {one.touch_id for one in path} | {None}
    assert len({one.kind for one in path}) < 2
    assert parts == Model(model, windows, effects={"seo": 10, "email": 0}).share(contacts[::-1], NOON, value)
