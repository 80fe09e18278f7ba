"""The catalogues of sentences: extracted from code and templates, and what is wrong with their translations."""

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from growth.locales import CATALOGUES, LANGUAGE_NAMES, LOCALES

ROOT = CATALOGUES.parents[1]

_KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
_TEMPLATES = {
    "encoding": "utf-8",
    "trimmed": "true",
    "newstyle_gettext": "true",
    "extensions": "jinja2.ext.do",
    "silent": "false",
}
_PLACES = re.compile(r"%\((\w+)\)[sd]|%%")


def sentences() -> Catalog:
    """Every sentence that is marked, as a catalogue without translations."""
    found = Catalog(charset="utf-8")
    for folder, methods in (
        ("growth", [("web/templates/**", "jinja2"), ("sandbox/templates/**", "jinja2"), ("**.py", "python")]),
        ("jobs", [("**.py", "python")]),
        ("templates/emails", [("**.txt", "jinja2"), ("**.html", "jinja2"), ("**.mjml", "jinja2")]),
    ):
        options = {pattern: _TEMPLATES for pattern, method in methods if method == "jinja2"}
        for name, _, text, comments, context in extract_from_dir(
            ROOT / folder, methods, options, _KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
        ):
            found.add(text, locations=[(f"{folder}/{name}", 0)], auto_comments=comments, context=context)
    return found


def catalogue(locale: str) -> Catalog:
    """What is translated into a locale."""
    path = _path(locale)
    if not path.exists():
        return Catalog(locale=locale, charset="utf-8", project="growth", version="1", fuzzy=False, header_comment="")
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def update(locale: str) -> int:
    """Bring a locale's file up to the sentences of today, keeping translations; gives how many want one."""
    kept, today = catalogue(locale), sentences()
    created = kept.creation_date
    kept.update(today, no_fuzzy_matching=True)
    kept.obsolete.clear()
    # The file changes when a sentence does, and at no other time.
    kept.creation_date, kept.fuzzy, kept.header_comment = created, False, f"# {LANGUAGE_NAMES[locale]}"
    path = _path(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, kept, width=110, include_lineno=False, sort_output=True, omit_header=False)
    return sum(1 for message in kept if message.id and not _complete(message))


def problems(locale: str) -> Iterator[str]:
    """What is wrong with a locale: missing, untranslated, fuzzy, other places to fill in."""
    kept, today = catalogue(locale), sentences()
    for message in today:
        if not message.id:
            continue
        told = kept.get(message.id if isinstance(message.id, str) else message.id[0])
        name = f"{locale}: {_first(message)!r}"
        if told is None:
            yield f"{name} is not in the catalogue"
        elif told.fuzzy:
            yield f"{name} is fuzzy"
        elif not _complete(told):
            yield f"{name} is not translated"
        elif not _same_places(told):
            yield f"{name} is filled in differently from its translation"
    known = {_first(message) for message in today}
    yield from (f"{locale}: {_first(old)!r} is said nowhere" for old in kept if old.id and _first(old) not in known)


def _path(locale: str) -> Path:
    return CATALOGUES / locale / "LC_MESSAGES" / "messages.po"


def _first(message: Message) -> str:
    return str(message.id if isinstance(message.id, str) else message.id[0])


def _forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or [""])


def _complete(message: Message) -> bool:
    return all(form.strip() for form in _forms(message))


def _same_places(message: Message) -> bool:
    """Every form fills in what the sentence does; one for a single thing may leave the number out."""
    source = message.id if isinstance(message.id, str) else message.id[-1]
    wanted = set(_PLACES.findall(source))
    for form in _forms(message):
        found = set(_PLACES.findall(form))
        number = {"num", "count"} if not isinstance(message.id, str) else set()
        if found - wanted or (wanted - found) - number:
            return False
    return True


def translated_locales() -> tuple[str, ...]:
    """The locales that have a catalogue: all but the one sentences are written in."""
    return LOCALES[1:]
