"""The languages we speak: marking sentences for translation, and the catalogues they are translated with."""

import gettext
import io
from functools import lru_cache
from pathlib import Path

LOCALES = ("en", "ru", "pt_BR", "zh_CN")
"""Languages of pages and emails; the first is the one sentences are written in."""

LANGUAGE_NAMES = {"en": "English", "ru": "Русский", "pt_BR": "Português (Brasil)", "zh_CN": "简体中文"}

CATALOGUES = Path(__file__).parent / "locale"


def N_(sentence: str) -> str:  # noqa: N802 - the name gettext's tools look for
    """Marks a sentence for translation where it is written; it is translated where it is shown."""
    return sentence


def closest(tag: str | None) -> str | None:
    """The locale of ours that serves a BCP 47 tag (`pt`, `zh-Hans-CN`, `ru_RU`), or None when none does."""
    if not tag:
        return None
    language = tag.replace("-", "_").split("_")[0].lower()
    return {"en": "en", "ru": "ru", "pt": "pt_BR", "zh": "zh_CN"}.get(language)


@lru_cache
def translations(locale: str) -> gettext.NullTranslations:
    """The catalogue of a locale, read once from its .po file; English has none and gives sentences back."""
    source = CATALOGUES / locale / "LC_MESSAGES" / "messages.po"
    if locale == LOCALES[0] or locale not in LOCALES or not source.exists():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - English alone shouldn't pay for it
    from babel.messages.pofile import read_po  # noqa: PLC0415 - likewise

    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=locale))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translate(locale: str, sentence: str, /, **values: object) -> str:
    """`sentence` in the locale, with `values` in its `%(name)s` places; `%%` is a percent sign either way."""
    # The empty sentence is a catalogue's header.
    text = translations(locale).gettext(sentence) if sentence else ""
    return text % values if values else text.replace("%%", "%")
