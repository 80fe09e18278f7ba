"""What a figure is made of sums to the figure, whoever asks for whichever part of it."""

import random
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from growth.attribution.adopting import adopt, default_choice
from growth.database.engine import transaction
from growth.errors import InvalidError, NotFoundError
from growth.measurement.made_of import FIGURES, Asked, costs, parts, paths, whole
from growth.measurement.periods import Period
from growth.measurement.rolling_up import roll_up
from growth.measurement.sums import Cut
from growth.people.records import Person
from growth.spend.ledger import NewCost, record_costs
from tests.attribution.happened import GOOGLE, PAID, PARTNER, credit_all, found, happen, people, sold
from tests.conftest import NOON
from tests.events.happenings import happening
from tests.measurement.test_rolling_up import parts_of

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)


def lived(engine: Engine, seed: int) -> None:
    """Three months of a small market, its credit shared by position."""
    found(engine, NOON)
    dice = random.Random(seed)
    buyers = people(engine, NOON, 12, country="RU")
    with transaction(engine) as session:
        for buyer in buyers:
            session.get_one(Person, buyer).locale = dice.choice([None, "ru", "en-GB", "de"])
        choice = default_choice("buyer")
        shared = type(choice)(side="buyer", model="linear", clicks=30)
        adopt(session, shared, since=NOON - 400 * DAY, after=1, actor="a@e.example", now=NOON)
    visitors = [uuid4() for _ in range(4)]
    for number in range(160):
        at = NOON - timedelta(hours=dice.randint(0, 24 * 80), seconds=number)
        kind = dice.choice(["page_view", "page_view", "registration", "order", "order", "refund", "shop_open"])
        side = dice.choice(["buyer", "buyer", "seller"])
        whose = {"person_id": dice.choice([None, *buyers]), "visitor": dice.choice([None, *visitors])}
        properties = dict(dice.choice([GOOGLE, PAID, PARTNER])) | sold(f"{dice.randint(0, 40)}", dice.randint(1, 9999))
        more = {"kind": kind, "side": side, "country": dice.choice([None, "RU", "BR"]), "properties": properties}
        happen(engine, NOON, happening(f"{number}", at, **whose, **more))
    lines = [
        NewCost(source="t", source_key=f"{number}", day=TODAY - timedelta(days=number % 70), side="buyer",
                channel=dice.choice(["paid_search", "affiliates"]), country=dice.choice(["", "RU"]),
                amount_minor=dice.randint(1, 9999), currency="USD")
        for number in range(40)
    ]  # fmt: skip
    with transaction(engine) as session:
        record_costs(session, lines, NOON)
    credit_all(engine, NOON)
    with transaction(engine) as session:
        roll_up(session, NOON, None, 1000)


def every_part(session: Session, asked: Asked, size: int) -> list[Any]:
    """All of a list, page by page."""
    all_of_it: list[Any] = []
    within = whole(session, asked).within
    after: tuple[Any, ...] | None = None
    while within:
        if asked.figure == "cost":
            lines = costs(session, asked, within, after, size)
            all_of_it += lines
            after = (lines[-1].day, lines[-1].id) if len(lines) == size else None
        else:
            page = parts(session, asked, within, after, size)
            all_of_it += page
            after = page[-1].place if len(page) == size else None
        if after is None:
            break
    return all_of_it


