"""Each check of a message: a case it has something against, and one it hasn't."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth.campaigns.checks import contrast, footing, images, links, sizes, subjects, texts
from growth.campaigns.checks.finding import Check
from growth.campaigns.checks.reading import page_of
from growth.campaigns.email.personal import UNSUBSCRIBE
from tests.campaigns.checks.letters import body, html, letter

COLOURS = st.tuples(*[st.integers(0, 255)] * 3).map(lambda parts: "#" + "".join(f"{part:02x}" for part in parts))
FAMILIES = (contrast, footing, images, links, sizes, subjects, texts)


def said(found: list[Check]) -> str:
    """All findings in English."""
    return " ".join(f"{one.tone} {one.sentence} {one.remedy}" % one.values for one in found)


def test_a_message_in_good_order_passes_them_all() -> None:
    for family in FAMILIES:
        assert family.look(letter()) == [], family.__name__


# --- subjects ---


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("Winter bags", "Winter bags"),
        ("Winter bags, straight from Yiwu to your shop", "Winter bags, straight from Yiwu to your"),
        ("Новые зимние сумки прямо от фабрики из Иу в ваш магазин", "Новые зимние сумки прямо от фабрики"),
        ("冬季箱包新品上市义乌工厂直供小批量起订物流全程可查", "冬季箱包新品上市义乌工厂直供小批量起订物流"),
        ("W" * 60, "W" * 42),
        ("", ""),
    ],
)
def test_a_phone_cuts_a_subject_between_words(subject: str, shown: str) -> None:
    assert subjects.fits(subject) == shown


@given(st.text(max_size=120), st.floats(1, 100))
def test_what_is_shown_is_a_beginning_that_fits(subject: str, width: float) -> None:
    shown = subjects.fits(subject, width)
    assert subject.startswith(shown)
    assert sum(map(subjects.letter_width, shown)) <= width
    assert subjects.fits(shown, width) == shown


def test_a_subject_that_is_cut_is_named_with_the_place() -> None:
    found = subjects.look(letter(locale="ru", subject="Новые зимние сумки прямо от фабрики из Иу в ваш магазин"))
    assert "Русский: the subject is cut on small phones after “" in said(found)
    assert "прямо от фабрики”" in said(found)
    assert (found[0].at, found[0].locale) == ("message", "ru")


def test_a_preheader_is_missing_or_says_the_same() -> None:
    assert "preheader is missing" in said(subjects.look(letter(preheader="")))
    assert "says the same" in said(subjects.look(letter(preheader=letter().subject.upper())))


# --- contrast ---


@given(COLOURS, COLOURS)
def test_contrast_is_the_same_either_way_and_within_its_range(one: str, other: str) -> None:
    assert contrast.contrast(one, other) == contrast.contrast(other, one)
    assert 1 <= contrast.contrast(one, other) <= 21.01
    assert contrast.contrast(one, one) == 1


def test_contrast_by_the_examples_of_the_guideline() -> None:
    assert round(contrast.contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast.contrast("#777777", "#ffffff"), 2) == 4.48
    assert round(contrast.contrast("#767676", "#ffffff"), 2) == 4.54


@pytest.mark.parametrize(
    ("inner", "style", "faint"),
    [
        ('<p style="color:#777777">Small</p>', "", "light"),
        ('<p style="color:#767676">Small</p>', "", ""),
        ('<p style="color:#777;font-size:24px">Large</p>', "", ""),
        ('<p style="color:#fff;background:#eee url(x.png)">On a picture</p>', "", ""),
        ('<table bgcolor="#222222"><tr><td><p>Black on black</p></td></tr></table>', "", "light"),
        ('<div style="display:none;color:#ffffff">Hidden</div>', "", ""),
        ('<div style="font-size:0"><p style="font-size:14px">Seen</p></div>', "", ""),
        ('<p class="a">Dark</p>', "@media (prefers-color-scheme: dark) {.a {color: #fff !important}}", "dark"),
        (
            '<p class="a" style="color:#111;background:#eee">Both</p>',
            "@media (prefers-color-scheme:dark){.a{color:#eee!important;background:#111!important}.b{color:red}}",
            "",
        ),
        ('<p style="color:rgb(250, 250, 250)">White</p>', "", "light"),
    ],
)
def test_what_is_too_faint_is_found(inner: str, style: str, faint: str) -> None:
    found = contrast.look(letter(html=html(inner, style)))
    assert {one.sentence.partition(" screens")[0].rpartition(" ")[2] for one in found} >= ({faint} if faint else set())
    assert bool(found) == bool(faint)


def test_dark_rules_are_read_whatever_stands_beside_them() -> None:
    style = "p{color:#000} @media print{p{color:red}} @media (prefers-color-scheme:dark){p{color:#fff!important}"
    runs = page_of(html("<p>Words</p>", style), dark=True).runs
    assert [run.words for run in runs] == ["Words"]


# --- pictures, size, text, footer ---


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ('<img src="https://a.example/a.png" width="100">', "doesn't say in words"),
        ('<img src="https://a.example/a.png" alt="A bag">', "how wide"),
        ('<img src="cid:abc" alt="A bag" width="100">', "isn't on the web"),
        ('<img src="data:image/png;base64,AAAA" alt="A bag" width="100">', "isn't on the web"),
        ('<img src="https://a.example/a.png" alt="" width="100">', ""),
        ('<img src="[[open]]" width="1" height="1">', ""),
    ],
)
def test_pictures(image: str, words: str) -> None:
    found = said(images.look(body(image)))
    assert words in found
    assert bool(found) == bool(words)


@pytest.mark.parametrize(("kilobytes", "tone"), [(80, ""), (95, "warn"), (103, "bad")])
def test_size(kilobytes: int, tone: str) -> None:
    assert [one.tone for one in sizes.look(body("x" * kilobytes * 1024))] == ([tone] if tone else [])


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        ("word " * 30_000, "its words take"),
        (f'<img src="data:image/png;base64,{"A" * 120_000}">', "written into it they take 117 KB"),
        (f"<style>{'p{color:red}' * 10_000}</style>", "its styles alone take 117 KB"),
        (f"<!--[if mso]>{'<td></td>' * 13_000}<![endif]-->", "what Outlook needs"),
    ],
)
def test_what_takes_most_is_named(inner: str, words: str) -> None:
    assert words in said(sizes.look(body(inner)))


def test_a_personal_place_may_be_what_takes_most() -> None:
    assert "“basket” takes 98 KB" in said(sizes.look(body("<p></p>" * 15_000, personal={"basket": 100_000})))


def test_a_text_part_is_missing_thin_or_no_text() -> None:
    assert said(texts.look(letter(text=" \n"))).startswith("bad English: the text part is missing")
    assert "only" in said(texts.look(letter(text="Short.")))
    assert "HTML in the text" in said(texts.look(letter(text=letter().text + "<b>x</b>")))


def test_the_way_out_and_the_postal_address() -> None:
    without = letter(source=letter().source.replace(UNSUBSCRIBE, "#"), source_text="nothing")
    found = footing.look(without)
    assert {one.tone for one in found} == {"bad"}
    assert len(found) == 3
    assert footing.judge_header("http://a.example", demo=False).tone == "warn"
    assert footing.judge_header("http://a.example", demo=True).tone == "good"
    assert footing.judge_header("https://a.example", demo=False).tone == "good"


# --- links ---


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        ('<a href="[[link0]]">See</a>', ""),
        ('<a href="[[link0]]"><img src="https://a.example/a.png" alt="A bag"></a>', ""),
        ('<a href="[[link0]]"><img src="https://a.example/a.png" alt=""></a>', "has no words"),
        ('<a href="https://shop.example">See</a>', "isn't signed"),
        ('<a href="mailto:a@b.example">Write</a>', "leads nowhere"),
        ('<a href="#top">Up</a>', "leads nowhere"),
        ('<a href="javascript:alert(1)">x</a>', "leads nowhere"),
    ],
)
def test_links(inner: str, words: str) -> None:
    found = said(links.look(body(inner)))
    assert words in found
    assert bool(found) == bool(words)


def test_a_link_in_the_text_part_is_signed_too() -> None:
    assert "isn't signed" in said(links.look(letter(source_text="See https://shop.example/new.")))


@pytest.mark.parametrize("address", ["https://", "http:///x", "shop.example", "https://[::1", "https://a b"])
def test_where_nothing_is(address: str) -> None:
    assert "leads nowhere" in said(links.look(letter(destinations=(address,))))


def test_a_message_without_a_link_is_odd() -> None:
    assert "no link" in said(links.look(letter(destinations=())))
