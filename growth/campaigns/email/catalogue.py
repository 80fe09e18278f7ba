"""The messages there are, and what becomes of one: compiled once per locale, its personal places left open."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.campaigns.email import personal
from growth.campaigns.email.language import MessageError, Rendering
from growth.campaigns.records import EmailVersion
from growth.errors import NotFoundError
from growth.locales import LOCALES, N_
from growth.settings import settings

_CHECKOUT = Path(__file__).parents[3] / "templates" / "emails"
MESSAGES = _CHECKOUT if _CHECKOUT.is_dir() else Path(__file__).parent / "messages"
"""Where messages live: in a checkout, or in the installed package."""

LARGEST_HTML = 100_000
"""Bytes. Gmail cuts a message off at 102 KB, and the way out of the list with it."""

LONGEST_SUBJECT = 200


@dataclass(frozen=True)
class Compiled:
    """A message in one locale."""

    subject: str
    preheader: str
    """What an inbox shows after the subject."""
    html: str
    text: str
    links: list[str]
    """Destinations in order; `[[link0]]` stands for the first."""
    fingerprint: bytes
    """SHA-256 of all of the above."""


def message_names() -> list[str]:
    """Names of the messages, which are folders."""
    return sorted(folder.name for folder in MESSAGES.iterdir() if (folder / "body.mjml").is_file())


def locales_of(name: str) -> list[str]:
    """The locales a message has. Raises NotFoundError."""
    return [locale for locale in LOCALES if locale in _sample(name).get("locales", LOCALES)]


def compile_message(name: str, locale: str) -> Compiled:
    """The message, its personal places open. Raises NotFoundError, or MessageError saying what is wrong with it."""
    if locale not in locales_of(name):
        raise NotFoundError(N_("The message “%(name)s” has no version in this language."), name=name)
    rendering = Rendering(MESSAGES, name, locale, {"shop_url": settings().shop_url.rstrip("/")})
    subject, _, preheader = rendering.render("subject.txt").strip().partition("\n")
    html = _to_html(name, rendering.render("body.mjml", preheader=preheader.strip()))
    text = re.sub(r"\n{3,}", "\n\n", rendering.render("body.txt")).strip() + "\n"
    _check(name, subject, html, text)
    made = (subject.strip(), preheader.strip(), html, text, rendering.links)
    return Compiled(*made, fingerprint=sha256(orjson.dumps(made)).digest())


def preview(name: str, locale: str, values: Mapping[str, str] | None = None) -> Compiled:
    """The message as somebody gets it, for pages: links lead where they end, nobody is counted.

    `values` may hold `name`, `sender_name` and `postal_address`; what is missing comes from the message's sample.
    """
    compiled = compile_message(name, locale)
    shown = {"name": "", "sender_name": "", "postal_address": ""} | _sample(name).get("values", {}) | dict(values or {})
    places = personal.in_words(locale, shown["name"], shown["sender_name"], shown["postal_address"])
    places |= {personal.link_tag(position): destination for position, destination in enumerate(compiled.links)}
    places |= {personal.UNSUBSCRIBE: "#", personal.OPEN: "data:,"}
    return replace(
        compiled,
        subject=_fill(compiled.subject, places),
        preheader=_fill(compiled.preheader, places),
        html=_fill(compiled.html, places),
        text=_fill(compiled.text, places),
    )


def _fill(text: str, places: Mapping[str, str]) -> str:
    for place, value in places.items():
        text = text.replace(place, value)
    return text


def ensure_version(session: Session, name: str, locale: str, now: datetime) -> EmailVersion:
    """The compiled message as it is stored, made the first time; two callers at once get the same one."""
    compiled = compile_message(name, locale)
    row = insert(EmailVersion).values(
        message=name,
        fingerprint=compiled.fingerprint,
        locale=locale,
        subject=compiled.subject,
        html=compiled.html,
        text=compiled.text,
        links=compiled.links,
        created_at=now,
    )
    session.execute(row.on_conflict_do_nothing())
    same = (EmailVersion.message == name, EmailVersion.fingerprint == compiled.fingerprint)
    return session.scalars(select(EmailVersion).where(*same, EmailVersion.locale == locale)).one()


def _sample(name: str) -> dict[str, Any]:
    """What stands in a message's `sample.json`: its locales, and values to show it with."""
    # By the list, so that no name from a form leads anywhere else.
    if name not in message_names():
        raise NotFoundError(N_("There is no message “%(name)s”."), name=name[:80])
    file = MESSAGES / name / "sample.json"
    sample: dict[str, Any] = orjson.loads(file.read_bytes()) if file.is_file() else {}
    return sample


def _to_html(name: str, source: str) -> str:
    from mjml import mjml_to_html  # noqa: PLC0415 - the web process pays for it only when somebody looks at a message

    try:
        html: str = mjml_to_html(source).html
    except (ValueError, AssertionError, LookupError, AttributeError, TypeError, OSError, NotImplementedError) as error:
        raise MessageError(name, "body.mjml", str(error) or type(error).__name__) from error
    pixel = f'<img src="{personal.OPEN}" width="1" height="1" alt="" style="display:block">'
    return html.replace("</body>", f"{pixel}</body>", 1)


def _check(name: str, subject: str, html: str, text: str) -> None:
    """Raise MessageError for a message that can't go out as it is."""
    if not subject.strip() or len(subject) > LONGEST_SUBJECT:
        raise MessageError(name, "subject.txt", f"a subject has between 1 and {LONGEST_SUBJECT} characters")
    if len(html.encode()) > LARGEST_HTML:
        raise MessageError(name, "body.mjml", f"it is larger than {LARGEST_HTML} bytes")
    for file, body, suffix in (("body.mjml", html, ""), ("body.txt", text, "_text")):
        if personal.UNSUBSCRIBE not in body or personal.tag(f"postal_address{suffix}") not in body:
            raise MessageError(name, file, "the way out of the list or the postal address is missing")
