"""`growth templates`: messages as files, as typed on a terminal."""

import json
from pathlib import Path

from tests.running.starting import growth


def said(*arguments: str, url: str, code: int = 0) -> str:
    answer = growth("templates", *arguments, GROWTH_DATABASE_URL=url, COLUMNS="400")
    assert answer.returncode == code, answer.stderr
    return answer.stdout + answer.stderr


def test_a_message_is_exported_changed_checked_saved_and_restored(database_url: str, tmp_path: Path) -> None:
    names = {one["name"]: one for one in json.loads(said("list", "--json", url=database_url))}
    assert names["welcome_buyer"]["version"] == 0

    folder = tmp_path / "welcome_buyer"
    assert "files of “welcome_buyer”" in said("export", "welcome_buyer", str(folder), url=database_url)
    (folder / "body.txt").write_text("Hello\n{{ frist_name }}\n")
    told = said("check", str(folder), url=database_url, code=1)
    assert "first_name" in told
    assert "Correct line 2 of body.txt" in told
    assert "first_name" in said("save", str(folder), url=database_url, code=1)

    (folder / "body.txt").write_text("{{ greeting }}\n{{ footer() }}\n")
    (folder / "subject.txt").write_text('{{ _("Nobody has translated this") }}\n')
    (folder / "texts.json").write_text(json.dumps({"ru": {"Nobody has translated this": "Уже переведено"}}))
    told = said("check", str(folder), url=database_url)
    assert "zh_CN: " in told
    assert "It can be sent in en" in told
    assert "has version 1" in said("save", str(folder), "--note", "Shorter", url=database_url)
    assert "Nobody has translated this" in said("show", "welcome_buyer", url=database_url)
    assert "has version 2" in said("restore", "welcome_buyer", "0", url=database_url)
    assert "has version 1" in said("save", str(folder), "--name", "another one", url=database_url)
    assert "another_one" in said("list", url=database_url)


def test_a_folder_that_is_no_message_is_said(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    assert "Correct subject.txt" in said("check", str(folder), url=database_url, code=1)
    (folder / "texts.json").write_text("[1]")
    assert "can't be read" in said("check", str(folder), url=database_url, code=2)
    (folder / "texts.json").unlink()
    (folder / "subject.txt").write_bytes(b"\xff")
    assert "can't be read" in said("save", str(folder), url=database_url, code=2)
