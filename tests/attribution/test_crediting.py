"""Who gets the credit, in whatever order and however often events arrive."""

import random
import threading
from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from growth.attribution.crediting import credit
from growth.attribution.models import WINDOWS
from growth.attribution.records import Conversion, Credit, Touch
from growth.attribution.rules import classify
from growth.database.changed_days import ChannelDayDue
from growth.database.engine import transaction
from growth.events.ingest import NewEvent
from growth.events.records import VisitorIdentity
from tests.attribution.happened import GOOGLE, PAID, PARTNER, credit_all, credited, found, happen, people, sold
from tests.conftest import NOON
from tests.events.happenings import happening

VISITOR = UUID(int=7)
DAY = timedelta(days=1)


def due(engine: Engine) -> set[tuple[str, str]]:
    """The days that wait, which are forgotten by it."""
    with transaction(engine) as session:
        rows = {(one.day.isoformat(), one.side) for one in session.scalars(select(ChannelDayDue))}
        session.execute(text("delete from channel_day_due"))
    return rows


@pytest.fixture(autouse=True)
def workspace(engine: Engine) -> None:
    found(engine, NOON)


def test_the_last_click_before_it_gets_the_credit(engine: Engine) -> None:
    (buyer,) = people(engine, NOON, 1)
    happen(
        engine, NOON,
        happening("a", NOON - 3 * DAY, properties=GOOGLE, person_id=buyer),
        happening("b", NOON - 2 * DAY, properties=PARTNER, person_id=buyer),
        happening("seen", NOON - DAY, kind="email_open", person_id=buyer),
        happening("c", NOON - DAY / 2, properties=PAID, person_id=buyer, side="seller"),
        happening("r", NOON - DAY / 3, kind="registration", person_id=buyer),
        happening("late", NOON - DAY / 4, properties=PAID, person_id=buyer),
        happening("o", NOON - DAY / 5, kind="order", person_id=buyer, properties=sold("1", 990)),
    )  # fmt: skip
    credit_all(engine, NOON)
    assert credited(engine) == {
        f"buyer:person:{buyer}": ("registration", "affiliates", 0),
        "buyer:1": ("first_order", "paid_search", 990),
    }


def test_without_a_touch_in_the_window_no_channel_is_known(engine: Engine) -> None:
    (buyer,) = people(engine, NOON, 1)
    happen(engine, NOON, happening("a", NOON - WINDOWS["buyer"], properties=GOOGLE, person_id=buyer))
    happen(engine, NOON, happening("o", NOON, kind="order", person_id=buyer, properties=sold("1", 5)))
    credit_all(engine, NOON)
    assert credited(engine) == {"buyer:1": ("first_order", "direct", 5)}


def test_a_visitor_who_becomes_known_brings_along_what_went_before(engine: Engine) -> None:
    (buyer,) = people(engine, NOON, 1, country="BR")
    happen(
        engine, NOON,
        happening("a", NOON - 2 * DAY, properties=PARTNER, visitor=VISITOR),
        happening("o", NOON - DAY, kind="order", person_id=buyer, properties=sold("1", 5)),
        happening("o2", NOON - 3 * DAY, kind="order", visitor=VISITOR, properties=sold("2", 5)),
    )  # fmt: skip
    credit_all(engine, NOON)
    assert credited(engine) == {"buyer:1": ("first_order", "direct", 5), "buyer:2": ("first_order", "direct", 5)}
    due(engine)
    with transaction(engine) as session:
        session.add(VisitorIdentity(visitor=VISITOR, person_id=buyer, rests_on="token", at=NOON))
    happen(engine, NOON, happening("known", NOON, visitor=VISITOR, person_id=buyer, properties={}))
    credit_all(engine, NOON)
    assert credited(engine) == {"buyer:1": ("order", "affiliates", 5), "buyer:2": ("first_order", "direct", 5)}
    # The visit of the 22nd is now one of Brazil, where its buyer lives.
    assert due(engine) == {("2026-11-23", "buyer"), ("2026-11-22", "buyer"), ("2026-11-21", "buyer")}
    with transaction(engine) as session:
        assert set(session.scalars(select(Conversion.country).where(Conversion.source_key == "buyer:2"))) == {"BR"}


def test_two_registrations_that_turn_out_to_be_one_person_s_are_one(engine: Engine) -> None:
    (buyer,) = people(engine, NOON, 1)
    other = UUID(int=8)
    happen(
        engine, NOON,
        happening("r1", NOON - 3 * DAY, kind="registration", visitor=VISITOR),
        happening("r2", NOON - 2 * DAY, kind="registration", visitor=other),
        happening("r3", NOON - DAY, kind="registration", person_id=buyer),
    )  # fmt: skip
    credit_all(engine, NOON)
    assert len(credited(engine)) == 3
    due(engine)
    happen(engine, NOON, *(happening(f"{one}", NOON, visitor=one, person_id=buyer) for one in (VISITOR, other)))
    credit_all(engine, NOON)
    assert set(credited(engine)) == {f"buyer:person:{buyer}"}
    with transaction(engine) as session:
        assert session.scalars(select(Conversion.occurred_at)).one() == NOON - 3 * DAY
    assert len(due(engine)) == 3


