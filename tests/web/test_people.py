"""The pages of people: the list and its filters, one person, and an import from upload to result."""

import csv
import io
import os
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page
from sqlalchemy import Engine, select, text, update

from growth.clock import Clock, FixedClock
from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.people import listing
from growth.people.consent import record_by_hand
from growth.people.identity import Known, email_hash, ensure_person
from growth.people.importing import uploads
from growth.people.records import Consent, ConsentFact, PeopleImport, Person
from growth.people.suppression import suppress
from growth.scheduling.doing import do, take_up
from growth.scheduling.records import JobRun
from growth.settings import settings
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

SAID = {"basis": "consent", "source": "fair in Yiwu", "wording": "Yes, write to me.", "at": "2026-10-01T08:00"}
ROWS = [
    ("email", "phone", "name", "country", "language"),
    ("anna@mail.ru", "+7 916 123-45-67", "Анна Иванова", "RU", "ru"),
    ("li@qq.com", "13800138000", "李伟", "CN", "zh-CN"),
    ("ana@uol.com.br", "", "Ana Conceição", "BR", "pt-BR"),
    ("no address", "", "Nobody", "US", "en"),
]


def written(rows: list[tuple[str, ...]], delimiter: str = ",") -> str:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows(rows)
    return file.getvalue()


FILE = written(ROWS).encode()


@pytest.fixture(autouse=True)
def empty_folder() -> Iterator[None]:
    """Uploads of one test are none of the next's."""
    yield
    for path in uploads.imports_folder().iterdir():
        path.unlink()


def work(engine: Engine, clock: Clock) -> None:
    """Do the queued imports, as a worker does."""
    with transaction(engine) as session:
        waiting = session.execute(select(JobRun.id, JobRun.task_id).where(JobRun.state == "queued")).all()
    for run_id, task_id in waiting:
        claim = take_up(engine, clock.now(), "run", run_id, task_id)
        assert claim is not None
        do(engine, clock, claim, threading.Event(), here=True)


def uploaded(client: httpx.Client, content: bytes = FILE, name: str = "people.csv") -> str:
    answer = client.post("/people/import", files={"file": (name, content, "text/csv")})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def chosen(page: str) -> dict[str, object]:
    """What the form of columns would send as it stands."""
    columns = [
        (re.findall(r'value="(\d+)" selected', one) or [""])[0]
        for one in re.findall(r'<select class="select" id="column-.*?</select>', page, re.DOTALL)
    ]
    picked = {
        name: re.search(rf'<select class="select" id="{name}".*?value="([^"]*)" selected', page, re.DOTALL)
        for name in ("encoding", "delimiter")
    }
    return {name: match[1] for name, match in picked.items() if match} | {"columns": columns}


def checked(site: Site, client: httpx.Client, path: str, **said: object) -> str:
    answer = client.post(f"{path}/check", data=chosen(client.get(path).text) | SAID | said)
    assert answer.status_code == 303, answer.text
    work(site.engine, site.clock)
    return client.get(path).text


def imported(site: Site, client: httpx.Client, path: str) -> str:
    assert client.post(f"{path}/import").status_code == 303
    work(site.engine, site.clock)
    return client.get(path).text


def known(site: Site, count: int, **more: str) -> list[int]:
    with transaction(site.engine) as session:
        return [
            ensure_person(session, Known(email=f"p{number}@example.com", **more), site.clock.now())
            for number in range(count)
        ]


def emails(page: str) -> list[str]:
    return re.findall(r"<div class=\"muted small clip\">([^<]+)</div>", page)


# The list


def test_the_newest_come_first_a_page_at_a_time(site: Site, client_as: ClientAs) -> None:
    known(site, 120)
    client = client_as("manager")
    found: list[str] = []
    path: str | None = "/people"
    while path:
        page = client.get(path).text
        found += emails(page)
        further = re.search(r'href="(/people\?[^"]*after=\d+)" rel="next"', page)
        path = further[1].replace("&amp;", "&") if further else None
    assert found == [f"p{number}@example.com" for number in reversed(range(120))]


