"""Messages: every one there is can be put together, and the language they are written in stays within its bounds."""

import re
import tracemalloc

import orjson
import pytest
from sqlalchemy.orm import Session

from growth.campaigns.email import personal
from growth.campaigns.email.catalogue import (
    LARGEST_HTML,
    compile_message,
    compile_source,
    ensure_version,
    filled_in,
    locales_in,
    locales_of,
    preview,
)
from growth.campaigns.messages.blocks import BLOCKS
from growth.campaigns.messages.refusals import MessageError
from growth.campaigns.messages.sources import Source, is_letter, sample_of, shipped, shipped_names
from growth.errors import NotFoundError
from growth.locales import LOCALES
from tests.conftest import NOON

EVERY = [(name, locale) for name in shipped_names() for locale in locales_in(shipped(name))]


def source(subject: str = "Hello\nthere", body: str = "", text: str = "", **more: str) -> Source:
    """A message of these files; parts that all have are added."""
    whole = f"<mjml><mj-body>{{{{ header() }}}}{body}{{{{ footer() }}}}</mj-body></mjml>"
    files = {"subject.txt": subject, "body.mjml": whole, "body.txt": text + "{{ footer() }}"}
    return Source("made", 1, files | {f"{name}.json": content for name, content in more.items()})


def refused(made: Source) -> MessageError:
    with pytest.raises(MessageError) as caught:
        compile_source(made, "en")
    return caught.value


def test_the_welcome_speaks_all_languages(session: Session) -> None:
    assert locales_of(session, "welcome_buyer") == list(LOCALES)


@pytest.mark.parametrize(("name", "locale"), EVERY)
def test_every_message_can_be_sent(name: str, locale: str) -> None:
    made = compile_source(shipped(name), locale)
    assert len(made.html.encode()) < LARGEST_HTML
    assert "fonts.googleapis" not in made.html
    assert "prefers-color-scheme: dark" in made.html
    assert "\n" not in made.subject
    assert f'lang="{locale.replace("_", "-")}"' in made.html
    shown = filled_in(made, sample_of(shipped(name)).get("values", {}))
    if is_letter(shipped(name)):
        return
    assert "[[" not in shown.subject + shown.preheader + shown.html + shown.text


def test_a_preview_leaves_no_place_open_and_counts_nobody(session: Session) -> None:
    shown = preview(session, "welcome_buyer", "en", {"name": "<script>alert(1)</script>"})
    assert "[[" not in shown.subject + shown.html + shown.text
    assert "<script>" not in shown.html
    assert "&lt;script&gt;" in shown.html
    assert "/o/" not in shown.html
    assert "12 Harbour Road" in shown.text


def test_a_version_is_stored_once(session: Session) -> None:
    first = ensure_version(session, "welcome_buyer", "en", NOON)
    assert ensure_version(session, "welcome_buyer", "en", NOON).id == first.id
    assert ensure_version(session, "welcome_buyer", "ru", NOON).id != first.id
    other = ensure_version(
        session, "welcome_buyer", "en", NOON, changes={"subject": "{{ first_name | fallback(_('You')) }}"}
    )
    assert other.id != first.id
    assert other.places == {"t0": {"of": "first_name", "html": False, "else": "You"}}
    assert (
        compile_message(session, "welcome_buyer", "en").preheader
        == compile_message(session, "welcome_buyer", "en", changes={"subject": "Another"}).preheader
    )


@pytest.mark.parametrize("name", ["", "nothing", "../../growth", "welcome_buyer/..", "a" * 5000, "a\0b"])
def test_other_names_lead_nowhere(session: Session, name: str) -> None:
    with pytest.raises(NotFoundError):
        compile_message(session, name, "en")


def test_a_language_it_has_not_is_said(session: Session) -> None:
    with pytest.raises(NotFoundError):
        compile_message(session, "welcome_buyer", "tlh")


