"""Content rules that spam filters score: each with what breaks it, and what comes close without."""

import pytest

from growth.campaigns.checks import spam
from growth.campaigns.checks.finding import Letter
from growth.locales import LOCALES
from tests.campaigns.checks.letters import WORDS, body, html, letter

PICTURE = '<img src="https://a.example/a.png" alt="" width="400">'

BROKEN = [
    ("subject_capitals", letter(subject="BUY WINTER BAGS")),
    ("capitals", body("<p>BAGS SHOES LAMPS and some WORDS</p>")),
    ("subject_marks", letter(subject="Really? New bags!")),
    ("marks", body("<p>Bags! Shoes! Lamps! Cups! Scarves!</p>")),
    ("mostly_pictures", body(f"{PICTURE}<p>A few words.</p>")),
    ("shorteners", letter(destinations=("https://bit.ly/abc",))),
    ("disguised", letter(html=html('<a href="https://elsewhere.example/x">www.shop.example</a>'))),
    ("bare_number", letter(destinations=("http://192.0.2.7/x",))),
    ("active", body("<form><input></form>")),
    ("tiny", body('<p style="font-size:4px">keywords keywords</p>')),
    ("many_links", letter(destinations=tuple(f"https://shop.example/{one}" for one in range(31)))),
    ("fake_answer", letter(subject="RE: your order")),
    ("money", body("<p>Win $$$ today</p>")),
    ("phrases", letter(subject="Act now and click here")),
    ("phrases", letter(locale="ru", subject="Жмите сюда: вы выиграли")),
    ("phrases", letter(locale="pt_BR", subject="Clique aqui, dinheiro fácil")),
    ("phrases", letter(locale="zh_CN", subject="恭喜您，免费领取")),
]

FINE = [
    letter(),
    letter(subject="New from Yiwu: USB-C lamps and LED strips"),
    letter(subject="Really?"),
    body(f"{PICTURE}<p>{WORDS}</p>"),
    body(f"{PICTURE}<p>{'小批量起订，物流全程可查。' * 12}</p>"),
    body('<p>Bags! Shoes! Lamps!</p><img src="[[open]]" width="1" height="1">'),
    letter(html=html('<a href="https://www.shop.example/x">shop.example</a>')),
    letter(html=html('<a href="https://ru.shop.example/x">https://shop.example/other</a>')),
    letter(html=html('<a href="https://shop.example/x">Read v1.2 of the guide.</a>')),
    letter(destinations=("http://127.0.0.1:8000/welcome",)),
    letter(subject="Ready to ship"),
    letter(subject="Prizewinning designs, urgently needed"),
    body("<p>US$4.10, then $5</p>"),
]


@pytest.mark.parametrize(("rule", "broken"), BROKEN)
def test_a_rule_is_broken(rule: str, broken: Letter) -> None:
    hits = spam.score(broken).hits
    assert rule in [hit.rule for hit in hits]
    assert all(hit.points > 0 for hit in hits)


@pytest.mark.parametrize("fine", FINE)
def test_what_comes_close_breaks_none(fine: Letter) -> None:
    assert spam.score(fine).hits == []


def test_the_sum_decides_and_the_heaviest_comes_first() -> None:
    bad = letter(subject="RE: ACT NOW!!! CLICK HERE", destinations=("https://bit.ly/a",))
    found = list(spam.look([letter(), bad]))
    assert {one.tone for one in found} == {"warn"}
    points = [one.values["points"] for one in found[1:]]
    assert points == sorted(points, reverse=True)
    assert found[0].values["points"] == round(sum(points), 1) >= spam.rules()["threshold"]


def test_a_little_is_no_warning_but_is_told() -> None:
    found = list(spam.look([letter(subject="Act now")]))
    assert [one.tone for one in found] == ["good", "info"]
    assert list(spam.look([])) == []


def test_the_rules_are_whole() -> None:
    assert set(spam.rules()["rules"]) == set(spam.SENTENCES)
    assert set(spam.rules()["phrases"]) == set(LOCALES)
    for phrases in spam.rules()["phrases"].values():
        assert all(phrase == phrase.lower().strip() for phrase in phrases)
        assert len(phrases) == len(set(phrases)) >= 25