def test_filters_are_in_the_address_and_hold_together(site: Site, client_as: ClientAs) -> None:
    russian = known(site, 2, country="RU", locale="ru")
    with transaction(site.engine) as session:
        ensure_person(session, Known(email="us@example.com", country="US", locale="en"), site.clock.now())
        record_by_hand(
            session,
            russian[0],
            granted=True,
            basis="consent",
            source="form",
            wording="Yes",
            at=None,
            actor="test",
            now=site.clock.now(),
        )
    client = client_as("marketer")
    assert emails(client.get("/people?country=RU").text) == ["p1@example.com", "p0@example.com"]
    assert emails(client.get("/people?locale=en").text) == ["us@example.com"]
    assert emails(client.get("/people?permission=granted").text) == ["p0@example.com"]
    assert emails(client.get("/people?country=RU&permission=none").text) == ["p1@example.com"]
    assert emails(client.get("/people?country=US&locale=ru").text) == []
    assert "Nobody fits these filters" in client.get("/people?country=FR").text


def test_an_address_is_found_however_it_is_written(site: Site, client_as: ClientAs) -> None:
    with transaction(site.engine) as session:
        ensure_person(session, Known(email="anna@mail.ru", phone="+79161234567"), site.clock.now())
    client = client_as("marketer")
    for find in (" ANNA@Mail.RU ", "+7 (916) 123-45-67"):
        assert emails(client.get("/people", params={"find": find}).text) == ["anna@mail.ru"]
    assert emails(client.get("/people", params={"find": "8 916 123-45-67", "country": "RU"}).text) == []
    assert "Nobody has exactly this address" in client.get("/people?find=other@mail.ru").text
    wrong = client.get("/people?find=anna")
    assert wrong.status_code == 422
    assert "There is no such phone number." in wrong.text


def test_a_filter_that_fits_hardly_anybody_looks_at_so_many_at_most(
    site: Site, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "WINDOW", 10)
    with transaction(site.engine) as session:
        ensure_person(session, Known(email="old@example.com", country="RU", locale="ru"), site.clock.now())
    known(site, 10, country="RU", locale="en")
    client = client_as("marketer")
    page = client.get("/people?country=RU&locale=ru").text
    assert "There may be some further back" in page
    further = re.search(r'href="(/people\?[^"]*after=\d+)"', page)
    assert further
    assert emails(client.get(further[1].replace("&amp;", "&")).text) == ["old@example.com"]


def test_counts_stop_where_nobody_counts_further(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    known(site, 8)
    with transaction(site.engine) as session:
        assert listing.count_people(session, listing.Wanted()) == listing.Count(8, more=False)
        monkeypatch.setattr(listing, "MOST_COUNTED", 5)
        assert listing.count_people(session, listing.Wanted()) == listing.Count(5, more=True)


def test_the_list_uses_indexes_in_a_full_table(engine: Engine) -> None:
    fill = """
        insert into person (country, locale, created_at)
            select (array['RU','BR','US'])[n % 3 + 1], (array['ru','pt_BR','en'])[n % 3 + 1], now()
            from generate_series(1, 60000) n;
        insert into consent (person_id, purpose, channel, granted, at)
            select id, 'marketing', 'email', id % 7 <> 0, now() from person;
        analyze person; analyze consent"""
    with transaction(engine) as session:
        for statement in fill.split(";"):
            session.execute(text(statement))
        for wanted in (
            listing.Wanted(),
            listing.Wanted(country="RU", locale="ru", permission="none"),
            listing.Wanted(permission="granted"),
            listing.Wanted(locale="en", permission="granted"),
        ):
            query = listing._fitting(listing._window(session, wanted, None), wanted).limit(51)
            literal = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
            plan = "\n".join(session.scalars(text(f"explain {literal}".replace(":", r"\:"))))
            assert "Seq Scan" not in plan, plan


def test_the_export_is_the_filter_without_formulas_and_is_logged(site: Site, client_as: ClientAs) -> None:
    known(site, 3, country="RU", name="=HYPERLINK(1)")
    with transaction(site.engine) as session:
        ensure_person(session, Known(phone="+79161234567", country="US"), site.clock.now())
    answer = client_as("marketer").get("/people/export.csv?country=RU")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row["E-mail"] for row in rows] == ["p2@example.com", "p1@example.com", "p0@example.com"]
    assert {row["Name"] for row in rows} == {"'=HYPERLINK(1)"}
    with transaction(site.engine) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "people.export")).one()
    assert (entry.actor, entry.detail) == ("marketer@example.com", {"country": "RU"})
    assert client_as("manager").get("/people/export.csv").status_code == 403


