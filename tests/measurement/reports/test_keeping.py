"""Kept reports: made once, made again only on purpose, and never changed by what comes later."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from arro3.io import read_parquet
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, func, insert, select, update
from sqlalchemy.orm import Session

from growth.attribution.adopting import adopt, default_choice
from growth.clock import FixedClock
from growth.database.audit import AuditEntry
from growth.database.changed_days import mark_changed
from growth.database.engine import transaction
from growth.errors import InvalidError, NotFoundError
from growth.locales import LOCALES
from growth.measurement.advice.records import Advice
from growth.measurement.figures import Figures
from growth.measurement.records import ChannelDay
from growth.measurement.reports.files import COLUMNS, as_csv, as_parquet
from growth.measurement.reports.keeping import keep_until, keep_week, newest_of, report_by_id, versions_of, weeks
from growth.measurement.reports.records import ReportSnapshot
from growth.measurement.reports.snapshot import as_json, from_json
from growth.measurement.reports.telling import told
from growth.measurement.reports.weeks import is_counted, last_week, name_of, week_named
from tests.campaigns.sending import set_up
from tests.conftest import NOON
from tests.measurement.reports.filled import MONDAY, WHOLE, day_row, fill

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def filled(session: Session) -> Session:
    set_up(session, NOON)
    fill(session, NOON)
    return session


@given(minutes=st.integers(0, 8_000_000))
def test_the_last_week_has_ended_and_the_next_has_not(minutes: int) -> None:
    moment = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    monday = last_week(moment, SHANGHAI)
    today = moment.astimezone(SHANGHAI).date()
    assert monday.weekday() == 0
    assert monday + timedelta(days=7) <= today < monday + timedelta(days=14)
    assert week_named(name_of(monday), moment, SHANGHAI) == monday
    with pytest.raises(InvalidError):
        week_named(name_of(monday + timedelta(days=7)), moment, SHANGHAI)


@pytest.mark.parametrize(
    "text", ["", "2026-47", "2026-W54", "2026-W00", "x", "2026-W47\n", "２０２６-W47", "2026-W47-1"]
)
def test_what_is_no_week_is_said(text: str) -> None:
    with pytest.raises(InvalidError):
        week_named(text, NOON, SHANGHAI)


def test_the_week_is_kept_with_its_figures_and_model(filled: Session) -> None:
    kept = keep_week(filled, MONDAY, "buyer", made_by="test", now=NOON)
    one = from_json(kept.content)
    assert (kept.first, kept.last) == (MONDAY, MONDAY + timedelta(days=6))
    assert one.total == sum((row.now for row in one.rows), Figures())
    assert one.total.acquired == (sum(40 + number for number in range(7)) + 7 * (20 + 30 + 9)) * WHOLE
    assert [credited.name for credited in one.models] == ["last_touch:1"]
    assert {note.kind for note in one.notes} >= {"departed", "dearer"}
    (paced,) = one.budgets
    assert (paced.channel, paced.budget_minor) == ("paid_search", 200_000)
    assert paced.spent_minor == 16 * 8_000
    assert as_json(one) == kept.content


def test_what_comes_later_changes_no_kept_report(filled: Session) -> None:
    before = keep_week(filled, MONDAY, "buyer", made_by="test", now=NOON).content
    filled.execute(delete(ChannelDay).where(ChannelDay.day == MONDAY))
    choice = default_choice("buyer")
    adopt(filled, choice, since=NOON - timedelta(days=90), after=1, actor="test", now=NOON)
    filled.expire_all()
    assert keep_week(filled, MONDAY, "buyer", made_by="test", now=NOON).content == before
    again = keep_week(filled, MONDAY, "buyer", made_by="ana", now=NOON, again=True)
    assert again.version == 2
    assert from_json(again.content).total.acquired < from_json(before).total.acquired
    assert [one.name for one in from_json(again.content).models] == ["last:2"]
    assert [version for version, _ in versions_of(filled, MONDAY, "buyer")] == [2, 1]
    assert keep_week(filled, MONDAY, "buyer", made_by="test", now=NOON).id == again.id
    assert filled.scalars(select(AuditEntry.action).where(AuditEntry.actor == "ana")).all() == ["report made again"]


def test_weeks_that_nobody_was_there_for_are_made_up_for(filled: Session) -> None:
    assert keep_until(filled, MONDAY - timedelta(weeks=3), made_by="test", now=NOON) == 0
    assert keep_until(filled, MONDAY, made_by="test", now=NOON) == 2
    assert [one.week for one in weeks(filled)] == [MONDAY - timedelta(weeks=back) for back in range(4)]
    assert keep_until(filled, MONDAY, made_by="test", now=NOON) == 0
    assert keep_until(filled, MONDAY + timedelta(weeks=90), made_by="test", now=NOON) == 12


def test_two_at_once_keep_one(engine: Engine, clock: FixedClock) -> None:
    with transaction(engine) as session:
        set_up(session, clock.now())
        fill(session, clock.now())

    def keep(number: int) -> int:
        with transaction(engine) as session:
            return keep_week(session, MONDAY, "buyer", made_by=str(number), now=clock.now()).id

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(keep, range(8)))
    assert len(ids) == 1
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(ReportSnapshot)) == 1


def test_days_that_are_still_to_be_counted_are_said(filled: Session) -> None:
    filled.execute(update(ChannelDay).values(touches=1))
    mark_changed(filled, [(MONDAY, "buyer")])
    assert not is_counted(filled, MONDAY)
    assert from_json(keep_week(filled, MONDAY, "buyer", made_by="test", now=NOON).content).unfinished


def test_an_empty_side_and_one_of_odd_texts(session: Session) -> None:
    set_up(session, NOON)
    assert from_json(keep_week(session, MONDAY, "seller", made_by="test", now=NOON).content).empty
    session.execute(insert(ChannelDay), [day_row(MONDAY, "buyer", "direct", 1, country="")])
    for locale in LOCALES:
        report = told(from_json(keep_week(session, MONDAY, "buyer", made_by="t", now=NOON).content), locale)
        assert [line.channel for line in report.lines][-1] == "direct"
        assert report.countries[0][0]


def test_weeks_are_listed_newest_first_by_pages(filled: Session) -> None:
    for back in range(5):
        for side in ("buyer", "seller"):
            keep_week(filled, MONDAY - timedelta(weeks=back), side, made_by="test", now=NOON)
    keep_week(filled, MONDAY, "buyer", made_by="test", now=NOON, again=True)
    seen: list[date] = []
    page = weeks(filled, limit=2)
    assert page[0].by_side["buyer"][0].version == 2
    while page:
        seen += [one.week for one in page]
        assert all(set(one.by_side) == {"buyer", "seller"} for one in page)
        page = weeks(filled, before=seen[-1], limit=2)
    assert seen == [MONDAY - timedelta(weeks=back) for back in range(5)]


def test_the_best_move_of_the_week_is_told(filled: Session) -> None:
    move = {"from_channel": "seo", "to_channel": "paid_search", "amount": 300_000, "currency": "USD"}
    brings = {"low": 40.4, "expected": 120.0, "high": 190.2}
    kept = {"side": "buyer", "reckoned_at": NOON, "currency": "USD", "curves": {}}
    filled.execute(insert(Advice), [kept | {"answer": move | brings}])
    one = from_json(keep_week(filled, MONDAY, "buyer", made_by="test", now=NOON).content)
    assert told(one, "en").move == [
        "Move $3,000 a month from Search (SEO) to Paid search.",
        "Expected 120 a month more, between 40 and 190 nine times in ten.",
    ]
    assert not told(one, "ru").notes[0].sentence.startswith("Brazil")
    older = keep_week(filled, MONDAY - timedelta(weeks=1), "buyer", made_by="test", now=NOON)
    assert from_json(older.content).move is None  # that week nobody advised it


@pytest.mark.parametrize("number", [0, -1, 2**63, 10**30, 999])
def test_no_such_report(session: Session, number: int) -> None:
    with pytest.raises(NotFoundError):
        report_by_id(session, number)


def test_parquet_is_read_back_to_the_minor_unit(filled: Session) -> None:
    snapshot = from_json(keep_week(filled, MONDAY, "buyer", made_by="test", now=NOON).content)
    table = read_parquet(io.BytesIO(as_parquet(snapshot)))
    names = list(table.schema.names)
    rows = [
        dict(zip(names, values, strict=True))
        for batch in table
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True)
    ]
    assert names == [column.name for column in COLUMNS]
    assert sum(row["cost_minor"] for row in rows) == snapshot.total.cost_minor
    assert sum(row["before_value_minor"] for row in rows) == snapshot.total_before.value_minor
    assert {(row["first"], row["currency"], row["caused"]) for row in rows} == {(MONDAY, "USD", None)}
    assert {row["channel"]: row["acquired"] for row in rows} == {row.channel: row.now.acquired for row in snapshot.rows}


def test_the_spreadsheet_holds_no_formula(filled: Session) -> None:
    snapshot = from_json(keep_week(filled, MONDAY, "buyer", made_by="test", now=NOON).content)
    odd = from_json(as_json(snapshot) | {"rows": [{"channel": "=1+1", "now": {}, "before": {}}], "currency": "USD"})
    assert "'=1+1" in as_csv(odd, "en")
    lines = as_csv(snapshot, "en").splitlines()
    assert lines[0].startswith("From,To,Channel,Currency,Cost,Registered,")
    assert "2026-11-16,2026-11-22,Paid search,USD,910.00,140,6.50,35,2730.00,3.0000,560.00,140,4.00," in lines[3]


def test_a_report_that_an_earlier_version_kept_is_still_read(filled: Session) -> None:
    kept = keep_week(filled, MONDAY, "buyer", made_by="test", now=NOON)
    content = {name: value for name, value in kept.content.items() if name not in {"language", "notes", "open_since"}}
    content["rows"] = [{**row, "now": {"acquired": 5, "gone": 1}} for row in content["rows"]]
    assert from_json(content).rows[0].now == Figures(acquired=5)
    assert newest_of(filled, MONDAY, "buyer") is kept
