"""One finding of the checks, and what they look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from growth.locales import LANGUAGE_NAMES

TONES = ("good", "info", "warn", "bad")
"""info: not looked at, or worth knowing; only bad stops the sending."""


@dataclass(frozen=True)
class Check:
    """One finding: a sentence with its values, and what to do about it. Only `tone` "bad" stops the sending."""

    key: str
    tone: str
    sentence: str
    remedy: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    at: str = ""
    """Where to put it right: audience, message, settings or sending; empty for nowhere on these pages."""
    locale: str = ""
    """Of the text it is about; empty when it is about them all."""


@dataclass(frozen=True)
class Letter:
    """A message in one locale as the checks read it."""

    locale: str
    subject: str
    """As somebody reads it, like the following three."""
    preheader: str
    html: str
    text: str
    source: str
    """The HTML with its personal places open."""
    source_text: str
    destinations: tuple[str, ...]
    """Where its links lead, in order."""
    personal: Mapping[str, int] = field(default_factory=dict)
    """Bytes of what is put into each personal place, for somebody like the sample."""
    arm: str = ""
    """Of an experiment, where it has texts of its own."""

    @property
    def language(self) -> str:
        """How its readers call it, with the arm where there is one."""
        name = LANGUAGE_NAMES.get(self.locale, self.locale)
        return f"{name}, {self.arm}" if self.arm else name


def about(letter: Letter, key: str, tone: str, sentence: str, remedy: str, **values: Any) -> Check:
    """A finding about one text of the message."""
    return Check(key, tone, sentence, remedy, {"language": letter.language} | values, "message", letter.locale)