def test_odd_addresses_are_answered_in_words(client_as: ClientAs) -> None:
    client = client_as("admin")
    huge = "9" * 30
    for path in (
        f"/people/{huge}",
        "/people/9223372036854775807",
        "/people/0",
        f"/people/import/{huge}",
        "/people/import/77",
        f"/people?after={huge}",
        "/people?after=-1",
        "/people?country=%00&find=%00",
        "/people?find=" + "9" * 5000,
        "/people/import/77/progress",
        "/people/import/77/rejected.csv",
    ):
        answer = client.get(path)
        assert answer.status_code in {200, 404, 422}, path
        assert "Traceback" not in answer.text


# One person


def test_a_person_s_page_tells_what_is_known(site: Site, client_as: ClientAs) -> None:
    now = site.clock.now()
    with transaction(site.engine) as session:
        person = ensure_person(session, Known(email="anna@mail.ru", name="Анна <b>", country="RU"), now)
        suppress(session, "email", email_hash("anna@mail.ru"), reason="complaint", source="sendgrid", now=now)
        session.execute(
            text("""insert into event (occurred_at, event_id, kind, source, side, person_id, properties) values
                (now(), gen_random_uuid(), 'order', 'collector', 'buyer', :person, '{}'),
                (now(), gen_random_uuid(), 'custom', 'collector', 'buyer', :person, '{"name": "watched a film"}')"""),
            {"person": person},
        )
    page = client_as("manager").get(f"/people/{person}").text
    for words in ("anna@mail.ru", "Анна &lt;b&gt;", "Russia", "Complained of spam", "Ordered", "watched a film"):
        assert words in page
    assert "Record consent" not in page
    assert client_as("rep").get(f"/people/{person}").status_code == 403


def test_consent_is_recorded_once_with_who_recorded_it(site: Site, client_as: ClientAs) -> None:
    (person,) = known(site, 1, country="RU")
    client = client_as("marketer")
    path = f"/people/{person}/consent"
    for wrong, field in (
        ({"said": ""}, "said"),
        ({"source": " "}, "source"),
        ({"wording": ""}, "wording"),
        ({"at": "2099-01-01T00:00"}, "at"),
        ({"basis": "because"}, "basis"),
        ({"source": "x" * 9000}, "source"),
        ({"wording": "a\0b"}, "wording"),
    ):
        answer = client.post(path, data=SAID | {"said": "yes"} | wrong)
        assert answer.status_code == 422, wrong
        assert f'id="{field}-error"' in answer.text
    for _ in range(2):
        assert client.post(path, data=SAID | {"said": "yes"}).status_code == 303
    with transaction(site.engine) as session:
        fact = session.scalars(select(ConsentFact)).one()
        assert (fact.granted, fact.jurisdiction, fact.evidence) == (True, "RU", {"recorded_by": "marketer@example.com"})
        # Shanghai, where the workspace is, is eight hours ahead.
        assert fact.at.isoformat() == "2026-10-01T00:00:00+00:00"
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.action == "consent")).all()) == 1
    assert client.post(path, data={"said": "no", "source": "phone call"}).status_code == 303
    with transaction(site.engine) as session:
        assert session.scalars(select(Consent.granted)).one() is False
    assert client_as("manager").post(path, data=SAID).status_code == 403


def test_nothing_is_recorded_about_somebody_erased(site: Site, client_as: ClientAs) -> None:
    (person,) = known(site, 1)
    with transaction(site.engine) as session:
        session.execute(update(Person).values(erased_at=site.clock.now()))
    client = client_as("marketer")
    assert "Erased person" in client.get(f"/people/{person}").text
    assert client.post(f"/people/{person}/consent", data=SAID | {"said": "yes"}).status_code == 403


# The import


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"),
    [
        ("покупатели.csv", "cp1251", ";"),
        ("买家名单.csv", "gb18030", ","),
        ("people.csv", "utf-8-sig", "\t"),
        ("people.txt", "utf-8", "|"),
        ("C:\\Users\\Анна\\buyers.csv", "utf-8", ";"),
    ],
)
def test_a_file_goes_in_however_it_was_saved(
    site: Site, client_as: ClientAs, name: str, encoding: str, delimiter: str
) -> None:
    rows = [ROWS[0], *(row for row in ROWS[1:] if can(row, encoding))]
    content = written(rows, delimiter).encode(encoding)
    client = client_as("marketer")
    path = uploaded(client, content, name)
    page = client.get(path).text
    assert name.rpartition("\\")[2] in page
    assert f'<option value="{encoding}" selected>' in page
    assert f'<option value="{ord(delimiter)}" selected>' in page
    for row in rows[1:]:
        assert row[2] in page
    assert f"Import {len(rows) - 2}" in checked(site, client, path)
    assert count(site, Person) == 0
    page = imported(site, client, path)
    assert "Imported" in page
    with transaction(site.engine) as session:
        people = listing.list_people(session, listing.Wanted(permission="granted")).entries
    assert [(one.emails[0], one.name) for one in reversed(people)] == [(row[0], row[2]) for row in rows[1:-1]]
    assert not list(uploads.imports_folder().glob("*.upload"))


