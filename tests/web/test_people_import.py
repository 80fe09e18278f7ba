"""Importing people on the page: any usual file, once, whatever is killed, and nothing left behind."""

import csv
import io
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.people import listing
from growth.people.importing import uploads
from growth.people.permission.lists import Topic, create
from growth.people.permission.records import ListMember
from growth.people.records import Consent, PeopleImport, Person
from growth.scheduling.doing import do, take_up
from growth.scheduling.records import JobRun
from growth.settings import settings
from tests.web.conftest import ClientAs
from tests.web.importing import (
    FILE,
    ROWS,
    SAID,
    can,
    checked,
    chosen,
    count,
    imported,
    queued,
    uploaded,
    work,
    written,
)
from tests.web.serving import Site


@pytest.fixture(autouse=True)
def empty_folder() -> Iterator[None]:
    """Uploads of one test are none of the next's."""
    yield
    for path in uploads.imports_folder().iterdir():
        path.unlink()


@pytest.fixture(autouse=True)
def nothing_left() -> None:
    """Other tests of this process leave uploads for a job that nobody runs."""
    for path in uploads.imports_folder().glob("*.upload"):
        path.unlink()


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


def test_a_file_is_for_a_purpose_and_its_people_join_a_list(site: Site, client_as: ClientAs) -> None:
    client = client_as("marketer")
    with transaction(site.engine) as session:
        topic = Topic(names={"en": "Letter to sellers"}, descriptions={}, public=True)
        create(session, "letters", "seller", topic, actor="m", now=site.clock.now(), purpose="seller_news")
    path = uploaded(client)
    assert '<option value="letters">Letter to sellers</option>' in client.get(path).text
    wrong = chosen(client.get(path).text) | SAID | {"list_key": "letters", "purpose": "research"}
    answer = client.post(f"{path}/check", data=wrong)
    assert answer.status_code == 422
    assert 'id="purpose-error"' in answer.text
    assert '<option value="letters" selected>' in answer.text
    assert client.post(f"{path}/check", data=wrong | {"list_key": "nonsense"}).status_code == 404
    assert "News for sellers" in checked(site, client, path, list_key="letters")
    assert '<option value="letters" selected>' in client.get(f"{path}?choose=yes").text
    imported(site, client, path)
    with transaction(site.engine) as session:
        assert {one.purpose for one in session.scalars(select(Consent))} == {"seller_news"}
        assert len(session.scalars(select(ListMember)).all()) == 3


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
            assert client.post("/people/import", **odd).status_code == 422
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
        ((run_id, task_id),) = queued(session)
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