@pytest.mark.parametrize(
    "text",
    [
        "{{ nothing_of_this_name }}",
        "{{ 7 * 7 }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 2 ** 100000000 }}",
        "{{ 'x' | center(1000000000) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ 'x'.center(1000000000) }}",
        "{{ 'x'['center'](1000000000) }}",
        "{{ 'x'.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ _.__globals__ }}",
        "{{ name._register }}",
        "{{ ('x' | attr('center'))(1000000000) }}",
        "{% for link in ['x'.title] %}{{ link() }}{% endfor %}",
        "{% for f in [link] %}{{ f('https://x.example') }}{% endfor %}",
        "{{ ['a', 'b'] | join('x') }}",
        "{{ _('%(a)1000000000s', a=1) }}{{ _('%(b)s') }}",
        "{{ _('%(b)s') }}",
        "{{ _(name) }}",
        "{{ _(*['a']) }}",
        "{% set a = 'xx' %}{% set a = a ~ a %}",
        "{% with a = 'xx' %}{% with b = a ~ a %}{{ b }}{% endwith %}{% endwith %}",
        "{{ link('javascript:alert(1)') }}",
        "{{ link(referral_link) }}",
        "{{ button('javascript:alert(1)', 'x') }}",
        "{{ image('http://x.example/a.png', 'x') }}",
        "{{ range(100000) }}",
        "{{ namespace() }}",
        "{% for a in 'ab' %}{% for b in 'ab' %}{% for c in 'ab' %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in 'ab' recursive %}{{ loop('ab') }}{% endfor %}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'subject.txt' %}{% include 'subject.txt' %}",
        "{% include 'welcome_buyer/subject.txt' %}",
        "{% include '../../pyproject.toml' %}",
        "{% include '/etc/passwd' %}",
        "{% extends 'footer.txt' %}",
        "{% if %}",
        "{% if first_name %}x{% endif %}",
        "{{ first_name[0] }}",
        "{{ first_name | upper }}",
        "{{ first_name | length }}",
        "{{ first_name | fallback('') }}",
        "{{ first_name | fallback(name) }}",
        "{{ first_name | fallback('" + "x" * 300 + "') }}",
        "{{ 'x' | fallback('y') }}",
        "{{ last_order }}",
        "{{ last_order.nothing }}",
        "{{ basket.items }}",
        "{{ product_grid(products) }}",
        "{{ product_grid(name) }}",
        "[[somebody]]",
        "{{ '" + "x" * 300_000 + "' }}",
        "{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}",
        "{{ " + "1+" * 30_000 + "1 }}",
        "{{ 'é'.encode('ascii') }}",
        "{{ 1 / 0 }}",
        "{{ 'Hello\\rBcc: a@x.example' }}",
        "{{ 'Hello\\u202e' }}",
    ],
)
def test_what_a_message_must_not_do_is_refused_in_words(text: str) -> None:
    error = refused(source(subject=text))
    assert "subject.txt" in str(error)
    assert error.file == "subject.txt"


@pytest.mark.parametrize("body", ["{% for b in letters %}y{% endfor %}", "{% for b in letters %}{% endfor %}"])
def test_many_rounds_end(body: str) -> None:
    letters = "x" * 90_000
    text = "{% for a in LETTERS %}" + body.replace("letters", "LETTERS") + "{% endfor %}"
    assert "too long" in str(refused(source(subject=text.replace("LETTERS", f"'{letters}'"))))


@pytest.mark.parametrize(
    "named",
    [
        "{{ " + " ~ ".join(["a"] * 2_500) + " }}",
        "{{ section(" + ", ".join(["a"] * 2_500) + ") }}",
        "{% for b in [[" + ", ".join(["a"] * 900) + "]] %}{{ [" + ", ".join(["b"] * 900) + "] }}{% endfor %}",
        "{{ '" + "x" * 5_001 + "' }}",
    ],
)
def test_a_text_named_again_and_again_stays_small(named: str) -> None:
    tracemalloc.start()
    error = refused(source(text="{% for a in ['" + "&" * 4_900 + "'] %}" + named + "{% endfor %}"))
    assert "too long" in str(error)
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()


def test_many_long_products_are_refused() -> None:
    assert "too long" in str(refused(source(products='[{"title": "' + "x" * 20_000 + '"}]', text="{{ products }}")))


def test_sentences_within_sentences_end() -> None:
    text = "x" * 100
    for _ in range(12):
        text = f"_('{'%(a)s' * 100}', a={text if text.startswith('_') else repr(text)})"
    assert "too long" in str(refused(source(subject="{{ " + text + " }}")))


def test_an_error_names_file_line_and_the_nearest_name() -> None:
    error = refused(source(text="Hello\n\n{{ frist_name }}\n"))
    assert (error.file, error.line) == ("body.txt", 3)
    assert "first_name" in str(error)
    error = refused(source(text="{{ last_order.totl }}"))
    assert "last_order.total" in str(error)
    error = refused(source(text="\n{{ 1 / 0 }}"))
    assert (error.file, error.line) == ("body.txt", 2)


@pytest.mark.parametrize(
    "body",
    [
        "<mj-include path='/etc/passwd' />",
        "<MJ-INCLUDE path='/etc/passwd' />",
        "<mj-nothing>x</mj-nothing>",
        "<mj-text>" + "<div>" * 5_000 + "</mj-text>",
        "<mj-text>" + "x" * 101_000 + "</mj-text>",
        "<mj-section>" + "<mj-column/>" * 5_000 + "</mj-section>",
        "{{ section(text(last_order)) }}",
        "{% for a in 'x' %}"
        + "".join(f"{{{{ link('https://x.example/{one}') }}}}" for one in range(90))
        + "{% endfor %}",
        "<mj-text>" + "".join(f"{{{{ name | fallback('{one}') }}}}" for one in range(90)) + "</mj-text>",
    ],
)
def test_a_body_that_cannot_be_made_is_refused_in_words(body: str) -> None:
    assert refused(source(body=body)).file == "body.mjml"