def can(row: tuple[str, ...], encoding: str) -> bool:
    try:
        "".join(row).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def count(site: Site, record: type[Person | PeopleImport]) -> int:
    with transaction(site.engine) as session:
        return len(session.scalars(select(record)).all())


def test_rejected_rows_are_downloaded_and_the_same_file_changes_nothing(site: Site, client_as: ClientAs) -> None:
    client = client_as("marketer")
    path = uploaded(client, FILE + b"=1+1@x,,=cmd(),US,en\r\n", "買家.csv")
    page = checked(site, client, path)
    assert "2 rows can't go in" in page
    page = imported(site, client, path)
    assert "Imported" in page
    answer = client.get(f"{path}/rejected.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [(row["Row"], row["Field"], row["name"]) for row in rows] == [
        ("5", "E-mail", "Nobody"),
        ("6", "E-mail", "'=cmd()"),
    ]
    assert "rejected.csv" in answer.headers["content-disposition"]
    assert client_as("manager").get(f"{path}/rejected.csv").status_code == 403
    again = checked(site, client, uploaded(client))
    assert "known already" in again
    assert "Import 3" not in again


def test_columns_and_permission_that_do_not_go_together_come_back_with_words(site: Site, client_as: ClientAs) -> None:
    client = client_as("marketer")
    path = uploaded(client, b"a,b\r\nanna@mail.ru,Anna\r\n")
    answer = client.post(f"{path}/check", data={"encoding": "utf-8", "delimiter": "44", "columns": [""] * 13})
    assert answer.status_code == 422
    assert 'id="column-email-error"' in answer.text
    answer = client.post(f"{path}/check", data={"columns": ["0"], "at": "2099-01-01T00:00", "source": "the fair"})
    assert answer.status_code == 422
    assert 'id="at-error"' in answer.text
    assert 'value="the fair"' in answer.text
    for odd in ({"columns": ["9" * 50, "x", "-1"]}, {"encoding": "rot13"}, {"basis": "because", "columns": ["0"]}):
        assert client.post(f"{path}/check", data=odd).status_code == 422
    assert "Import 1 person" in checked(site, client, path, columns=["0", "", "1"])
    with transaction(site.engine) as session:
        assert session.scalars(select(PeopleImport.permission)).one()["source"] == "fair in Yiwu"


def test_another_encoding_is_read_anew(client_as: ClientAs) -> None:
    client = client_as("marketer")
    path = uploaded(client, "почта;имя\r\nanna@mail.ru;Анна\r\n".encode("cp1251"))
    page = client.get(path).text
    assert "Анна" in page
    answer = client.post(f"{path}/read", data=chosen(page) | {"encoding": "gb18030"})
    assert answer.status_code == 303
    assert "Анна" not in client.get(answer.headers["location"]).text
    answer = client.post(f"{path}/read", data={"encoding": "cp1251", "delimiter": "59"})
    assert "Анна" in client.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"anna@mail.ru,Anna\r\n", "The first row is a person already"),
        (b'email\r\n"anna@mail.ru\r\n', None),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(
    site: Site, client_as: ClientAs, content: bytes, words: str | None
) -> None:
    client = client_as("marketer")
    answer = client.post("/people/import", files={"file": ("people.csv", content)})
    if words is None:
        path = answer.headers["location"]
        assert "is never closed" in client.get(path).text
        page = checked(site, client, path)
        assert "Nobody was imported" in page
        assert "is never closed" in page
        return
    assert answer.status_code == 422
    assert words in answer.text
    assert not list(uploads.imports_folder().glob("*.upload"))


