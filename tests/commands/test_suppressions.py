"""`growth suppressions` and `growth sending`, as typed on a terminal."""

import csv
import json
from pathlib import Path

from tests.running.starting import growth


def said(*arguments: str, url: str, status: int = 0) -> str:
    answer = growth(*arguments, GROWTH_DATABASE_URL=url)
    assert answer.returncode == status, answer.stderr
    return answer.stdout if status == 0 else answer.stdout + answer.stderr


def test_addresses_are_added_looked_up_listed_and_taken_off(tmp_path: Path, database_url: str) -> None:
    assert "is on the list now" in said("suppressions", "add", "Anna@Example.com", "--source", "call", url=database_url)
    assert "already" in said("suppressions", "add", "anna@example.com", url=database_url)
    path = tmp_path / "список.csv"
    path.write_bytes("почта\nboris@mail.ru\nне адрес\n".encode("cp1251"))
    told = json.loads(said("suppressions", "import", str(path), "--json", url=database_url))
    assert (told["new"], told["known"], told["unreadable"], told["first_unreadable"]) == (1, 0, 1, 3)
    with Path(told["rejected_file"]).open(encoding="utf-8-sig", newline="") as file:
        assert [row[-1] for row in csv.reader(file)][1:] == ["не адрес"]
    listed = json.loads(said("suppressions", "list", "--json", url=database_url))
    assert [one["reason"] for one in listed["entries"]] == ["imported", "manual"]
    assert "call" in said("suppressions", "check", "anna@example.com", url=database_url)
    assert "is off the list" in said("suppressions", "remove", "anna@example.com", url=database_url)
    assert "not on the list" in said("suppressions", "check", "anna@example.com", url=database_url, status=1)
    assert "not on the list" in said("suppressions", "remove", "anna@example.com", url=database_url, status=1)
    assert "There is no @" in said("suppressions", "add", "anna", url=database_url, status=1)


def test_rules_are_read_changed_and_refused_in_words(database_url: str) -> None:
    assert "quiet_from             21:00" in said("sending", "rules", url=database_url)
    said("sending", "set", "quiet_from=22:30", "per_receiver=mail.ru 300, qq 20", "most_per_day=", url=database_url)
    held = json.loads(said("sending", "rules", "--json", url=database_url))
    assert (held["quiet_from"], held["per_receiver"]) == (1350, {"mail.ru": 300, "qq": 20})
    assert held["most_per_day"] is None
    assert held["halted"] is None
    assert "no rule “speed”" in said("sending", "set", "speed=9", url=database_url, status=1)
    assert "whole number from 1" in said("sending", "set", "per_hour=0", url=database_url, status=1)
    assert "go on" in said("sending", "go-on", url=database_url)
