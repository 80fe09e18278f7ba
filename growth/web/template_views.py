"""What the pages of messages share: the form they are edited in, and what is shown beside it."""

from typing import Any, Literal

from fastapi import Request
from pydantic import BaseModel
from sqlalchemy.orm import Session

from growth.campaigns.email.catalogue import Compiled, compile_source, filled_in, locales_in
from growth.campaigns.email.language import sentences
from growth.campaigns.messages.blocks import BLOCKS
from growth.campaigns.messages.saving import Findings, tidy
from growth.campaigns.messages.sources import Source, sample_of
from growth.campaigns.messages.variables import VARIABLES
from growth.database.workspace import workspace
from growth.errors import GrowthError
from growth.locales import LOCALES, translations
from growth.web.rendering import locale_of

FIELDS = {
    "subject.txt": "subject",
    "body.mjml": "body",
    "body.html": "body",
    "body.txt": "text",
    "sample.json": "sample",
    "products.json": "products",
}
"""The field of the form that a file is edited in."""


class Edited(BaseModel):
    """A message as the form sends it, and how it is to be seen."""

    subject: str = ""
    kind: Literal["mjml", "html"] = "mjml"
    body: str = ""
    text: str = ""
    sample: str = ""
    products: str = ""
    sentence: list[str] = []
    ru: list[str] = []
    pt_BR: list[str] = []  # noqa: N815 - a locale's name
    zh_CN: list[str] = []  # noqa: N815 - likewise
    version: int = 0
    note: str = ""
    locale: str = LOCALES[0]
    scheme: str = "auto"

    def files(self) -> dict[str, str]:
        """By the name of the file."""
        body = f"body.{self.kind}"
        return {
            file: getattr(self, field)
            for file, field in FIELDS.items()
            if not file.startswith("body.") or file in {body, "body.txt"}
        }

    def texts(self) -> dict[str, dict[str, str]]:
        """By locale, the translation of each sentence."""
        return {locale: dict(zip(self.sentence, getattr(self, locale), strict=False)) for locale in LOCALES[1:]}

    def source(self, name: str) -> Source:
        """The message that isn't saved yet."""
        return tidy(name, self.files(), self.texts(), self.version + 1)


def sentence_rows(source: Source) -> list[dict[str, Any]]:
    """Each sentence of a message with its own text in each language, and the product's where there is one."""
    try:
        marked = sentences(source.files)
    except GrowthError:
        marked = sorted({sentence for texts in source.texts.values() for sentence in texts})
    return [
        {
            "sentence": one,
            "texts": [
                (locale, source.texts.get(locale, {}).get(one, ""), _shared(locale, one)) for locale in LOCALES[1:]
            ],
        }
        for one in marked
        if one
    ]


def _shared(locale: str, sentence: str) -> str:
    found = translations(locale).gettext(sentence)
    return "" if found == sentence else str(found)


def insertions() -> dict[str, list[tuple[str, str]]]:
    """What can be inserted: variables with what they are called, and blocks; each as it is written."""
    variables = [
        (key, f"{{{{ {key} }}}}" if not one.optional else f'{{{{ {key} | fallback(_("…")) }}}}')
        for key, one in VARIABLES.items()
        if not one.items
    ]
    lists = [
        (key, f"{{{{ product_grid({key} | fallback(products)) }}}}") for key, one in VARIABLES.items() if one.items
    ]
    return {"variables": variables + lists, "blocks": [(name, f"{{{{ {how} }}}}") for name, how in BLOCKS.items()]}


def seen(session: Session, source: Source, locale: str) -> Compiled:
    """A message in a language with sample values, from the sender that is set. Raises MessageError."""
    place = workspace(session)
    values = sample_of(source).get("values", {})
    if place:
        values = values | {"sender_name": place.sender_name, "postal_address": place.postal_address}
    return filled_in(compile_source(source, locale), values)


def shown_locale(request: Request, source: Source, wanted: str | None) -> str:
    """The language to show: the one wanted, else the viewer's, else the first there is."""
    try:
        offered = locales_in(source)
    except GrowthError:
        offered = []
    for one in (wanted, locale_of(request), *offered):
        if one in LOCALES and (one in offered or one == wanted):
            return str(one)
    return LOCALES[0]


def not_offered(source: Source) -> list[str]:
    """The languages it is meant for and can't be sent in, since one of its sentences has no text there."""
    wanted, offered = sample_of(source).get("locales", LOCALES), locales_in(source)
    return [locale for locale in LOCALES if locale in wanted and locale not in offered]


def errors_by_field(findings: Findings) -> dict[str, Any]:
    """The errors of a message by the field that they are shown beside."""
    return {FIELDS.get(error.file, "body"): error for error in findings.errors}
