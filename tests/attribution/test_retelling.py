"""Rules for earlier days too: what was said before is what happens, and figures equal those of one clean run."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from growth.attribution.previewing import preview
from growth.attribution.records import ChannelRules, Touch
from growth.attribution.retelling import retell
from growth.attribution.rules import DEFAULT, Rules, rules_of
from growth.attribution.ruling import save_rules
from growth.database.audit import AuditEntry
from growth.database.changed_days import ChannelDayDue
from growth.database.engine import transaction
from tests.attribution.happened import GOOGLE, PAID, PARTNER, credit_all, found, happen, people, sold
from tests.conftest import NOON
from tests.events.happenings import happening

DAY = timedelta(days=1)
DERIVED = "truncate event_reader, touch, conversion, credit, order_change, channel_day_due"


@pytest.fixture(autouse=True)
def workspace(engine: Engine) -> None:
    found(engine, NOON)


def others(*first: tuple[str, str, list[str], str], without: str = "") -> Rules:
    """The product's rules with some before them, and without one."""
    more = [
        {"name": "New", "conditions": [{"field": field, "operator": operator, "values": values}],
         "buyer": channel, "seller": "online"}
        for field, operator, values, channel in first
    ]  # fmt: skip
    return rules_of(1, [*more, *(one for one in DEFAULT.as_data if one["name"] != without)])


PAID_IS_OTHER = others(("medium", "is", ["cpc"], "other"))


def save(engine: Engine, rules: Rules, *, days: int | None = 90, after: int = 1) -> int:
    with transaction(engine) as session:
        since = None if days is None else NOON - days * DAY
        return save_rules(session, rules, after=after, since=since, actor="vera", now=NOON)


def retell_all(engine: Engine, size: int = 3) -> int:
    done = 0
    while True:
        with transaction(engine) as session:
            step = retell(session, NOON, None, size)
        done += step.done
        if step.next is None:
            return done


def shares(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(
            connection.execute(
                text("""select kind, source_key, person_id, credit.model, position, channel, share, credit.value_minor
                from conversion left join credit on conversion_id = conversion.id
                order by source_key, kind, position""")
            )
        )


def touches(engine: Engine) -> list[Any]:
    with transaction(engine) as session:
        columns = (Touch.event_id, Touch.channel, Touch.kind, Touch.person_id, Touch.visitor, Touch.country)
        return list(session.execute(select(*columns).where(Touch.kind != "none").order_by(Touch.event_id)))


def sales(engine: Engine) -> list[int]:
    """Three buyers: one by an ad, one by search, one by an ad a hundred days ago."""
    buyers = people(engine, NOON, 3, country="BR")
    for buyer, came, days in zip(buyers, (PAID, GOOGLE, PAID), (9, 9, 109), strict=True):
        happen(
            engine, NOON,
            happening(f"t{buyer}", NOON - days * DAY, properties=came, person_id=buyer),
            happening(f"o{buyer}", NOON - (days - 1) * DAY, kind="order", person_id=buyer,
                      properties=sold(f"{buyer}", 1001)),
        )  # fmt: skip
    credit_all(engine, NOON)
    return buyers


def written(engine: Engine, buyer: int) -> object:
    with engine.connect() as connection:
        return connection.scalar(
            text("select credit.xmin::text from credit join conversion on conversion.id = conversion_id "
                 "where person_id = :buyer"), {"buyer": buyer},
        )  # fmt: skip


def test_only_what_belongs_elsewhere_is_moved_and_only_its_people_are_credited_again(engine: Engine) -> None:
    ad, search, old = sales(engine)
    before = {buyer: written(engine, buyer) for buyer in (search, old)}
    with transaction(engine) as session:
        session.execute(text("delete from channel_day_due"))
        found_out = preview(session, PAID_IS_OTHER, 90, NOON)
        assert (found_out.contacts, found_out.changed, found_out.touches) == (2, 1, 1)
        assert (found_out.conversions, found_out.credits) == (1, 1)
    assert save(engine, PAID_IS_OTHER) == 2
    assert retell_all(engine) == 2
    with transaction(engine) as session:
        told = dict(session.execute(select(Touch.person_id, Touch.channel)).all())
        versions = dict(session.execute(select(Touch.person_id, Touch.rules_version)).all())
        due = set(session.scalars(select(ChannelDayDue.day)))
        assert session.scalars(select(ChannelRules.retold_at)).one() is None
        assert "since" in session.scalars(select(AuditEntry.detail)).one()
    assert told == {ad: "other", search: "seo", old: "paid_search"}
    assert versions == {ad: 2, search: 1, old: 1}
    assert [row.channel for row in shares(engine) if row.person_id == ad] == ["other"]
    assert {buyer: written(engine, buyer) for buyer in (search, old)} == before
    assert due == {(NOON - 9 * DAY).date(), (NOON - 8 * DAY).date()}
    assert retell_all(engine) == 0


def test_what_is_no_contact_any_more_counts_no_more_and_may_come_back(engine: Engine) -> None:
    ad, *_ = sales(engine)
    first = touches(engine), shares(engine)
    nothing = rules_of(1, [one for one in DEFAULT.as_data if one["conditions"][0]["field"] != "medium"])
    save(engine, nothing, days=300)
    retell_all(engine)
    assert [row.channel for row in shares(engine) if row.person_id == ad] == ["direct"]
    save(engine, DEFAULT, days=300, after=2)
    retell_all(engine)
    assert (touches(engine), shares(engine)) == first


def test_a_kill_between_steps_and_in_the_middle_of_one_changes_nothing_of_the_outcome(engine: Engine) -> None:
    sales(engine)
    save(engine, PAID_IS_OTHER, days=200)
    with transaction(engine) as session:
        retell(session, NOON, None, 1)
    with Session(engine) as killed:
        retell(killed, NOON, None, 1)
        killed.rollback()
    assert retell_all(engine) == 2
    assert [row.channel for row in shares(engine)].count("other") == 2


def test_rules_saved_meanwhile_take_over_the_days_that_are_not_done(engine: Engine) -> None:
    sales(engine)
    save(engine, PAID_IS_OTHER, days=200)
    with transaction(engine) as session:
        retell(session, NOON, None, 1)
    save(engine, others(("medium", "is", ["cpc"], "email")), days=None, after=2)
    retell_all(engine)
    assert [row.channel for row in shares(engine)].count("email") == 2


def test_from_now_on_leaves_earlier_contacts_alone(engine: Engine) -> None:
    sales(engine)
    first = touches(engine), shares(engine)
    save(engine, PAID_IS_OTHER, days=None)
    assert retell_all(engine) == 0
    assert (touches(engine), shares(engine)) == first


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["page_view", "page_view", "registration", "order", "refund", "email_open", "email_click"]),
        st.integers(0, 50 * 24),
        st.sampled_from([(0, None), (1, None), (None, 2), (0, 0), (None, 0)]),
        st.sampled_from([GOOGLE, PAID, PARTNER, {}]),
    ),
    max_size=20,
)
RULES = st.sampled_from(
    [
        PAID_IS_OTHER,
        others(("event", "is", ["email_click"], "other"), without="Partner links"),
        others(("landing", "begins", ["/"], "affiliates")),
        others(without="From search engines"),
        rules_of(1, []),
    ]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=EVENTS, rules=RULES, order=st.randoms(use_true_random=False), size=st.integers(1, 9))
