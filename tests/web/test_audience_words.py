"""Audiences in words, in every language that has a catalogue."""

from typing import Any

import pytest
from fastapi import Request

from growth.campaigns.audiences.conditions import checked
from growth.campaigns.audiences.fields import FIELDS
from growth.web.audience_words import Words, lines, sentence
from tests.campaigns.audiences.test_counting import MORE, VALUES

CASES: list[tuple[str, Any]] = [*VALUES.items(), *MORE, ("audience", [7]), ("country", ["RU", "BR"] + ["CN"] * 3)]


def words(locale: str = "en") -> Words:
    scope = {"type": "http", "headers": [(b"accept-language", locale.encode())]}
    return Words(Request(scope), "Asia/Shanghai", {"news": "News"}, {1: "Welcome"}, {7: "Russia"})


def tree(field: str, value: Any, *, yes: bool = True) -> Any:
    return checked({"field": field, "op": FIELDS[field].yes if yes else FIELDS[field].no, "value": value})


@pytest.mark.parametrize(("field", "value"), CASES)
@pytest.mark.parametrize("locale", ["en", "ru", "pt-BR", "zh-CN"])
def test_each_condition_has_words(field: str, value: Any, locale: str) -> None:
    told = sentence(words(locale), tree(field, value))
    other = sentence(words(locale), tree(field, value, yes=False))
    assert told
    assert told != other
    assert "%(" not in told + other


def test_a_whole_audience_is_a_sentence() -> None:
    event = tree("event", {"kind": "order", "times": 1, "days": 90})["all"][0]
    whole = {
        "all": [event, *tree("language", ["ru"])["all"], {"not": {"any": [event, *tree("list", ["news"])["all"]]}}]
    }
    assert sentence(words(), checked(whole)) == (
        "who ordered in the last 90 days and who read Russian and not those (who ordered in the last 90 days or on the"
        " list “News”)"
    )
    assert sentence(words(), {"all": []}) == "everybody"
    assert sentence(words(), tree("country", ["RU", "BR", "US"])) == "in Brazil, Russia or United States"
    many = sentence(words(), tree("country", ["RU", "BR", "US", "CN", "IN", "DE", "FR"]))
    assert many.endswith("or one of 2 others")
    told = lines(words(), checked(whole))
    assert told[0] == "all of these hold"
    assert told[3:5] == ["\u2003none of these holds", "\u2003\u2003who ordered in the last 90 days"]
