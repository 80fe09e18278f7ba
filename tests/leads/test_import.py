"""Leads from files: what goes in, what is told, and that nothing goes in twice."""

import csv
import gzip
import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine, func, select, text

from growth.attribution.channels import keys
from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.errors import InvalidError
from growth.leads.importing.bring_in import LeadImport, import_leads
from growth.leads.importing.columns import CHANNEL_OF, FACTS, channel_of, find_columns
from growth.leads.records import Lead, StageChange
from growth.people.records import Consent, Identity, Person
from growth.scoring.known import INTAKE_FACTS
from tests.leads.conftest import Bring, Write

LEADS = ("mql_id", "first_contact_date", "landing_page_id", "origin")
DEALS = ("mql_id", "seller_id", "won_date", "business_segment", "lead_type")
FUNNEL = [("a1", "01-02-2018", "page", "social"), ("b2", "20-10-2017", "", "paid_search"), ("c3", "22-03-2018", "", "")]
WON = [("a1", "s1", "26-02-2018 19:58", "pet", "industry")]


def counts(brought: object) -> dict[str, int]:
    return {name: number for name, number in asdict(brought.counts).items() if number}  # type: ignore[attr-defined]


def leads(engine: Engine) -> dict[str, Lead]:
    with transaction(engine) as session:
        return {lead.source_key: lead for lead in session.scalars(select(Lead))}


def test_two_files_become_open_and_won_leads(engine: Engine, write: Write, bring: Bring) -> None:
    write("leads.csv", LEADS, FUNNEL)
    folder = write("deals.csv", DEALS, WON).parent
    brought = bring(folder)
    assert counts(brought) == {"read": 4, "new": 3, "won": 1}
    found = leads(engine)
    assert found["a1"].contacted_at == datetime(2018, 2, 1, tzinfo=UTC)
    assert found["b2"].contacted_at == datetime(2017, 10, 20, tzinfo=UTC)
    assert found["a1"].won_at == found["a1"].closed_at == datetime(2018, 2, 26, 19, 58, tzinfo=UTC)
    assert (found["a1"].stage, found["b2"].stage) == ("shop_open", "contacted")
    assert [found[key].channel for key in ("a1", "b2", "c3")] == ["online", "online", "direct"]
    assert found["a1"].facts == {"origin": "social", "landing_page": "page"}
    with transaction(engine) as session:
        (change,) = session.scalars(select(StageChange))
        assert (change.stage, change.at) == ("shop_open", found["a1"].won_at)


def test_nothing_known_only_afterwards_becomes_a_fact(engine: Engine, write: Write, bring: Bring) -> None:
    write("leads.csv", LEADS, FUNNEL)
    bring(write("deals.csv", DEALS, WON).parent)
    assert all(set(lead.facts) <= INTAKE_FACTS for lead in leads(engine).values())
    assert set(FACTS) <= INTAKE_FACTS


def test_again_changes_nothing_and_what_changed_is_changed(engine: Engine, write: Write, bring: Bring) -> None:
    write("leads.csv", LEADS, FUNNEL)
    folder = write("deals.csv", DEALS, WON).parent
    bring(folder)
    before = {key: lead.id for key, lead in leads(engine).items()}
    assert counts(bring(folder)) == {"read": 4, "same": 3}
    write("leads.csv", LEADS, [*FUNNEL[:2], ("c3", "22-03-2018", "", "email")])
    write("deals.csv", DEALS, [*WON, ("b2", "s2", "27-02-2018 10:00", "", "")])
    assert counts(bring(folder)) == {"read": 5, "same": 2, "changed": 1, "won": 1}
    found = leads(engine)
    assert {key: lead.id for key, lead in found.items()} == before
    assert (found["c3"].channel, found["b2"].stage) == ("online", "shop_open")
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(StageChange)) == 2


def test_an_emptied_cell_takes_nothing_away(engine: Engine, write: Write, bring: Bring) -> None:
    header = ("id", "company", "date", "channel", "country")
    bring(write("leads.csv", header, [("1", "晨光箱包", "2026-11-01", "offline", "CN")]))
    bring(write("leads.csv", header, [("1", "", "2026-11-01", "", "")]))
    lead = leads(engine)["1"]
    assert (lead.name, lead.channel, lead.facts) == ("晨光箱包", "offline", {"country": "CN"})


def test_a_dry_run_counts_and_changes_nothing(engine: Engine, write: Write, bring: Bring) -> None:
    path = write("leads.csv", LEADS, FUNNEL)
    assert counts(bring(path, dry_run=True)) == {"read": 3, "new": 3}
    assert not leads(engine)


def test_packed_files_are_read_as_they_are(write: Write, bring: Bring) -> None:
    path = write("leads.csv", LEADS, FUNNEL)
    packed = path.with_name("leads.csv.gz")
    with path.open("rb") as plain, gzip.open(packed, "wb") as out:
        shutil.copyfileobj(plain, out)
    path.unlink()
    assert counts(bring(packed)) == {"read": 3, "new": 3}
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(InvalidError, match="can't be unpacked"):
        bring(packed)