def test_a_late_touch_credits_anew_only_what_stands_in_its_window(engine: Engine) -> None:
    buyer, other = people(engine, NOON, 2)
    orders = [(buyer, 40), (buyer, 10), (buyer, 1), (other, 10)]
    happen(
        engine, NOON,
        *(happening(f"o{number}", NOON - back * DAY, kind="order", person_id=who, properties=sold(f"{number}", 5))
          for number, (who, back) in enumerate(orders)),
    )  # fmt: skip
    credit_all(engine, NOON)
    due(engine)
    before = versions(engine)
    happen(engine, NOON, happening("late", NOON - 35 * DAY, properties=PAID, person_id=buyer))
    credit_all(engine, NOON)
    after = versions(engine)
    assert {key for key in after if after[key] != before[key]} == {"buyer:1"}
    assert credited(engine)["buyer:1"][1] == "paid_search"
    assert due(engine) == {("2026-10-20", "buyer"), ("2026-11-14", "buyer")}


def versions(engine: Engine) -> dict[str, str]:
    """The transaction that wrote each credit, by its conversion."""
    with engine.connect() as connection:
        rows = connection.execute(
            text("select source_key, credit.xmin::text from credit join conversion on conversion.id = conversion_id")
        )
        return dict(rows.all())


def test_a_refund_follows_its_order_even_when_it_came_first(engine: Engine) -> None:
    (buyer,) = people(engine, NOON, 1)
    happen(engine, NOON, happening("back", NOON, kind="refund", properties={"order": "1", "amount_minor": 300}))
    happen(engine, NOON, happening("all", NOON, kind="refund", properties={"order": "2", "refund": "x"}))
    credit_all(engine, NOON)
    assert credited(engine) == {}
    happen(
        engine, NOON,
        happening("a", NOON - 2 * DAY, properties=PARTNER, person_id=buyer),
        happening("o", NOON - DAY, kind="order", person_id=buyer, country="RU", properties=sold("1", 990)),
        happening("p", NOON - DAY / 2, kind="order", person_id=buyer, country="RU", properties=sold("2", 700)),
    )  # fmt: skip
    credit_all(engine, NOON)
    happen(engine, NOON, happening("touch", NOON - 0.6 * DAY, properties=PAID, person_id=buyer))
    credit_all(engine, NOON)
    told = credited(engine)
    assert told["buyer:1"] == ("first_order", "affiliates", 990)
    assert told["buyer:2"] == ("order", "paid_search", 700)
    refunds = {one for key, one in told.items() if key.startswith(("buyer:1:", "buyer:2:"))}
    assert refunds == {("refund", "affiliates", -300), ("refund", "paid_search", -700)}
    with transaction(engine) as session:
        assert set(session.scalars(select(Conversion.country).where(Conversion.kind == "refund"))) == {"RU"}


ODD: list[dict[str, object]] = [
    {"order": "x" * 5000, "amount_minor": 2**62, "currency": "dollars"},
    {"order": {"a": 1}, "amount_minor": "12", "currency": 7},
    {"order": True, "amount_minor": True},
    {"order": -(2**60), "amount_minor": -5, "currency": ""},
    {"channel": ["seo"], "url": "http://[", "shop": 1.5},
]


def test_nonsense_in_an_event_stops_nobody(engine: Engine) -> None:
    kinds = ("order", "refund", "shop_open", "page_view", "registration", "contact")
    odd = [(kind, properties) for kind in kinds for properties in ODD]
    for number, (kind, properties) in enumerate(odd):
        happen(engine, NOON, happening(f"{number}", NOON, kind=kind, properties=properties, country="??"))
    happen(engine, NOON, happening("o", NOON, kind="order", properties=sold("9", 5)))
    assert credit_all(engine, NOON) == len(odd) + 1
    told = credited(engine)
    assert told["buyer:9"] == ("order", "direct", 5)
    assert all(value in {0, 5} for _, _, value in told.values())


