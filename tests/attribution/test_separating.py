"""A visitor taken for somebody, and taken back: figures equal those of one clean run."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from growth.attribution.records import Conversion
from growth.attribution.separating import join_again, separate
from growth.database.audit import AuditEntry
from growth.database.changed_days import ChannelDayDue
from growth.database.engine import transaction
from growth.errors import NotFoundError
from tests.attribution.happened import GOOGLE, PAID, PARTNER, credit_all, credited, found, happen, people, sold
from tests.conftest import NOON
from tests.events.happenings import happening

DAY = timedelta(days=1)
VISITOR = UUID(int=7)
DERIVED = "truncate event_reader, touch, conversion, credit, order_change, channel_day_due"


@pytest.fixture(autouse=True)
def workspace(engine: Engine) -> None:
    found(engine, NOON)


def separated(engine: Engine, person: int, *, visitor: UUID = VISITOR, back: bool = False) -> bool:
    with transaction(engine) as session:
        return (join_again if back else separate)(session, visitor, person=person, actor="vera", now=NOON)


def figures(engine: Engine) -> tuple[list[Any], list[Any]]:
    """Every conversion with its credit, and every touch with its owner, without the ids that a run gives."""
    with engine.connect() as connection:
        conversions = connection.execute(
            text("""select kind, source_key, occurred_at, person_id, visitor, country, conversion.value_minor, currency,
                credit.model, position, channel, share, credit.value_minor from conversion
                left join credit on conversion_id = conversion.id order by source_key, kind, position""")
        ).all()
        touches = connection.execute(
            text("select event_id, channel, kind, person_id, visitor, country from touch order by event_id")
        ).all()
    return [tuple(row) for row in conversions], [tuple(row) for row in touches]


def shared_browser(engine: Engine) -> int:
    """Somebody came by a partner and registered; before, another person had used the browser for a search and order."""
    (buyer,) = people(engine, NOON, 1, country="BR")
    happen(
        engine, NOON,
        happening("a", NOON - 9 * DAY, properties=GOOGLE, visitor=VISITOR),
        happening("o1", NOON - 8 * DAY, kind="order", visitor=VISITOR, properties=sold("1", 700)),
        happening("r1", NOON - 7 * DAY, kind="registration", visitor=VISITOR),
        happening("b", NOON - 5 * DAY, properties=PARTNER, person_id=buyer),
        happening("r2", NOON - 4 * DAY, kind="registration", person_id=buyer),
        happening("o2", NOON - 3 * DAY, kind="order", person_id=buyer, properties=sold("2", 500)),
        happening("back", NOON - 2 * DAY, kind="refund", properties=sold("1", 200) | {"refund": "x"}),
        happening("both", NOON - DAY, visitor=VISITOR, person_id=buyer, properties={}),
    )  # fmt: skip
    credit_all(engine, NOON)
    return buyer


def test_what_was_joined_is_told_apart_again_to_the_cent(engine: Engine) -> None:
    buyer = shared_browser(engine)
    joined = {
        f"buyer:person:{buyer}": ("registration", "seo", 0),
        "buyer:1": ("first_order", "seo", 700),
        "buyer:2": ("order", "affiliates", 500),
        "buyer:1:x": ("refund", "seo", -200),
    }
    assert credited(engine) == joined
    assert separated(engine, buyer)
    assert credited(engine) == {
        f"buyer:visitor:{VISITOR}": ("registration", "seo", 0),
        f"buyer:person:{buyer}": ("registration", "affiliates", 0),
        "buyer:1": ("first_order", "seo", 700),
        "buyer:2": ("first_order", "affiliates", 500),
        "buyer:1:x": ("refund", "seo", -200),
    }
    with transaction(engine) as session:
        owners = select(Conversion.person_id, Conversion.country).where(
            Conversion.source_key.in_(["buyer:1", "buyer:1:x"])
        )
        assert set(session.execute(owners)) == {(None, None)}
        assert session.scalars(select(AuditEntry.action)).all() == ["separate visitor"]
    # Nothing that comes later joins them again.
    happen(engine, NOON, happening("again", NOON, visitor=VISITOR, person_id=buyer, properties={}))
    happen(engine, NOON, happening("c", NOON, visitor=VISITOR, properties=PAID))
    credit_all(engine, NOON)
    assert len(credited(engine)) == 5
    assert not separated(engine, buyer)
    assert separated(engine, buyer, back=True)
    assert credited(engine) == joined


def written(engine: Engine) -> object:
    """The transaction that wrote the credit of order 9."""
    with engine.connect() as connection:
        return connection.scalar(
            text("select credit.xmin::text from credit join conversion on conversion.id = conversion_id "
                 "where source_key = 'buyer:9'")
        )  # fmt: skip


def test_only_the_days_and_credits_of_those_two_are_touched(engine: Engine) -> None:
    buyer = shared_browser(engine)
    other = people(engine, NOON, 1)[0]
    happen(
        engine, NOON,
        happening("z", NOON - 30 * DAY, properties=PAID, person_id=other),
        happening("oz", NOON - 29 * DAY, kind="order", person_id=other, properties=sold("9", 5)),
    )  # fmt: skip
    credit_all(engine, NOON)
    with transaction(engine) as session:
        session.execute(text("delete from channel_day_due"))
    before = written(engine)
    separated(engine, buyer)
    with transaction(engine) as session:
        due = set(session.scalars(select(ChannelDayDue.day)))
    assert written(engine) == before
    assert (NOON - 29 * DAY).date() not in due
    assert {(NOON - 8 * DAY).date(), (NOON - 3 * DAY).date()} <= due


def test_a_crash_leaves_it_as_it_was_and_a_stranger_is_not_found(engine: Engine) -> None:
    buyer = shared_browser(engine)
    before = figures(engine)
    with Session(engine) as crashed:
        separate(crashed, VISITOR, person=buyer, actor="vera", now=NOON)
        crashed.rollback()
    assert figures(engine) == before
    with pytest.raises(NotFoundError):
        separated(engine, buyer + 1)
    with pytest.raises(NotFoundError):
        separated(engine, buyer, visitor=UUID(int=99))


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["page_view", "registration", "order", "refund", "email_open", "shop_open"]),
        st.integers(0, 60 * 24),
        st.tuples(st.sampled_from([None, 0, 1]), st.sampled_from([None, 0, 1, 2])),
        st.sampled_from([GOOGLE, PAID, PARTNER, {}]),
    ),
    max_size=22,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=EVENTS, order=st.randoms(use_true_random=False), size=st.integers(1, 9))
def test_figures_equal_those_of_one_clean_run(
    engine: Engine, told: list[tuple[str, int, tuple[int | None, int | None], dict[str, str]]],
    order: random.Random, size: int,
) -> None:  # fmt: skip
    with engine.begin() as connection:
        connection.execute(text(f"{DERIVED}, event, visitor_identity"))
    buyers = people(engine, NOON, 2, country="BR")
    events = []
    for number, (kind, hours, (person, visitor), came) in enumerate(told):
        # Visitor 2 stays unknown, and visitor 1 is shared: whoever it is taken for first, each keeps what was theirs.
        whose = buyers[person] if person is not None and visitor != 2 and (person, visitor) != (1, 0) else None
        properties = dict(came) | {
            "order": f"{number // 2 if kind == 'refund' else number}",
            "amount_minor": 100 + number,
        }
        at = NOON - timedelta(hours=hours, seconds=number)
        seen = UUID(int=visitor + 1) if visitor is not None else None
        events.append(happening(f"{number}", at, kind=kind, person_id=whose, visitor=seen, properties=properties))
    arriving = [*events, *order.sample(events, len(events) // 2)]
    order.shuffle(arriving)
    for start in range(0, len(arriving), size):
        happen(engine, NOON, *arriving[start : start + size])
        if order.random() < 0.6:
            credit_all(engine, NOON, size)
        one = order.randrange(2)
        with transaction(engine) as session:
            taken = text("select person_id from visitor_identity where visitor = :v")
            holder = session.scalar(taken, {"v": UUID(int=one + 1)})
        if holder is not None and order.random() < 0.6:
            separated(engine, holder, visitor=UUID(int=one + 1), back=order.random() < 0.4)
    credit_all(engine, NOON, size)
    after = figures(engine)
    with engine.begin() as connection:
        connection.execute(text(DERIVED))
    credit_all(engine, NOON, 100)
    assert after == figures(engine)