def test_no_file_and_too_large_a_file_leave_nothing_behind(
    site: Site, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTH_MAX_IMPORT_BYTES", "3000000")
    settings.cache_clear()
    try:
        client = client_as("marketer")
        large = b"email\r\n" + b"anna@mail.ru\r\n" * 250_000
        answer = client.post("/people/import", files={"file": ("people.csv", large)})
        assert answer.status_code == 422
        assert "larger than 3 MB" in answer.text
        # More than other forms may have, which is what the limit of its own is for.
        uploaded(client, large[:2_900_000])
        for odd in ({"files": {"other": ("x.csv", FILE)}}, {"data": {"file": "x"}}, {"content": FILE}):
            assert client.post("/people/import", **odd).status_code == 422  # type: ignore[arg-type]  # any kind of body
        cut = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nemail\r\nann'
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        assert client.post("/people/import", content=cut, headers=headers).status_code == 422
        headers = {"Content-Type": "multipart/form-data; boundary=" + "y" * 500}
        assert client.post("/people/import", content=cut, headers=headers).status_code == 422
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert len(list(uploads.imports_folder().glob("*.upload"))) == 1
    assert site.url


def test_strangers_and_others_can_t_upload(client_as: ClientAs) -> None:
    for role in (None, "rep", "manager"):
        answer = client_as(role).post("/people/import", files={"file": ("people.csv", FILE)})
        assert answer.status_code in {303, 403}
        assert "/people/import/" not in answer.headers.get("location", "")
    assert not list(uploads.imports_folder().glob("*.upload"))


def test_what_is_asked_for_twice_is_done_once(site: Site, client_as: ClientAs) -> None:
    client = client_as("marketer")
    path = uploaded(client)
    data = chosen(client.get(path).text) | SAID
    assert client.post(f"{path}/import").status_code == 409
    assert client.post(f"{path}/check", data=data).status_code == 303
    assert client.post(f"{path}/check", data=data).status_code == 409
    assert "It waits for a worker" in client.get(path).text
    work(site.engine, site.clock)
    assert client.post(f"{path}/import").status_code == 303
    assert client.post(f"{path}/import").status_code == 409
    work(site.engine, site.clock)
    assert client.post(f"{path}/import").status_code == 409
    assert client.post(f"{path}/check", data=data).status_code == 409
    assert count(site, Person) == 3


def test_a_worker_killed_after_the_merge_leaves_the_rest_to_the_next(site: Site, client_as: ClientAs) -> None:
    """The first worker stored everybody and died before it could say so; the second finds that and tidies up."""
    client = client_as("marketer")
    path = uploaded(client)
    checked(site, client, path)
    client.post(f"{path}/import")
    with transaction(site.engine) as session:
        run_id, task_id = session.execute(select(JobRun.id, JobRun.task_id).where(JobRun.state == "queued")).one()
        upload = session.scalars(select(PeopleImport)).one()
        content = Path(upload.path or "").read_bytes()
    first = take_up(site.engine, site.clock.now(), "run", run_id, task_id)
    second = take_up(site.engine, site.clock.now(), "run", run_id, task_id)
    assert first
    assert second
    stale = threading.Event()
    do(site.engine, site.clock, second, stale, here=True)
    assert not Path(upload.path or "").exists()
    with transaction(site.engine) as session:  # as if it had been killed before its end was written
        session.execute(update(JobRun).where(JobRun.id == run_id).values(state="running", finished_at=None))
        Path(upload.path or "").write_bytes(content)
        session.execute(update(PeopleImport).values(path=upload.path))
        counts = session.scalars(select(PeopleImport.counts)).one()
    do(site.engine, site.clock, first, stale, here=True)  # the one given up for dead wakes, and may write nothing
    do(site.engine, site.clock, second, stale, here=True)
    with transaction(site.engine) as session:
        after = session.scalars(select(PeopleImport)).one()
        assert (after.state, after.counts, after.path) == ("imported", counts, None)
    assert not Path(upload.path or "").exists()
    assert count(site, Person) == 3


def test_a_file_that_is_gone_is_told(site: Site, client_as: ClientAs) -> None:
    client = client_as("marketer")
    path = uploaded(client)
    data = chosen(client.get(path).text) | SAID
    client.post(f"{path}/check", data=data)
    for one in uploads.imports_folder().glob("*.upload"):
        one.unlink()
    work(site.engine, site.clock)
    assert "Files that nobody brings in are kept for a day" in client.get(path).text
    assert client.post(f"{path}/check", data=data).status_code == 409
    with transaction(site.engine) as session:
        assert session.scalars(select(JobRun.words)).one()["message"] == "The uploaded file is no longer here."


def test_uploads_are_removed_after_a_day_and_what_is_worked_on_stays(
    site: Site, client_as: ClientAs, clock: FixedClock
) -> None:
    client = client_as("marketer")
    left, going = uploaded(client), uploaded(client)
    client.post(f"{going}/check", data=chosen(client.get(going).text) | SAID)
    stray = uploads.new_place()
    stray.touch()
    os.utime(stray, (0, 0))
    other = uploads.imports_folder() / "leads.rejected.csv"
    other.touch()
    os.utime(other, (0, 0))
    later = clock.now() + timedelta(days=1, minutes=1)
    with transaction(site.engine) as session:
        removed = uploads.remove_old(session, later)
        kept = session.scalars(select(PeopleImport.path.is_not(None)).order_by(PeopleImport.id)).all()
    assert removed == 2
    assert kept == [False, True]
    assert other.exists()
    assert "is no longer here" in client.get(left).text


# In a browser


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_bytes(FILE)
    return path


def fill_in(page: Page, file: Path) -> None:
    """From the file to its check."""
    page.goto("/people/import")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_label("What it rests on").select_option("consent")
    page.get_by_label("Where it was said").fill("fair in Yiwu")
    page.get_by_label("The words they agreed to").fill("Yes")
    page.get_by_label("When", exact=True).fill("2026-10-01T08:00")
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("heading", name="Every row is being looked at").wait_for()


def look(page: Page) -> None:
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
            axe(page)
        no_sideways_scroll(page)
    page.set_viewport_size({"width": 1440, "height": 900})


@pytest.mark.browser
def test_an_import_from_file_to_people_with_live_progress(site: Site, page_as: PageAs, file: Path) -> None:
    page = page_as("marketer")
    fill_in(page, file)
    look(page)
    work(site.engine, site.clock)
    page.get_by_role("button", name="Import 3 people").wait_for()
    look(page)
    page.get_by_role("button", name="Import 3 people").click()
    page.get_by_role("heading", name="People are being brought in").wait_for()
    work(site.engine, site.clock)
    page.get_by_role("link", name="See people").wait_for()
    look(page)
    page.get_by_role("link", name="See people").click()
    look(page)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Ana Conceição", level=1).wait_for()
    look(page)


@pytest.mark.browser
def test_an_import_and_a_withdrawal_without_a_script(site: Site, page_as: PageAs, file: Path) -> None:
    page = page_as("marketer", width=390, javascript=False)
    fill_in(page, file)
    work(site.engine, site.clock)
    page.get_by_role("link", name="Reload").click()
    page.get_by_role("button", name="Import 3 people").click()
    work(site.engine, site.clock)
    page.get_by_role("link", name="Reload").click()
    page.get_by_role("link", name="See people").click()
    page.get_by_placeholder("Exact e-mail or phone").fill("anna@mail.ru")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("link", name="Анна Иванова").click()
    page.get_by_role("button", name="Record consent").click()
    assert page.get_by_text("Choose what they said.").is_visible()
    page.get_by_label("No", exact=True).check()
    page.get_by_label("Where they said it").fill("phone call")
    page.get_by_role("button", name="Record consent").click()
    assert page.get_by_text("Recorded.").is_visible()
    with transaction(site.engine) as session:
        assert listing.list_people(session, listing.Wanted(permission="none")).entries[0].emails == ["anna@mail.ru"]


@pytest.mark.browser
def test_very_long_words_and_many_columns_stay_on_the_page(site: Site, page_as: PageAs, client_as: ClientAs) -> None:
    long = "Ж" * 180
    header = ",".join(["email", *(f"{long}{number}" for number in range(60))])
    path = uploaded(client_as("marketer"), f"{header}\r\n{'a' * 60}@example.com,{long * 9}\r\n".encode(), long + ".csv")
    page = page_as("marketer")
    page.goto(path)
    look(page)
    with transaction(site.engine) as session:
        person = ensure_person(session, Known(email=f"{'b' * 64}@example.com", name=long), site.clock.now())
        said = {"granted": True, "basis": "consent", "source": long * 2, "wording": long * 20, "actor": "x"}
        record_by_hand(session, person, at=None, now=site.clock.now(), **said)  # type: ignore[arg-type]  # mixed kinds
    for address in ("/people", f"/people/{person}"):
        page.goto(address)
        look(page)
