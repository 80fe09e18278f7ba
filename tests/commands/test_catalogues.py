"""Every sentence that people read is marked and translated."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from growth import locales
from growth.commands import catalogues
from growth.commands.catalogues import ROOT, problems, sentences, translated_locales, update
from growth.locales import translate, translations

ERRORS = {
    "GrowthError",
    "TransientError",
    "PermanentError",
    "RefusedError",
    "NotFoundError",
    "ConflictError",
    "InvalidError",
    "ForbiddenError",
}


@pytest.mark.parametrize("locale", translated_locales())
def test_every_sentence_is_translated(locale: str) -> None:
    wrong = list(problems(locale))
    assert not wrong, f"{len(wrong)} problems; `growth locale check` names them all\n" + "\n".join(wrong[:40])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Catalogues of this test's own, made from the sentences of today."""
    monkeypatch.setattr(catalogues, "CATALOGUES", tmp_path)
    update("ru")
    return tmp_path / "ru" / "LC_MESSAGES" / "messages.po"


def said_in(folder: Path, sentence: str, translation: str) -> list[str]:
    text = folder.read_text().replace(f'msgid "{sentence}"\nmsgstr ""', f'msgid "{sentence}"\nmsgstr "{translation}"')
    folder.write_text(text)
    return [problem for problem in problems("ru") if repr(sentence) in problem]


def test_a_missing_place_is_found_and_a_kept_one_is_right(folder: Path) -> None:
    sentence = "%(name)s can sign in again."
    assert "not translated" in said_in(folder, sentence, "")[0]
    assert "differently" in said_in(folder, sentence, "Снова можно войти.")[0]
    folder.write_text(folder.read_text().replace("Снова можно войти.", "%(name)s снова может войти."))
    assert said_in(folder, sentence, "") == []


def test_extracting_again_keeps_translations_and_changes_nothing_else(folder: Path) -> None:
    said_in(folder, "Sign in", "Войти")
    before = folder.read_text()
    update("ru")
    assert folder.read_text() == before
    assert 'msgstr "Войти"' in before


def test_fuzzy_and_forgotten_sentences_are_found(folder: Path) -> None:
    said_in(folder, "Sign in", "Войти")
    text = folder.read_text().replace('msgid "Sign in"\n', '#, fuzzy\nmsgid "Sign in"\n')
    folder.write_text(text + '\nmsgid "Said nowhere"\nmsgstr "Нигде"\n')
    found = "\n".join(problems("ru"))
    assert "'Sign in' is fuzzy" in found
    assert "'Said nowhere' is said nowhere" in found


def test_a_locale_without_a_sentence_gives_it_back() -> None:
    assert translate("ru", "A sentence that nobody wrote: %(count)s %%", count=3).endswith("3 %")
    assert translate("en", "100 %%") == "100 %"
    assert translate("xx", "Sign in") == "Sign in"
    assert translate("ru", "") == ""
    assert translations("en").gettext("Sign in") == "Sign in"


def test_sentences_come_from_code_pages_and_messages() -> None:
    files = {place for message in sentences() for place, _ in message.locations}
    assert any(place.endswith(".py") for place in files)
    assert any(place.startswith("growth/web/templates/") for place in files)


def unmarked(path: Path) -> Iterator[str]:
    """Sentences given to our errors without N_."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in ERRORS:
            continue
        message = node.args[1:2] if node.func.id == "InvalidError" else node.args[:1]
        remedies = [keyword.value for keyword in node.keywords if keyword.arg == "remedy"]
        for value in (*message, *remedies):
            if isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Constant) and value.value is not None):
                yield f"{path.relative_to(ROOT)}:{value.lineno}"


def test_errors_speak_in_marked_sentences() -> None:
    modules = [*(ROOT / "growth").rglob("*.py"), *(ROOT / "jobs").rglob("*.py")]
    assert not [place for module in modules for place in unmarked(module)]


MARKUP = re.compile(
    r"{%-?\s*trans\b.*?endtrans\s*-?%}|{#.*?#}|{{.*?}}|{%.*?%}|<(script|svg|kbd|code)\b.*?</\1>", re.DOTALL
)
SPOKEN = re.compile(r"""\b(?:aria-label|title|alt|placeholder)=(["'])(.*?)\1""", re.DOTALL)
NAMES = {"growth", "htmx"}


def bare_words(path: Path) -> set[str]:
    """Words that a page says without marking them."""
    text = MARKUP.sub("", path.read_text())
    spoken = " ".join(value for _, value in SPOKEN.findall(text))
    shown = re.sub(r"""[\w-]+=("[^"]*"|'[^']*')|<[^>]*>|&\w+;""", " ", text)
    return set(re.findall(r"[A-Za-z]{2,}", f"{shown} {spoken}")) - NAMES


def test_pages_speak_in_marked_sentences() -> None:
    pages = sorted((ROOT / "growth" / "web" / "templates").rglob("*.html"))
    assert pages
    bare = {path.name: words for path in pages if (words := bare_words(path))}
    assert not bare


def test_names_of_languages_are_in_their_own() -> None:
    assert set(locales.LANGUAGE_NAMES) == set(locales.LOCALES)