def test_bad_rows_come_back_with_what_is_wrong(write: Write, bring: Bring) -> None:
    write(
        "leads.csv",
        (*LEADS, "country", "phone"),
        [
            *((*row, "", "") for row in FUNNEL),
            ("d4", "", "", "", "", ""),
            ("e5", "31-02-2018", "", "", "", ""),
            ("f6", "=1+1", "", "", "", ""),
            ("g7", "01-02-2099", "", "", "", ""),
            ("h8", "13-02-2018", "", "", "Atlantis", ""),
            ("i9", "13-02-2018", "", "", "BR", "12"),
            ("", "13-02-2018", "", "", "", ""),
            ("j10", "13-02-2018", "x" * 500, "", "", ""),
        ],
    )
    folder = write("deals.csv", DEALS, [*WON, ("zz", "", "27-02-2018", "", ""), ("b2", "", "", "", "")]).parent
    brought = bring(folder)
    assert counts(brought) == {"read": 14, "new": 3, "won": 1, "rejected": 10}
    told = {path.name: list(csv.reader(path.read_text("utf-8-sig").splitlines())) for path in brought.rejected}
    rows = told["leads.rejected.csv"]
    assert [(row[0], row[1]) for row in rows[1:]] == [
        ("5", "First contact"),
        ("6", "First contact"),
        ("7", "First contact"),
        ("8", "First contact"),
        ("9", "Country"),
        ("10", "Phone"),
        ("11", "Lead's own number"),
        ("12", "Landing page"),
    ]
    assert all(row[2] and (row[3] or row[1] == "Phone") for row in rows[1:])
    assert rows[3][5] == "'=1+1"
    assert [(row[0], row[1]) for row in told["deals.rejected.csv"][1:]] == [
        ("4", "Won"),
        ("3", "Lead's own number"),
    ]


@pytest.mark.parametrize(
    ("dates", "months"),
    [
        (("03-04-2018", "25-04-2018"), [4, 4]),
        (("03/04/2018", "04/25/2018"), [3, 4]),
        (("03.04.2018", "05.05.2018", "2018-06-07"), None),
    ],
)
def test_the_whole_file_tells_whether_the_day_comes_first(
    engine: Engine, write: Write, bring: Bring, dates: tuple[str, ...], months: list[int] | None
) -> None:
    path = write("leads.csv", ("id", "date"), [(str(number), date) for number, date in enumerate(dates)])
    if months is None:
        with pytest.raises(InvalidError, match=r"Row 2.*03\.04\.2018.*--dates"):
            bring(path)
        bring(path, day_first=False)
        months = [3, 5, 6]
    else:
        bring(path)
    found = leads(engine)
    assert [found[str(number)].contacted_at.month for number in range(len(dates))] == months


def test_people_behind_addresses_are_stored_without_permission(engine: Engine, write: Write, bring: Bring) -> None:
    header = ("company", "contact", "email", "phone", "country", "date")
    rows = [
        ("晨光箱包", "王伟", "Wang@Example.com", "13800138000", "CN", "2026-11-01"),
        ("No address", "", "", "", "", "2026-11-02"),
    ]
    path = write("leads.csv", header, rows)
    assert counts(bring(path)) == {"read": 2, "new": 2}
    assert counts(bring(path)) == {"read": 2, "same": 2}
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1
        assert session.scalar(select(func.count()).select_from(Identity)) == 2
        assert session.scalar(select(func.count()).select_from(Consent)) == 0
        linked = {lead.name: lead.person_id for lead in session.scalars(select(Lead))}
        assert linked == {"晨光箱包": session.scalars(select(Person.id)).one(), "No address": None}


def test_a_lead_that_stands_twice_is_taken_once(engine: Engine, write: Write, bring: Bring) -> None:
    path = write("leads.csv", LEADS, [*FUNNEL, ("a1", "02-02-2018", "", "email")])
    assert counts(bring(path)) == {"read": 4, "new": 3, "repeated": 1}
    assert leads(engine)["a1"].facts == {"origin": "email"}


def test_a_file_that_is_none_of_ours(write: Write, bring: Bring, tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="no column with the date of first contact"):
        bring(write("other.csv", ("a", "b"), [("1", "2")]))
    with pytest.raises(InvalidError, match="no file of leads"):
        bring(tmp_path / "files")
    with pytest.raises(InvalidError, match="There is no file"):
        bring(tmp_path / "nowhere.csv")


def test_two_imports_at_once_make_each_lead_once(
    engine: Engine, clock: FixedClock, write: Write, tmp_path: Path
) -> None:
    path = write("leads.csv", LEADS, [(f"k{number}", "20-10-2017", "", "") for number in range(3_000)])
    asked = LeadImport(paths=[path], rejected=tmp_path / "rejected")
    failed: list[BaseException] = []

    def bring() -> None:
        try:
            import_leads(engine, clock, asked, by="test")
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    both = [Thread(target=bring) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert not failed
    assert len(leads(engine)) == 3_000


def test_a_crash_in_the_merge_leaves_nothing(engine: Engine, write: Write, bring: Bring) -> None:
    write("leads.csv", LEADS, FUNNEL)
    folder = write("deals.csv", DEALS, WON).parent
    with engine.begin() as connection:
        connection.execute(text("alter table stage_change add constraint crash check (false)"))
    with pytest.raises(Exception, match="crash"):
        bring(folder)
    assert not leads(engine)
    with engine.begin() as connection:
        connection.execute(text("alter table stage_change drop constraint crash"))
    assert counts(bring(folder)) == {"read": 4, "new": 3, "won": 1}


def test_channels_are_ours_and_words_are_found_in_any_spelling() -> None:
    assert set(CHANNEL_OF) <= set(keys("seller"))
    assert channel_of("", "Organic-Search") == "online"
    assert channel_of("展会", "") == "offline"
    assert channel_of("", "carrier pigeon") == "other"
    assert channel_of("", "") is None
    assert find_columns(["Дата", "Компания", "x", "电话"]) == {"contacted_at": 0, "company": 1, "phone": 3}
