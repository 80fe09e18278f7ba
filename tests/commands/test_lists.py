"""`growth lists` and `growth forms`, as typed on a terminal."""

import json
from pathlib import Path

from tests.running.starting import growth


def test_a_list_its_form_and_its_members(database_url: str, tmp_path: Path) -> None:
    def said(*words: str) -> str:
        answer = growth(*words, GROWTH_DATABASE_URL=database_url)
        assert (answer.returncode, answer.stderr) == (0, ""), answer.stderr
        return answer.stdout

    assert said("lists", "list") == "There is no list.\n"
    assert said("lists", "create", "product_news", "--name", "Product news") == "The list product_news is made.\n"
    wording = tmp_path / "wording.txt"
    wording.write_text("Да, пишите мне.", encoding="utf-8")
    made = ["forms", "add", "news", "--list", "product_news", "--origin", "https://shop.example/"]
    assert said(*made, "--wording", str(wording)).endswith("/f/news\n")
    assert "Да, пишите мне." in said("forms", "show", "news")
    shown = json.loads(said("forms", "show", "news", "--json"))
    assert (shown["origins"], shown["version"]) == (["https://shop.example"], 1)
    assert json.loads(said("forms", "list", "--json")) == [
        {"key": "news", "name": "Product news", "asked": 0, "confirmed": 0}
    ]
    assert said("forms", "confirmations", "news") == "Nobody was asked yet.\n"

    people = tmp_path / "people.csv"
    people.write_text("email\nana@example.com\nben@example.com\n")
    said("people", "import", str(people))
    refused = growth("lists", "add", "product_news", "ana@example.com", GROWTH_DATABASE_URL=database_url)
    assert refused.returncode == 1
    assert "doesn't allow marketing e-mail" in refused.stderr
    agreed = ["--grant", "--source", "call", "--basis", "consent", "--wording", "Yes"]
    said("people", "consent", "ana@example.com", *agreed)
    assert said("lists", "add", "product_news", "ana@example.com") == "On the list now.\n"
    assert said("lists", "add", "product_news", "Ana@example.com") == "On the list already.\n"
    (member,) = json.loads(said("lists", "members", "product_news", "--json"))
    assert (member["email"], member["source"]) == ("ana@example.com", "by hand")
    assert json.loads(said("lists", "list", "--json"))[0]["subscribed"] == 1
