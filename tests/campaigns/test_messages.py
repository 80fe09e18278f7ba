"""Messages: every one there is can be put together, and the language they are written in stays within its bounds."""

import re
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from growth.campaigns.email import personal
from growth.campaigns.email.catalogue import (
    LARGEST_HTML,
    compile_message,
    ensure_version,
    locales_of,
    message_names,
    preview,
)
from growth.campaigns.email.language import MessageError, Rendering
from growth.errors import NotFoundError
from growth.locales import LOCALES
from tests.conftest import NOON

EVERY = [(name, locale) for name in message_names() for locale in locales_of(name)]


def test_the_welcome_speaks_all_languages() -> None:
    assert locales_of("welcome_buyer") == list(LOCALES)


@pytest.mark.parametrize(("name", "locale"), EVERY)
def test_every_message_can_be_sent(name: str, locale: str) -> None:
    made = compile_message(name, locale)
    places = set(re.findall(r"\[\[\w+\]\]", made.subject + made.html + made.text))
    known = set(personal.in_words(locale, "Ann", "Makers", "Road 1")) | set(
        personal.addresses_of("", 1, len(made.links))
    )
    assert places <= known
    assert made.links
    assert all(f'href="{personal.link_tag(place)}"' in made.html for place in range(len(made.links)))
    assert all(personal.link_tag(place) in made.text for place in range(len(made.links)))
    assert len(made.html.encode()) < LARGEST_HTML
    assert "fonts.googleapis" not in made.html
    assert "prefers-color-scheme: dark" in made.html
    assert "\n" not in made.subject
    assert f'lang="{locale.replace("_", "-")}"' in made.html


def test_a_preview_leaves_no_place_open_and_counts_nobody() -> None:
    shown = preview("welcome_buyer", "en", {"name": "<script>alert(1)</script>"})
    assert "[[" not in shown.subject + shown.html + shown.text
    assert "<script>" not in shown.html
    assert "&lt;script&gt;" in shown.html
    assert "/o/" not in shown.html
    assert "12 Harbour Road" in shown.text


def test_a_version_is_stored_once(session: Session) -> None:
    first = ensure_version(session, "welcome_buyer", "en", NOON)
    assert ensure_version(session, "welcome_buyer", "en", NOON).id == first.id
    assert ensure_version(session, "welcome_buyer", "ru", NOON).id != first.id


@pytest.mark.parametrize("name", ["", "nothing", "../../growth", "welcome_buyer/..", "a" * 5000])
def test_other_names_lead_nowhere(name: str) -> None:
    with pytest.raises(NotFoundError):
        compile_message(name, "en")


def test_a_language_it_has_not_is_said() -> None:
    with pytest.raises(NotFoundError):
        compile_message("welcome_buyer", "tlh")


@pytest.mark.parametrize(
    "source",
    [
        "{{ nothing_of_this_name }}",
        "{{ 7 * 7 }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 2 ** 100000000 }}",
        "{{ 'x' | center(1000000000) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ _.__globals__ }}",
        "{{ link('javascript:alert(1)') }}",
        "{{ range(100000) }}",
        "{% for a in 'ab' %}{% for b in 'ab' %}{% for c in 'ab' %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in 'ab' recursive %}{{ loop('ab') }}{% endfor %}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'bad/subject.txt' %}{% include 'bad/subject.txt' %}",
        "{% include '../../pyproject.toml' %}",
        "{% include '/etc/passwd' %}",
        "{% extends 'footer.txt' %}",
        "{% if %}",
        "{{ '" + "x" * 300_000 + "' }}",
        "{{ 'é'.encode('ascii') }}",
        "{{ 1 / 0 }}",
    ],
)
def test_what_a_message_must_not_do_is_refused_in_words(tmp_path: Path, source: str) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "subject.txt").write_text(source)
    with pytest.raises(MessageError) as refused:
        Rendering(tmp_path, "bad", "en", {}).render("subject.txt")
    assert "subject.txt" in str(refused.value)


def test_many_rounds_end(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    letters = "x" * 20_000
    twice = f"{{% for a in '{letters}' %}}{{% for b in '{letters}' %}}y{{% endfor %}}{{% endfor %}}"
    (tmp_path / "bad" / "subject.txt").write_text(twice)
    with pytest.raises(MessageError, match="too long"):
        Rendering(tmp_path, "bad", "en", {}).render("subject.txt")


@pytest.mark.parametrize("name", ["", "  ", None, "\0\r\n"])
def test_nobody_is_greeted_by_an_empty_name(name: str | None) -> None:
    assert personal.in_words("en", name, "Makers", "")["[[greeting_text]]"] == "Hello,"


def test_a_very_long_name_is_cut() -> None:
    assert len(personal.in_words("en", "王" * 500, "Makers", "")["[[greeting_text]]"]) < 80
