"""The ledger's other half: corrections, entered costs, hours, prices that count from their day, and sums."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, insert, select, text
from sqlalchemy.orm import Session

from growth.database.audit import AuditEntry
from growth.database.changed_days import ChannelDayDue
from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.errors import InvalidError, NotFoundError, RefusedError
from growth.leads.records import Activity, Lead
from growth.measurement.rep_time import cost_rep_time, hours_of
from growth.money import Money
from growth.people.accounts import Role
from growth.people.passwords import no_password
from growth.people.staff import new_account
from growth.spend.correcting import correct, corrections_of, cost_by_id, stands_at
from growth.spend.currencies import Rate, record_rates
from growth.spend.entering import Entry, enter, lines_of
from growth.spend.hours import record_hours
from growth.spend.ledger import NewCost, record_cost, record_costs
from growth.spend.listing import CostFilter, every_line, lines, sum_of
from growth.spend.prices import set_price
from growth.spend.records import Cost
from tests.conftest import NOON
from tests.spend.test_budgets import at_once

DAY = date(2026, 11, 20)
WHO = "m@e.example"


def set_up(session: Session) -> None:
    session.add(Workspace(name="M", time_zone="Asia/Shanghai", currency="USD", sender_name="M", sender_email=WHO,
                          set_up_at=NOON))  # fmt: skip
    session.flush()


def line(minor: int, key: str = "a", **more: object) -> NewCost:
    fields = {"source": "file", "source_key": key, "day": DAY, "side": "buyer", "channel": "seo", "currency": "USD"}
    return NewCost(**fields | {"amount_minor": minor} | more)  # type: ignore[arg-type]


def put_right(session: Session, line_id: int, minor: int, reason: str = "twice on the bill") -> Money:
    return correct(session, line_id, Money(minor, "USD"), reason, actor=WHO, now=NOON)


def test_a_correction_never_edits_and_its_source_may_speak_again(session: Session) -> None:
    record_cost(session, line(1000), NOON)
    first = session.scalars(select(Cost.id)).one()
    assert put_right(session, first, 700).minor == -300
    assert put_right(session, first, 900).minor == 200
    assert record_cost(session, line(1000), NOON).same == 1
    assert stands_at(cost_by_id(session, first), corrections_of(session, cost_by_id(session, first))).minor == 900
    assert record_cost(session, line(850), NOON).changed == 1
    session.expire_all()
    found = cost_by_id(session, first)
    assert stands_at(found, corrections_of(session, found)).minor == 850
    assert [one.amount_minor for one in corrections_of(session, found)] == [-300, 200, 100]
    assert put_right(session, first, 0).minor == -850
    with pytest.raises(InvalidError, match="already"):
        put_right(session, first, 0)
    with pytest.raises(InvalidError, match="Say why"):
        put_right(session, first, 5, "  ")
    with pytest.raises(RefusedError):
        put_right(session, corrections_of(session, found)[0].id, 5)
    with pytest.raises(NotFoundError):
        put_right(session, 2**60, 5)
    told = session.scalars(select(AuditEntry).where(AuditEntry.action == "cost corrected")).all()
    assert [(one.detail["before"], one.detail["after"]) for one in told] == [(1000, 700), (700, 900), (850, 0)]


def test_of_two_corrections_at_once_the_second_sees_the_first(engine: Engine) -> None:
    with transaction(engine) as session:
        record_cost(session, line(1000), NOON)
        (number,) = session.scalars(select(Cost.id)).all()
    ends = list[str]()

    def work() -> None:
        try:
            with transaction(engine) as mine:
                put_right(mine, number, 400)
            ends.append("put right")
        except InvalidError:
            ends.append("was right")

    at_once(work, work)
    assert sorted(ends) == ["put right", "was right"]
    with transaction(engine) as session:
        assert session.scalar(select(func.sum(Cost.amount_minor))) == 400


def fair(minor: int, days: int, name: str = "Canton Fair") -> Entry:
    return Entry(name=name, first=DAY, last=DAY + timedelta(days=days - 1), side="seller", channel="offline",
                 country="CN", amount=Money(minor, "CNY"))  # fmt: skip


@given(st.integers(-(10**12), 10**12).filter(bool), st.integers(1, 92))
def test_however_long_a_fair_is_its_days_come_to_its_cost(minor: int, days: int) -> None:
    parts = lines_of(fair(minor, days))
    assert sum(one.amount_minor for one in parts) == minor
    assert max(one.amount_minor for one in parts) - min(one.amount_minor for one in parts) <= 1
    assert [one.day for one in parts] == [DAY + timedelta(days=place) for place in range(days)]


def test_a_fair_that_becomes_shorter_leaves_nothing_behind(session: Session) -> None:
    for entry in (fair(900, 3), fair(900, 3), fair(800, 2)):
        enter(session, entry, actor=WHO, now=NOON)
    assert session.scalars(select(Cost.amount_minor).order_by(Cost.day)).all() == [400, 400, 0]
    assert session.scalar(select(func.count()).where(AuditEntry.action == "cost entered")) == 2
    for wrong in (fair(900, 0), fair(900, 93), fair(0, 1), fair(900, 1, ""), fair(900, 1, "x" * 301)):
        with pytest.raises(InvalidError):
            lines_of(wrong)


def test_a_new_price_counts_from_its_day_until_the_next_one(session: Session) -> None:
    set_up(session)
    prices = [(date(2026, 11, 1), 9_000), (date(2026, 11, 21), 12_000)]
    for since, minor in prices:
        set_price(session, "rep_hour", since, Money(minor, "CNY"), actor=WHO, now=NOON)
    for back in range(5):
        record_hours(session, DAY - timedelta(days=2 - back), "Wang", Decimal("1.5"), channel="offline", actor=WHO,
                     now=NOON)  # fmt: skip
    session.execute(text("delete from channel_day_due"))
    assert set_price(session, "rep_hour", date(2026, 11, 19), Money(10_000, "CNY"), actor=WHO, now=NOON) == 2
    amounts = session.scalars(select(Cost.amount_minor).order_by(Cost.day)).all()
    assert amounts == [13_500, 15_000, 15_000, 18_000, 18_000]
    assert set(session.scalars(select(ChannelDayDue.day))) == {date(2026, 11, 19), DAY}
    record_cost(session, line(5_000, source="email", units=Decimal(2_500), day=DAY), NOON)
    set_price(session, "email", date(2026, 11, 1), Money(120, "USD"), actor=WHO, now=NOON)
    assert session.scalar(select(Cost.amount_minor).where(Cost.source == "email")) == 300


def did(session: Session, lead: int, account: int, kinds: str, hour: int = 1) -> None:
    rows = [{"lead_id": lead, "account_id": account, "kind": kind, "at": NOON.replace(day=20, hour=hour)}
            for kind in kinds.split()]  # fmt: skip
    session.execute(insert(Activity), rows)


def seller(session: Session, key: str, channel: str) -> int:
    lead = Lead(side="seller", source="t", source_key=key, name=key, channel=channel, facts={}, stage="contacted",
                contacted_at=NOON, created_at=NOON)  # fmt: skip
    session.add(lead)
    session.flush()
    return lead.id


def test_what_reps_logged_costs_what_it_takes_until_hours_are_entered(session: Session) -> None:
    set_up(session)
    rep = new_account(
        session, email="wang@e.example", name="王", roles=[Role.REP], password_hash=no_password(), now=NOON
    )
    known, strange = seller(session, "1", "online"), seller(session, "2", "a fair of theirs")
    did(session, known, rep.id, "call call call meeting")
    did(session, strange, rep.id, "email note")
    did(session, known, rep.id, "call", hour=17)  # the next day in Shanghai
    assert cost_rep_time(session, NOON, DAY) == 0
    set_price(session, "rep_hour", date(2026, 11, 1), Money(10_000, "CNY"), actor=WHO, now=NOON)
    assert cost_rep_time(session, NOON, DAY) == 3
    assert cost_rep_time(session, NOON, DAY) == 0
    assert spent(session) == {("online", DAY): 16_000, ("other", DAY): 2_000, ("online", date(2026, 11, 21)): 2_000}
    session.execute(text("delete from activity where kind = 'meeting'"))
    assert cost_rep_time(session, NOON, DAY) == 1
    assert spent(session)["online", DAY] == 6_000
    record_hours(session, DAY, "Wang@e.example", Decimal(8), channel="offline", actor=WHO, now=NOON)
    entered = {("offline", DAY): 80_000, ("online", date(2026, 11, 21)): 2_000}
    assert spent(session) == entered
    assert cost_rep_time(session, NOON, DAY) == 0
    assert spent(session) == entered
    record_hours(session, DAY, "Wang@e.example", Decimal(0), channel="offline", actor=WHO, now=NOON)
    cost_rep_time(session, NOON, DAY)
    assert spent(session)["online", DAY] == 6_000


def spent(session: Session) -> dict[tuple[str, date], int]:
    session.expire_all()
    rows = session.execute(select(Cost.channel, Cost.day, Cost.amount_minor).where(Cost.amount_minor != 0))
    return {(channel, day): minor for channel, day, minor in rows}


def test_a_day_of_work_has_no_more_than_its_hours() -> None:
    told = hours_of([("w", "seller", "online", "meeting", 30), ("w", "seller", "offline", "meeting", 10)])
    assert told == {("w", "seller", "online"): 18, ("w", "seller", "offline"): 6}


def test_sums_turn_each_day_at_its_own_rate_and_name_what_has_none(session: Session) -> None:
    set_up(session)
    other = DAY + timedelta(days=1)
    record_rates(session, "USD", [Rate("CNY", DAY, Decimal("0.1")), Rate("CNY", other, Decimal("0.2"))], NOON)
    record_costs(session, [
        line(1000), line(500, "b", currency="CNY"), line(500, "b", currency="CNY", day=other),
        line(700, "c", currency="BRL", country="BR"), line(-100, "d"),
    ], NOON)  # fmt: skip
    everything = CostFilter(DAY, other)
    told = sum_of(session, everything)
    assert told.total == Money(1000 - 100 + 50 + 100, "USD")
    assert list(told.own) == [Money(700, "BRL"), Money(1000, "CNY"), Money(900, "USD")]
    assert (list(told.unrated), told.lines, told.more) == (["BRL"], 5, False)
    assert [one.turned for one in lines(session, CostFilter(DAY, DAY, country="BR"))] == [None]
    assert len(lines(session, CostFilter(DAY, DAY, country="-"))) == 3


def test_a_long_file_is_read_in_parts_that_miss_nothing(engine: Engine) -> None:
    with transaction(engine) as session:
        set_up(session)
        record_costs(
            session, [line(place, f"{place}", day=DAY - timedelta(days=place % 3)) for place in range(1200)], NOON
        )
    found = [one.cost.amount_minor for one in every_line(engine, CostFilter(DAY - timedelta(days=9), DAY))]
    assert len(found) == 1200
    assert sorted(found) == list(range(1200))


def test_a_page_of_the_ledger_walks_an_index(engine: Engine) -> None:
    with transaction(engine) as session:
        session.execute(
            text("""
            insert into cost (source, source_key, day, side, channel, campaign, amount_minor, currency, recorded_at)
            select 'file', number::text, date '2026-01-01' + number % 320, 'buyer', 'seo', 'c' || number % 900, 5,
                'USD', now() from generate_series(1, 40000) number
        """)
        )
        session.execute(text("analyze cost"))
        for wanted in (CostFilter(DAY - timedelta(days=27), DAY), CostFilter(date(2026, 1, 1), DAY, campaign="c7")):
            page = select(Cost).where(*wanted.conditions()).order_by(Cost.day.desc(), Cost.id.desc()).limit(51)
            shown = session.connection().dialect
            query = str(page.compile(dialect=shown, compile_kwargs={"literal_binds": True}))
            plan = "\n".join(session.scalars(text(f"explain {query.replace(':', chr(92) + ':')}")))
            assert "Seq Scan" not in plan, plan