def test_parts_sum_to_the_figure(engine: Engine) -> None:
    lived(engine, 5)
    periods = [Period(TODAY - 27 * DAY, TODAY), Period(TODAY - 89 * DAY, TODAY - 28 * DAY), Period(TODAY, TODAY)]
    seen = set()
    with transaction(engine) as session:
        for figure in FIGURES:
            for side, channel, country, language in [
                ("buyer", None, None, None), ("buyer", "paid_search", None, None), ("seller", "online", None, None),
                ("buyer", "affiliates", "RU", None), ("buyer", None, "", "ru"), ("buyer", None, None, "other"),
                ("buyer", "seo", "BR", ""),
            ]:  # fmt: skip
                for period in periods:
                    asked = Asked(figure, channel, Cut(side, country, language), period)
                    figures = whole(session, asked).figures
                    found_parts = every_part(session, asked, 7)
                    name = {"value": "value_minor", "cost": "cost_minor"}.get(figure, figure)
                    sums = {
                        "touches": len(found_parts),
                        "cost": sum(getattr(one, "amount_minor", 0) for one in found_parts),
                        "value": sum(getattr(one, "value_minor", 0) for one in found_parts),
                    }
                    shares = sum(getattr(one, "share", 0) for one in found_parts)
                    assert sums.get(figure, shares) == getattr(figures, name), asked
                    seen |= {(figure, bool(found_parts))}
    assert {(figure, True) for figure in FIGURES} <= seen


def test_a_conversion_shows_its_contacts_in_order(engine: Engine) -> None:
    found(engine, NOON)
    (buyer,) = people(engine, NOON, 1)
    for number, (back, properties) in enumerate([(9, PARTNER), (5, GOOGLE), (2, PAID)]):
        happen(engine, NOON, happening(f"t{number}", NOON - back * DAY, person_id=buyer, properties=properties))
    happen(engine, NOON, happening("r", NOON, kind="registration", person_id=buyer))
    credit_all(engine, NOON)
    with transaction(engine) as session:
        roll_up(session, NOON, None, 1000)
        asked = Asked("acquired", "paid_search", Cut("buyer"), Period(TODAY, TODAY))
        (one,) = parts(session, asked, asked.period, None, 5)
        before = paths(session, [one])[one.id]
    assert [contact.channel for contact in before] == ["affiliates", "seo", "paid_search"]
    assert (one.person_id, one.share, one.at) == (buyer, 1_000_000, NOON)


def test_what_there_is_not_is_said(session: Session) -> None:
    period = Period(TODAY, TODAY)
    with pytest.raises(InvalidError):
        whole(session, Asked("people", None, Cut("buyer"), period))
    with pytest.raises(NotFoundError):
        whole(session, Asked("cost", "seo", Cut("seller"), period))
    assert whole(session, Asked("cost", "seo", Cut("buyer"), period)).within is None


def test_a_page_reads_no_more_than_its_part(engine: Engine) -> None:
    """The list goes down the index from where the page before ended, whatever lies beyond."""
    found(engine, NOON)
    with engine.begin() as connection:
        connection.execute(
            text("""
            insert into conversion (kind, source_key, side, occurred_at)
            select 'registration', 'k' || n, 'buyer', timestamptz '2026-11-24 12:00Z' - n * interval '10 seconds'
            from generate_series(1, 40000) as n
        """)
        )
        connection.execute(
            text("""
            insert into credit (conversion_id, model, position, channel, share, value_minor)
            select id, 'm', 0, 'seo', 1000000, 0 from conversion
        """)
        )
        connection.execute(text("analyze conversion, credit"))
    asked = Asked("acquired", "seo", Cut("buyer"), Period(TODAY - 10 * DAY, TODAY))
    after = (datetime.fromisoformat("2026-11-23T12:00:00+00:00"), 1, 0)
    seen: list[tuple[str, Any]] = []
    with engine.connect() as connection, Session(connection) as session:
        event.listen(connection, "before_cursor_execute", lambda *told: seen.append((told[2], told[3])))
        assert len(parts(session, asked, asked.period, after, 51)) == 51
        statement, given = seen[-1]
        plan = connection.exec_driver_sql(f"explain (analyze, format json) {statement}", given).scalar_one()[0]["Plan"]
    read = [part for part in parts_of(plan) if "Relation Name" in part]
    assert {part["Relation Name"] for part in read} == {"conversion", "credit"}
    assert (
        sum((part["Actual Rows"] + part.get("Rows Removed by Filter", 0)) * part["Actual Loops"] for part in read) < 999
    )