def test_two_at_once_credit_everything_once(engine: Engine) -> None:
    buyers = people(engine, NOON, 20)
    for number, buyer in enumerate(buyers):
        happen(
            engine, NOON,
            happening(f"t{number}", NOON - DAY, properties=PAID, person_id=buyer),
            happening(f"o{number}", NOON, kind="order", person_id=buyer, properties=sold(f"{number}", 5)),
        )  # fmt: skip
    both = [threading.Thread(target=credit_all, args=(engine, NOON, 7)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert set(credited(engine).values()) == {("first_order", "paid_search", 5)}
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(Touch)) == 20
        assert session.scalar(select(func.count()).select_from(Credit)) == 20


def test_a_crash_in_a_step_leaves_nothing_and_the_next_does_it(engine: Engine) -> None:
    happen(engine, NOON, happening("o", NOON, kind="order", properties=sold("1", 5)))
    with Session(engine) as crashed:
        credit(crashed, NOON, None, 10)
        crashed.rollback()
    assert credited(engine) == {}
    assert credit_all(engine, NOON) == 1
    assert credited(engine) == {"buyer:1": ("order", "direct", 5)}


MOMENTS = st.integers(0, 60 * 24)
WHO = st.tuples(st.sampled_from([None, 0, 1]), st.sampled_from([None, 0, 1, 2]))
KINDS = st.sampled_from(["page_view", "registration", "order", "refund", "email_open", "email_click"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(st.tuples(KINDS, MOMENTS, WHO, st.sampled_from([GOOGLE, PAID, PARTNER, {}])), max_size=25),
    order=st.randoms(use_true_random=False),
    size=st.integers(1, 12),
)
def test_the_credit_never_depends_on_the_order_of_arrival(
    engine: Engine, told: list[tuple[str, int, tuple[int | None, int | None], dict[str, str]]],
    order: random.Random, size: int,
) -> None:  # fmt: skip
    with engine.begin() as connection:
        connection.execute(text("truncate event, event_reader, touch, conversion, credit, visitor_identity"))
    buyers = people(engine, NOON, 2)
    events = []
    for number, (kind, hours, (person, visitor), came) in enumerate(told):
        # A visitor belongs to one person at most: visitors 0 and 1 to their own, visitor 2 stays unknown.
        whose = buyers[person] if person is not None and visitor in {None, person} else None
        at = NOON - timedelta(hours=hours, seconds=number)
        properties = dict(came) | {"order": f"{number // 2}", "amount_minor": 100 + number}
        seen = UUID(int=visitor + 1) if visitor is not None else None
        if kind == "order":
            properties["order"] = f"{number}"
        events.append(happening(f"{number}", at, kind=kind, person_id=whose, visitor=seen, properties=properties))
    arriving = [*events, *order.sample(events, len(events) // 2)]
    order.shuffle(arriving)
    for start in range(0, len(arriving), size):
        happen(engine, NOON, *arriving[start : start + size])
        if order.random() < 0.5:
            credit_all(engine, NOON, size)
    credit_all(engine, NOON, size)
    assert sorted(credited(engine).values()) == sorted(expected(events))


def expected(events: list[NewEvent]) -> list[tuple[str, str, int]]:
    """Kind, channel and value of every conversion, worked out from everything at once."""
    known = {one.visitor: one.person_id for one in events if one.visitor and one.person_id}
    who = {one.event_id: one.person_id or (one.visitor and known.get(one.visitor)) or one.visitor for one in events}
    clicks = [(one, found.channel) for one in events
              if (found := classify(one.kind, one.side, one.properties)) and found.kind == "click"]  # fmt: skip

    def channel(one: NewEvent) -> str:
        mine = [
            (click.occurred_at, name)
            for click, name in clicks
            if who[click.event_id] is not None
            and who[click.event_id] == who[one.event_id]
            and timedelta(0) <= one.occurred_at - click.occurred_at < WINDOWS["buyer"]
        ]
        return max(mine)[1] if mine else "direct"

    grouped: dict[tuple[str, object], list[NewEvent]] = defaultdict(list)
    for one in sorted(events, key=lambda one: one.occurred_at):
        grouped[one.kind, who[one.event_id] or one.event_id].append(one)
    rows = [("registration", channel(ones[0]), 0 + _value(ones[0])) for (kind, _), ones in grouped.items()
            if kind == "registration"]  # fmt: skip
    orders: dict[str, tuple[str, int]] = {}
    for (kind, _), ones in grouped.items():
        for place, one in enumerate(ones if kind == "order" else []):
            told = "first_order" if place == 0 and who[one.event_id] is not None else "order"
            orders[one.properties["order"]] = (channel(one), _value(one))
            rows.append((told, channel(one), _value(one)))
    left = {order: value for order, (_, value) in orders.items()}
    refunds = [one for one in events if one.kind == "refund" and one.properties["order"] in orders]
    for one in sorted(refunds, key=lambda one: one.occurred_at):
        order = one.properties["order"]
        back = min(left[order], _value(one))
        left[order] -= back
        rows.append(("refund", orders[order][0], -back))
    return rows


def _value(one: NewEvent) -> int:
    return int(one.properties["amount_minor"])


def test_a_moment_belongs_to_the_workspace_s_day(engine: Engine) -> None:
    late = datetime.fromisoformat("2026-11-23T16:30:00+00:00")
    happen(engine, NOON, happening("a", late, properties=PAID), happening("b", late - DAY / 24, properties=PAID))
    credit_all(engine, NOON)
    assert due(engine) == {("2026-11-24", "buyer"), ("2026-11-23", "buyer")}
