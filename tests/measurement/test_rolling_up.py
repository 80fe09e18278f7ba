"""The roll-up: only the days that changed, and always what counting everything anew would give."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.orm import Session

from growth.attribution.records import Conversion, Credit, Touch
from growth.database.changed_days import ChannelDayDue, bounds, mark_changed
from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.measurement import rolling_up
from growth.measurement.records import ChannelDay
from growth.measurement.rolling_up import roll_up, start_over
from growth.people.records import Person
from growth.spend.currencies import Rate, record_rates
from growth.spend.ledger import NewCost, record_cost, record_costs
from growth.spend.records import Cost
from tests.attribution.happened import GOOGLE, PAID, PARTNER, credit_all, found, happen, people, sold
from tests.conftest import NOON
from tests.events.happenings import happening

DAY = timedelta(days=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def workspace(engine: Engine) -> None:
    found(engine, NOON)


def roll(engine: Engine, size: int = 10) -> int:
    """Roll up until nothing is due; gives how many days were done."""
    done = 0
    while True:
        with transaction(engine) as session:
            step = roll_up(session, NOON, None, size)
        done += step.done
        if step.next is None:
            return done


def cost(key: str, day: date, cents: int, **more: object) -> NewCost:
    fields: dict[str, object] = {"side": "buyer", "channel": "paid_search", "currency": "USD"} | more
    return NewCost(source="test", source_key=key, day=day, amount_minor=cents, **fields)  # type: ignore[arg-type]


Key = tuple[str, str, str, str, str]


def days_of(engine: Engine) -> dict[Key, tuple[int, ...]]:
    """Day, side, channel, country, language → touches, acquired, orders, ordered, repeated, value, cost."""
    with transaction(engine) as session:
        return {
            (one.day.isoformat(), one.side, one.channel, one.country, one.language): (
                one.touches, one.acquired, one.orders, one.ordered, one.repeated, one.value_minor, one.cost_minor,
            )
            for one in session.scalars(select(ChannelDay))
        }  # fmt: skip


def reading(engine: Engine, person: int, locale: str | None) -> None:
    with transaction(engine) as session:
        session.get_one(Person, person).locale = locale


def test_what_happened_and_what_it_cost_stand_in_one_row(engine: Engine) -> None:
    (buyer,) = people(engine, NOON, 1, country="RU")
    reading(engine, buyer, "ru-RU")
    happen(
        engine, NOON,
        happening("t", NOON - DAY, properties=PAID, person_id=buyer),
        happening("r", NOON, kind="registration", person_id=buyer),
        happening("o", NOON, kind="order", person_id=buyer, properties=sold("1", 990)),
        happening("p", NOON, kind="order", person_id=buyer, properties=sold("2", 10)),
        happening("b", NOON, kind="refund", properties={"order": "2"}),
    )  # fmt: skip
    credit_all(engine, NOON)
    with transaction(engine) as session:
        record_cost(session, cost("a", date(2026, 11, 24), 500, country="RU"), NOON)
    assert roll(engine) == 2
    assert days_of(engine) == {
        ("2026-11-23", "buyer", "paid_search", "RU", "ru"): (1, 0, 0, 0, 0, 0, 0),
        ("2026-11-24", "buyer", "paid_search", "RU", "ru"): (0, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 990, 0),
        ("2026-11-24", "buyer", "paid_search", "RU", ""): (0, 0, 0, 0, 0, 0, 500),
    }
    assert roll(engine) == 0


def test_a_change_touches_only_its_own_day(engine: Engine) -> None:
    days = [date(2026, 11, number) for number in range(1, 8)]
    with transaction(engine) as session:
        record_costs(session, [cost(side, day, 500, side=side) for day in days for side in ("buyer", "seller")], NOON)
    roll(engine)
    before = versions(engine)
    with transaction(engine) as session:
        changes = [cost("buyer", day, 500 + (day.day <= 3)) for day in days]
        recorded = record_costs(session, changes, NOON)
    assert (recorded.new, recorded.changed, recorded.same) == (0, 3, 4)
    roll(engine)
    changed = {key for key, version in versions(engine).items() if before[key] != version}
    assert changed == {(day, "buyer") for day in days[:3]}


def versions(engine: Engine) -> dict[tuple[date, str], str]:
    """Where each row stands and who wrote it."""
    with engine.connect() as connection:
        rows = connection.execute(text("select day, side, xmin::text || ctid::text from channel_day"))
        return {(day, side): version for day, side, version in rows}


def test_an_amount_is_turned_by_the_latest_rate_before_it_or_told_to_be_missing(engine: Engine) -> None:
    with transaction(engine) as session:
        record_costs(session, [cost("a", date(2026, 11, day), 1000, currency="CNY") for day in (1, 3, 5)], NOON)
        record_cost(session, cost("b", date(2026, 11, 1), 7), NOON)
    roll(engine)
    assert unrated(engine) == {1: (7, "CNY"), 3: (0, "CNY"), 5: (0, "CNY")}
    with transaction(engine) as session:
        rates = [Rate("CNY", date(2026, 11, 2), Decimal("0.14")), Rate("CNY", date(2026, 11, 5), Decimal("0.1505"))]
        assert record_rates(session, "USD", rates, NOON) == 2
        assert record_rates(session, "USD", rates, NOON) == 0
    roll(engine)
    assert unrated(engine) == {1: (7, "CNY"), 3: (140, ""), 5: (150, "")}


def unrated(engine: Engine) -> dict[int, tuple[int, str]]:
    with transaction(engine) as session:
        return {one.day.day: (one.cost_minor, one.unrated) for one in session.scalars(select(ChannelDay))}


def test_a_day_that_is_being_changed_is_left_for_later(engine: Engine) -> None:
    day = date(2026, 11, 3)
    with transaction(engine) as session:
        record_cost(session, cost("a", day, 1), NOON)
    with Session(engine) as changing:
        record_cost(changing, cost("a", day, 2), NOON)
        assert roll(engine) == 0
        changing.commit()
    assert roll(engine) == 1
    assert {figures[-1] for figures in days_of(engine).values()} == {2}


def test_a_change_during_a_roll_up_is_rolled_up_after_it(engine: Engine) -> None:
    day = date(2026, 11, 3)
    with transaction(engine) as session:
        record_cost(session, cost("a", day, 1), NOON)
    done = threading.Event()

    def change() -> None:
        with transaction(engine) as session:
            record_cost(session, cost("a", day, 2), NOON)
        done.set()

    with Session(engine) as rolling:
        roll_up(rolling, NOON, None, 10)
        thread = threading.Thread(target=change)
        thread.start()
        assert not done.wait(0.2)
        rolling.commit()
    thread.join()
    assert roll(engine) == 1
    assert {figures[-1] for figures in days_of(engine).values()} == {2}


def test_another_time_zone_or_currency_counts_everything_again(engine: Engine) -> None:
    late = datetime.fromisoformat("2026-11-20T16:30:00+00:00")
    happen(engine, NOON, happening("o", late, kind="order", visitor=None, properties=sold("1", 990)))
    credit_all(engine, NOON)
    roll(engine)
    assert {key[0] for key in days_of(engine)} == {"2026-11-21"}
    with transaction(engine) as session:
        session.get_one(Workspace, 1).time_zone = "America/Sao_Paulo"
        start_over(session, NOON)
    roll(engine)
    assert {key[0] for key in days_of(engine)} == {"2026-11-20"}


def test_a_day_with_nothing_left_has_no_rows(engine: Engine) -> None:
    with transaction(engine) as session:
        record_cost(session, cost("a", date(2026, 11, 3), 1), NOON)
    roll(engine)
    with transaction(engine) as session:
        session.execute(text("delete from cost"))
        mark_changed(session, [(date(2026, 11, 3), "buyer")])
    roll(engine)
    assert days_of(engine) == {}


def first_of_all(engine: Engine, *days: int) -> list[tuple[int, int, int, int]]:
    """Acquired, orders, ordered and repeated on the days so many before noon, in whole people."""
    shown = days_of(engine)
    told = []
    for back in days:
        day = (NOON - back * DAY).astimezone(SHANGHAI).date().isoformat()
        figures = [sum(one) for one in zip(*(row for key, row in shown.items() if key[0] == day), strict=True)]
        told.append(tuple(one // 1_000_000 for one in figures[1:5]) if figures else (0, 0, 0, 0))
    return told


def test_an_order_within_sixty_days_is_counted_on_the_day_of_who_was_acquired(engine: Engine) -> None:
    buyers = people(engine, NOON, 3)
    registered = [happening(f"r{one}", NOON - 90 * DAY, kind="registration", person_id=one) for one in buyers]
    happen(engine, NOON, *registered)
    credit_all(engine, NOON)
    roll(engine)
    assert first_of_all(engine, 90) == [(3, 0, 0, 0)]
    orders = [(buyers[0], 60 * DAY - timedelta(seconds=1)), (buyers[1], 60 * DAY), (buyers[0], 61 * DAY)]
    for number, (buyer, later) in enumerate(orders):
        sale = sold(f"{number}", 100)
        happen(engine, NOON, happening(f"o{number}", NOON - 90 * DAY + later, kind="order", person_id=buyer,
                                       properties=sale))  # fmt: skip
    credit_all(engine, NOON)
    with transaction(engine) as session:
        due = set(session.scalars(select(ChannelDayDue.day)))
    assert (NOON - 90 * DAY).date() in due
    roll(engine)
    assert first_of_all(engine, 90, 30, 29) == [(3, 0, 1, 0), (0, 2, 0, 1), (0, 0, 0, 0)]


def test_an_order_that_turns_out_to_be_earlier_moves_the_quality_with_it(engine: Engine) -> None:
    (buyer,) = people(engine, NOON, 1)
    happen(
        engine, NOON,
        happening("r", NOON - 80 * DAY, kind="registration", person_id=buyer),
        happening("late", NOON - 30 * DAY, kind="order", person_id=buyer, properties=sold("late", 100)),
    )  # fmt: skip
    credit_all(engine, NOON)
    roll(engine)
    assert first_of_all(engine, 80, 30) == [(1, 0, 1, 0), (0, 1, 0, 0)]
    early = happening("early", NOON - 85 * DAY, kind="order", person_id=buyer, properties=sold("early", 100))
    happen(engine, NOON, early)
    credit_all(engine, NOON)
    roll(engine)
    assert first_of_all(engine, 85, 80, 30) == [(0, 1, 0, 1), (1, 0, 0, 0), (0, 0, 0, 0)]


def test_a_visitor_who_becomes_known_after_ordering_counts_for_the_registration(engine: Engine) -> None:
    (buyer,) = people(engine, NOON, 1)
    visitor = uuid4()
    happen(
        engine, NOON,
        happening("r", NOON - 20 * DAY, kind="registration", person_id=buyer),
        happening("o", NOON - 10 * DAY, kind="order", visitor=visitor, properties=sold("1", 100)),
    )  # fmt: skip
    credit_all(engine, NOON)
    roll(engine)
    assert first_of_all(engine, 20) == [(1, 0, 0, 0)]
    happen(engine, NOON, happening("known", NOON, visitor=visitor, person_id=buyer))
    credit_all(engine, NOON)
    roll(engine)
    assert first_of_all(engine, 20) == [(1, 0, 1, 0)]


def test_totals_are_kept_by_whoever_writes(engine: Engine) -> None:
    row = {"day": date(2026, 11, 3), "side": "buyer", "channel": "seo", "touches": 2, "unrated": "BRL CNY"}
    with transaction(engine) as session:
        session.execute(insert(ChannelDay), [row | {"country": "RU", "language": one} for one in ("ru", "en")])
        session.execute(insert(ChannelDay), [row | {"country": "BR", "language": "", "channel": "email"}])
    assert totals_differ(engine) == []
    with transaction(engine) as session:
        session.execute(text("update channel_day set acquired = 7 where country = 'RU'"))
        session.execute(text("delete from channel_day where language = 'en'"))
        words = session.execute(text("select distinct unrated from channel_day_total")).scalars()
        assert {frozenset(one.split()) for one in words} == {frozenset({"BRL", "CNY"})}
    assert totals_differ(engine) == []
    with transaction(engine) as session:
        session.execute(text("truncate channel_day"))
        assert session.scalar(text("select count(*) from channel_day_total")) == 0


def totals_differ(engine: Engine) -> list[Any]:
    """Totals that are not what adding up gives, on either side."""
    names = "touches, acquired, orders, ordered, repeated, value_minor, cost_minor"
    summed = ", ".join(f"sum({name})" for name in names.split(", "))
    added = f"""
        select day, side, coalesce(channel, '*'), coalesce(country, '*'), coalesce(language, '*'), {summed}
        from channel_day group by day, side, cube (channel, country, language)
        having num_nonnulls(channel, country, language) < 3 and num_nonnulls(channel, country) > 0
    """
    kept = f"select day, side, channel, country, language, {names} from channel_day_total"
    with engine.connect() as connection:
        return list(connection.execute(text(f"(({added}) except ({kept})) union all (({kept}) except ({added}))")))


def test_counting_a_day_reads_that_day_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("insert into person (created_at, locale) select now(), 'ru' from generate_series(1, 5000)")
        )
        connection.execute(
            text("""
            insert into conversion (kind, source_key, side, occurred_at, person_id)
            select (array['registration', 'first_order', 'order'])[1 + n % 3], 'k' || n, 'buyer',
                timestamptz '2026-11-24 12:00Z' - n * interval '6 minutes', 1 + n % 5000
            from generate_series(1, 30000) as n
        """)
        )
        connection.execute(
            text("""
            insert into credit (conversion_id, model, position, channel, share, value_minor)
            select id, 'm', 0, 'seo', 1000000, 0 from conversion
        """)
        )
        connection.execute(
            text("""
            insert into touch (occurred_at, event_id, side, channel, kind, rules_version)
            select occurred_at, gen_random_uuid(), 'buyer', 'seo', 'click', 1 from conversion
        """)
        )
        connection.execute(text("analyze person, conversion, credit, touch"))
        first, last = bounds(date(2026, 11, 3), SHANGHAI)
        asked = {"days": [date(2026, 11, 3)], "sides": ["buyer"], "starts": [first], "ends": [last]}
        large = {"touch", "conversion", "credit", "person"}
        for statement in (rolling_up._TOUCHES, rolling_up._CREDITS, rolling_up._COSTS):
            plan = connection.execute(text(f"explain (analyze, format json) {statement.text}"), asked).scalar_one()
            read = [part for part in parts_of(plan[0]["Plan"]) if part.get("Relation Name") in large]
            assert not [part for part in read if part["Node Type"] == "Seq Scan"], plan
            rows = [part["Actual Rows"] * part["Actual Loops"] + part.get("Rows Removed by Filter", 0) for part in read]
            assert sum(rows) < 2000, plan


def parts_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from parts_of(part)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dice=st.randoms(use_true_random=False), size=st.integers(1, 5))
def test_it_is_always_what_counting_everything_gives(engine: Engine, dice: random.Random, size: int) -> None:
    with engine.begin() as connection:
        tables = "event, event_reader, touch, conversion, credit, visitor_identity, cost, channel_day, channel_day_due"
        connection.execute(text(f"truncate {tables}"))
    buyers = people(engine, NOON, 3, country=dice.choice([None, "BR"]))
    for one in buyers:
        reading(engine, one, dice.choice([None, "", "ru", "pt-PT", "zh_CN", "de"]))
    visitors = [uuid4() for _ in range(2)]
    for number in range(dice.randint(1, 14)):
        at = NOON - timedelta(hours=dice.choice([dice.randint(0, 200), dice.randint(0, 2400)]), seconds=number)
        kind = dice.choice(["page_view", "page_view", "registration", "order", "refund", "shop_open"])
        properties = dict(dice.choice([GOOGLE, PAID, PARTNER])) | sold(f"{dice.randint(0, 5)}", dice.randint(1, 999))
        more = {
            "person_id": dice.choice([None, *buyers]),
            "visitor": dice.choice([None, *visitors]),
            "country": dice.choice([None, "RU"]),
            "kind": kind,
        }
        happen(
            engine,
            NOON,
            happening(f"{number}", at, side=dice.choice(["buyer", "seller"]), properties=properties, **more),
        )
        with transaction(engine) as session:
            record_cost(session, cost(f"{dice.randint(0, 3)}", at.date(), dice.randint(0, 99)), NOON)
        if dice.random() < 0.5:
            credit_all(engine, NOON, size)
            roll(engine, size)
    credit_all(engine, NOON, size)
    roll(engine, size)
    with transaction(engine) as session:
        assert session.scalars(select(ChannelDayDue)).all() == []
        assert {key: figures for key, figures in days_of(engine).items() if any(figures)} == brute(session)
    assert totals_differ(engine) == []


LANGUAGES = {None: "", "": "", "ru": "ru", "pt-PT": "pt_BR", "zh_CN": "zh_CN", "de": "other"}


def brute(session: Session) -> dict[Key, tuple[int, ...]]:
    """Every row counted one by one; all is in US dollars here."""
    counts: Counter[tuple[str, str, str, str, str, int]] = Counter()
    read = {one.id: LANGUAGES[one.locale] for one in session.scalars(select(Person))}
    conversions = session.scalars(select(Conversion)).all()

    def add(one: Touch | Conversion, channel: str, place: int, amount: int) -> None:
        day = one.occurred_at.astimezone(SHANGHAI).date().isoformat()
        language = read[one.person_id] if one.person_id else ""
        counts[day, one.side, channel, one.country or "", language, place] += amount

    def followed(one: Conversion, kind: str) -> bool:
        whose = one.person_id or one.visitor
        return whose is not None and any(
            other.kind == kind and other.side == one.side and (other.person_id or other.visitor) == whose
            and timedelta(0) <= other.occurred_at - one.occurred_at < 60 * DAY
            for other in conversions
        )  # fmt: skip

    for touch in session.scalars(select(Touch)):
        add(touch, touch.channel, 0, touch.kind == "click")
    for one, credit in session.execute(select(Conversion, Credit).join(Credit)):
        acquiring = one.kind == {"buyer": "registration", "seller": "shop_open"}[one.side]
        first = one.kind == "first_order"
        add(one, credit.channel, 1, credit.share if acquiring else 0)
        add(one, credit.channel, 2, credit.share if first else 0)
        add(one, credit.channel, 3, credit.share if acquiring and followed(one, "first_order") else 0)
        add(one, credit.channel, 4, credit.share if first and followed(one, "order") else 0)
        add(one, credit.channel, 5, credit.value_minor)
    for line in session.scalars(select(Cost)):
        counts[line.day.isoformat(), line.side, line.channel, line.country, "", 6] += line.amount_minor
    keys = {key[:5] for key, amount in counts.items() if amount}
    return {key: tuple(counts[*key, place] for place in range(7)) for key in keys}
