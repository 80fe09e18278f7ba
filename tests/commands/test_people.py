"""`growth people`: import, show, consent and suppress, as typed on a terminal."""

import json
from pathlib import Path

import pytest

from tests.running.starting import growth

ASKED = ["--basis", "consent", "--source", "fair in Yiwu", "--wording", "Yes", "--said-at", "2026-01-02 10:00"]
FILE = "почта;телефон;имя;страна\nanna@mail.ru;+7 916 123-45-67;Анна;Россия\nivan@;;Иван;RU\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "покупатели.csv"
    path.write_bytes(FILE.encode("cp1251"))
    return path


def said(*arguments: str, url: str) -> str:
    answer = growth(*arguments, GROWTH_DATABASE_URL=url)
    assert (answer.returncode, answer.stderr) == (0, "")
    return answer.stdout


def test_a_person_comes_in_changes_their_mind_and_is_written_to_no_more(file: Path, database_url: str) -> None:
    told = said("people", "import", str(file), *ASKED, url=database_url)
    assert "cp1251, separated by semicolon" in told
    assert "E-mail: “почта”" in told
    assert "2 rows read: 1 people new" in told
    rejected = file.with_name("покупатели.rejected.csv")
    assert str(rejected) in told
    assert "ivan@" in rejected.read_text("utf-8-sig")

    again = json.loads(said("people", "import", str(file), *ASKED, "--json", url=database_url))
    assert (again["new"], again["changed"], again["unchanged"], again["rejected"]) == (0, 0, 1, 1)

    withdraw = ["people", "consent", "+7 916 123-45-67", "--withdraw", "--source", "phone call"]
    assert said(*withdraw, url=database_url) == "Recorded.\n"
    assert said("people", "suppress", "Anna@MAIL.ru", url=database_url).startswith("1 added")
    shown = json.loads(said("people", "show", "anna@mail.ru", "--json", url=database_url))
    assert shown["name"] == "Анна"
    assert [fact["granted"] for fact in shown["facts"]] == [False, True]
    assert [one["granted"] for one in shown["consent"]] == [False]
    assert [one["reason"] for one in shown["suppressed"]] == ["manual"]


def test_a_dry_run_changes_nothing(file: Path, database_url: str) -> None:
    told = said("people", "import", str(file), "--dry-run", url=database_url)
    assert "1 people would be new" in told
    answer = growth("people", "show", "anna@mail.ru", GROWTH_DATABASE_URL=database_url)
    assert (answer.returncode, answer.stderr) == (1, "There is nobody with this address.\n")


def test_a_list_of_addresses_with_and_without_a_header(tmp_path: Path, database_url: str) -> None:
    path = tmp_path / "stop.csv"
    path.write_text('email;why\nb@example.com;asked\n\nnothing here\n"C@example.com";asked\n', encoding="utf-8")
    counts = json.loads(said("people", "suppress", str(path), "--json", url=database_url))
    assert counts == {"new": 2, "known": 0, "unreadable": 1, "first_unreadable": 4}
    path.write_text("b@example.com\nd@example.com\n", encoding="utf-8")
    assert said("people", "suppress", str(path), url=database_url) == "1 added, 1 on the list already.\n"


def test_what_cannot_be_done_is_said_in_a_line(file: Path, tmp_path: Path, database_url: str) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("email\nnobody@\n", encoding="utf-8")
    cases = [
        (["import", str(tmp_path / "none.csv")], 2),
        (["import", str(file), "--column", "email"], 2),
        (["import", str(file), "--column", "email=Address"], 1),
        (["import", str(file), "--delimiter", "::"], 2),
        (["import", str(file), "--encoding", "rot13"], 1),
        (["import", str(file), "--basis", "because"], 1),
        (["import", str(bad)], 1),
        (["suppress", "nobody"], 2),
        (["suppress", str(tmp_path)], 2),
        (["consent", "anna@mail.ru", "--grant", "--source", "form"], 1),
    ]
    for arguments, status in cases:
        answer = growth("people", *arguments, GROWTH_DATABASE_URL=database_url)
        assert answer.returncode == status, arguments
        assert "Traceback" not in answer.stderr