@pytest.mark.parametrize(
    ("name", "content"), [("sample", "{"), ("sample", "[]"), ("products", "{}"), ("products", "x")]
)
def test_json_that_is_none_is_refused_in_words(name: str, content: str) -> None:
    made = source(**{name: content})
    with pytest.raises(MessageError, match=f"{name}.json"):
        compile_source(made, locales_in(made)[0])


def test_what_is_personal_is_escaped_where_it_stands() -> None:
    made = source("For {{ name }}\n{{ name }} again", "{{ section(text(name)) }}", "{{ name }}\n")
    shown = filled_in(compile_source(made, "en"), {"name": "<b>&"})
    assert (shown.subject, shown.preheader) == ("For <b>&", "<b>& again")
    assert "&lt;b&gt;&amp;" in shown.html
    assert "<b>" not in shown.html
    assert shown.text.startswith("<b>&")


def test_html_messages_are_inlined_and_their_dark_colours_stay() -> None:
    style = "<style>p{color:#111}@media (prefers-color-scheme: dark){p{color:#eee}}</style>"
    words = "<p>Hi {{ greeting }}</p>{{ postal_address }} {{ unsubscribe }}"
    whole = f"<html><head>{style}</head><body>{words}</body></html>"
    files = {"subject.txt": "Hi", "body.html": whole, "body.txt": "{{ footer() }}"}
    made = compile_source(Source("made", 1, files), "en")
    assert '<p style="color: #111;">Hi [[greeting]]</p>' in made.html
    assert "prefers-color-scheme: dark" in made.html
    assert "[[open]]" in made.html


EVERY_BLOCK = """{{ header() }}
{{ section(heading("Big"), subheading("Smaller"), text(greeting), quiet("By the way"),
  steps([("First.", "do this"), ("Then.", "do that")]), more(link(shop_url), "Onward"),
  image("https://x.example/a.png", "A bag", href=link(shop_url)),
  button(link(shop_url), "Look"), product_grid(products, columns=3)) }}
{{ two_columns([text("left"), text("below")], text("right")) }}
{{ footer() }}"""
SAID = ("Big", "Smaller", "By the way", "First.", "do that", "Onward", "A bag", "Look", "Сумка", "12,00", "left",
        "below", "right", "Отписаться", "[[postal_address", "[[unsubscribe]]", "[[link0]]", "[[link1]]")  # fmt: skip
BAG = {"title": {"en": "Bag", "ru": "Сумка"}, "price_minor": 1200, "currency": "USD", "url": "https://x.example/p"}


@pytest.mark.parametrize(
    ("body", "around"),
    [
        ("body.mjml", "<mjml><mj-body>{}</mj-body></mjml>"),
        ("body.html", '<html><head>{{% include "look.html" %}}</head><body>{}</body></html>'),
    ],
)
def test_every_block_is_there_in_mjml_in_html_and_as_text(body: str, around: str) -> None:
    assert set(BLOCKS) <= set(re.findall(r"\w+", EVERY_BLOCK))
    files = {"subject.txt": "Hi", body: around.format(EVERY_BLOCK), "body.txt": EVERY_BLOCK}
    made = compile_source(Source("made", 1, files | {"products.json": orjson.dumps([BAG] * 4).decode()}), "ru")
    for word in SAID:
        assert word in made.html, word
        assert word in made.text, word
    assert "<mj" not in made.html
    assert made.links == ["https://shop.example", "https://x.example/p"]


def test_mjml_in_a_body_of_html_is_refused() -> None:
    files = {
        "subject.txt": "Hi",
        "body.html": '{% include "header.mjml" %}{{ footer() }}',
        "body.txt": "{{ footer() }}",
    }
    assert "“<mj-section” is MJML" in str(refused(Source("made", 1, files)))


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_outlook_gets_a_table_around_a_grid_and_others_the_same_cells(columns: int) -> None:
    grid = f"{{{{ section(product_grid(products, columns={columns})) }}}}"
    made = compile_source(source(body=grid, text="x", products=orjson.dumps([BAG] * 5).decode()), "en").html
    for_outlook = re.sub(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", r"\1", made, flags=re.DOTALL)
    rows = re.findall(r"<tr>((?:<td width=\"\d+\" valign=\"top\"><div.*?</td>)+)</tr>", for_outlook, re.DOTALL)
    assert [row.count("<td ") for row in rows] == {1: [], 2: [2, 2, 1], 3: [3, 2]}[columns]
    assert made.count("Bag") == 5
    assert made.count("max-width:480px" if columns == 1 else "display:inline-block") >= 5


@pytest.mark.parametrize("name", ["", "  ", None, "\0\r\n"])
def test_nobody_is_greeted_by_an_empty_name(name: str | None) -> None:
    assert personal.in_words("en", name, "Makers", "")["[[greeting_text]]"] == "Hello,"


def test_a_very_long_name_is_cut() -> None:
    assert len(personal.in_words("en", "王" * 500, "Makers", "")["[[greeting_text]]"]) < 80