def test_figures_equal_those_of_one_clean_run_and_the_preview_said_so(
    engine: Engine, told: list[tuple[str, int, tuple[int | None, int | None], dict[str, str]]], rules: Rules,
    order: random.Random, size: int,
) -> None:  # fmt: skip
    with engine.begin() as connection:
        connection.execute(text(f"{DERIVED}, event, visitor_identity, channel_rules"))
    buyers = people(engine, NOON, 2, country="BR")
    events = []
    for number, (kind, hours, (person, visitor), came) in enumerate(told):
        properties = dict(came) | {"order": f"{number // 2 if kind == 'refund' else number}", "amount_minor": 100}
        events.append(
            happening(
                f"{number}", NOON - timedelta(hours=hours, seconds=number), kind=kind, properties=properties,
                person_id=buyers[person] if person is not None else None,
                visitor=UUID(int=visitor + 1) if visitor is not None else None,
            )
        )  # fmt: skip
    late = order.randrange(len(events) + 1)
    happen(engine, NOON, *events[:late])
    credit_all(engine, NOON)
    with transaction(engine) as session:
        said = preview(session, rules, 90, NOON)
    before = shares(engine), touches(engine)
    save(engine, rules)
    if late < len(events):
        happen(engine, NOON, *events[late:])  # not read yet: these are left to the reader
    with transaction(engine) as session:
        retell(session, NOON, None, size)
    if late == len(events):
        retell_all(engine, size)
        assert said.credits == moved(before[0], shares(engine))
        assert said.touches == len(set(before[1]) ^ set(touches(engine))) - overlap(before[1], touches(engine))
    credit_all(engine, NOON, size)
    retell_all(engine, size)
    after = shares(engine), touches(engine)
    with engine.begin() as connection:
        connection.execute(text(DERIVED))
    credit_all(engine, NOON, 100)
    assert after == (shares(engine), touches(engine))


def moved(before: list[Any], after: list[Any]) -> int:
    """Conversions, without refunds, whose channels or shares differ."""

    def by(rows: list[Any]) -> dict[tuple[str, str], list[tuple[str, int]]]:
        told: dict[tuple[str, str], list[tuple[str, int]]] = {}
        for row in rows:
            if row.kind != "refund":
                told.setdefault((row.kind, row.source_key), []).append((row.channel, row.share))
        return told

    was, now = by(before), by(after)
    return sum(was[key] != now[key] for key in was)


def overlap(before: list[Any], after: list[Any]) -> int:
    """Touches that are in both, otherwise told."""
    was, now = ({row.event_id: row for row in rows} for rows in (before, after))
    return sum(was[event] != now[event] for event in was.keys() & now.keys())
