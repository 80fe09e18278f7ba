"""The languages we speak, and marking sentences for translation."""

LOCALES = ("en", "ru", "pt_BR", "zh_CN")
"""Languages of pages and emails; the first is the one sentences are written in."""

LANGUAGE_NAMES = {"en": "English", "ru": "Русский", "pt_BR": "Português (Brasil)", "zh_CN": "简体中文"}


def N_(sentence: str) -> str:  # noqa: N802 - the name gettext's tools look for
    """Marks a sentence for translation where it is written; it is translated where it is shown."""
    return sentence


def closest(tag: str | None) -> str | None:
    """The locale of ours that serves a BCP 47 tag (`pt`, `zh-Hans-CN`, `ru_RU`), or None when none does."""
    if not tag:
        return None
    language = tag.replace("-", "_").split("_")[0].lower()
    return {"en": "en", "ru": "ru", "pt": "pt_BR", "zh": "zh_CN"}.get(language)
