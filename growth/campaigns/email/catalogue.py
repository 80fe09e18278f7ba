"""What becomes of a message: compiled once per locale, its personal places left open."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.campaigns.email import personal
from growth.campaigns.email.language import sentences, speaking_of
from growth.campaigns.email.rendering import Rendering
from growth.campaigns.messages.grids import readable
from growth.campaigns.messages.refusals import MessageError, Refusal
from growth.campaigns.messages.sources import Source, is_letter, letter_places, message_names, sample_of, source_of
from growth.campaigns.messages.variables import VARIABLES
from growth.campaigns.messages.words import MOST_BYTES, own_words
from growth.campaigns.records import EmailVersion
from growth.errors import NotFoundError
from growth.locales import LOCALES, N_, translations

__all__ = ["Compiled", "compile_message", "ensure_version", "locales_of", "message_names", "preview"]

LARGEST_HTML = 100_000
"""Bytes. Gmail cuts a message off at 102 KB, and the way out of the list with it."""

MOST_ELEMENTS = 500
"""Of MJML: each takes about a millisecond to be made into tables."""

LONGEST_SUBJECT = 200
_MJML = re.compile(r"<(?:mjml|mj-[a-z]{1,40})", re.IGNORECASE)
_ADDRESSES_BYTES, _LINK_BYTES, _VALUE_BYTES, _GRID_BYTES = 800, 110, 120, 1_200
"""What a message's own places take at most: those all have, a signed link, a value in words, one product of a grid."""


@dataclass(frozen=True)
class Compiled:
    """A message in one locale."""

    locale: str
    subject: str
    preheader: str
    """What an inbox shows after the subject."""
    html: str
    text: str
    links: list[str]
    """Destinations in order; `[[link0]]` stands for the first."""
    places: dict[str, Any] = field(default_factory=dict)
    """By tag name, the variable and fallback of each other place; see `growth.campaigns.messages.words`."""

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of all that is sent of it."""
        made = (self.subject, self.preheader, self.html, self.text, self.links, self.places)
        return sha256(orjson.dumps(made)).digest()


def locales_of(session: Session, name: str, version: int | None = None) -> list[str]:
    """The locales a message has. Raises NotFoundError."""
    return locales_in(source_of(session, name, version))


def locales_in(source: Source) -> list[str]:
    """The locales a message says it has; one that was saved here only those all of its sentences are translated to."""
    wanted = sample_of(source).get("locales", LOCALES)
    offered = [locale for locale in LOCALES if locale in wanted]
    lacking = untranslated(source) if source.version else {}
    return [locale for locale in offered if not lacking.get(locale)]


def untranslated(source: Source) -> dict[str, list[str]]:
    """By locale, the sentences that have no text there, neither in the message nor in the product's catalogue."""
    marked = sentences(source.files, source.name) if source.files else []
    return {
        locale: [
            one
            for one in marked
            if one and not source.texts.get(locale, {}).get(one) and translations(locale).gettext(one) == one
        ]
        for locale in LOCALES[1:]
    }


def compile_message(
    session: Session, name: str, locale: str, *, version: int | None = None, changes: Mapping[str, str] | None = None
) -> Compiled:
    """The message, its personal places open. Raises NotFoundError, or MessageError saying what is wrong with it.

    `version` is 0 for the shipped one, None for the newest; `changes` are an experiment's: {"subject", "preheader"}.
    """
    source = source_of(session, name, version)
    if locale not in locales_in(source):
        raise NotFoundError(N_("The message “%(name)s” has no version in this language."), name=name)
    return compile_source(source.with_changes(changes) if changes else source, locale)


def compile_source(source: Source, locale: str) -> Compiled:
    """A message in one locale, its personal places open. Raises MessageError."""
    rendering = Rendering(source, locale)
    subject, _, preheader = rendering.render("subject.txt").strip().partition("\n")
    # The preheader stands in the HTML part too, where what is personal is escaped.
    hidden = rendering.render("subject.txt", html=True).strip().partition("\n")[2]
    body = source.body
    written = rendering.render(body, preheader=_Safe(hidden.strip()))
    html = _to_html(source.name, written) if body == "body.mjml" else _inlined(source.name, written)
    text = re.sub(r"\n{3,}", "\n\n", rendering.render("body.txt", preheader=preheader.strip())).strip() + "\n"
    made = Compiled(
        locale,
        subject.strip(),
        preheader.strip(),
        html,
        text,
        rendering.links,
        _standing(rendering, subject + preheader + html + text),
    )
    _check(source, made)
    return made


class _Safe(str):
    """A text that is HTML already."""

    __slots__ = ()

    def __html__(self) -> str:
        """As it is."""
        return str(self)


def _standing(rendering: Rendering, whole: str) -> dict[str, Any]:
    """The places that are in the message in the end."""
    tags = personal.tags_in(whole)
    return {name: spec for name, spec in rendering.places.items() if name in tags}


def preview(
    session: Session,
    name: str,
    locale: str,
    values: Mapping[str, str] | None = None,
    *,
    version: int | None = None,
    changes: Mapping[str, str] | None = None,
) -> Compiled:
    """The message as somebody gets it, for pages: links lead where they end, nobody is counted.

    `values` may hold `sender_name`, `postal_address` and any variable, such as `name` or `last_order.number`; what is
    missing comes from the message's sample, then from the variables' own.
    """
    compiled = compile_message(session, name, locale, version=version, changes=changes)
    return filled_in(compiled, sample_of(source_of(session, name, version)).get("values", {}) | dict(values or {}))


def filled_in(compiled: Compiled, values: Mapping[str, Any]) -> Compiled:
    """A compiled message with sample values in its places."""
    facts = {key: variable.sample for key, variable in VARIABLES.items()}
    facts |= {key: value for key, value in values.items() if value}
    facts |= {key: readable(facts[key]) or one.sample for key, one in VARIABLES.items() if one.items}
    if "name" in values and "first_name" not in values:
        facts["first_name"] = str(values["name"]).split(" ", 1)[0]
    fixed = personal.shown_addresses(compiled.links) | personal.in_words(
        compiled.locale, str(facts["name"]), str(values.get("sender_name", "")), str(values.get("postal_address", ""))
    )
    own = own_words(compiled, facts, fixed)
    return fill(compiled, fixed | (own or {}))


def fill(compiled: Compiled, places: Mapping[str, str]) -> Compiled:
    """A compiled message with its places filled in."""
    return replace(
        compiled,
        subject=personal.fill(compiled.subject, places),
        preheader=personal.fill(compiled.preheader, places),
        html=personal.fill(compiled.html, places),
        text=personal.fill(compiled.text, places),
    )


def ensure_version(
    session: Session,
    name: str,
    locale: str,
    now: datetime,
    *,
    version: int | None = None,
    changes: Mapping[str, str] | None = None,
) -> EmailVersion:
    """The compiled message as it is stored, made the first time; two callers at once get the same one."""
    compiled = compile_message(session, name, locale, version=version, changes=changes)
    row = insert(EmailVersion).values(
        message=name,
        fingerprint=compiled.fingerprint,
        locale=locale,
        subject=compiled.subject,
        html=compiled.html,
        text=compiled.text,
        links=compiled.links,
        places=compiled.places,
        created_at=now,
    )
    session.execute(row.on_conflict_do_nothing())
    same = (EmailVersion.message == name, EmailVersion.fingerprint == compiled.fingerprint)
    return session.scalars(select(EmailVersion).where(*same, EmailVersion.locale == locale)).one()


def _to_html(name: str, source: str) -> str:
    from mjml import mjml_to_html  # noqa: PLC0415 - the web process pays for it only when somebody looks at a message

    with speaking_of(name, "body.mjml"):
        if "<mj-include" in source.lower():
            raise Refusal(N_("“%(what)s” is not for messages."), what="mj-include")
        if len(source.encode()) > LARGEST_HTML:
            raise Refusal(N_("It is larger than %(most)s bytes."), most=LARGEST_HTML)
        if source.lower().count("<mj-") > MOST_ELEMENTS:
            raise Refusal(N_("It has more than %(most)s elements."), most=MOST_ELEMENTS)
        try:
            html: str = mjml_to_html(source).html
        except (AssertionError, AttributeError, OSError, NotImplementedError) as error:
            raise ValueError(str(error) or type(error).__name__) from error
    return _with_pixel(html)


def _inlined(name: str, html: str) -> str:
    """An HTML message with its style sheets written into its elements; media queries stay."""
    from css_inline import CSSInliner, InlineError  # noqa: PLC0415 - likewise

    with speaking_of(name, "body.html"):
        if found := _MJML.search(html):
            raise Refusal(N_("“%(what)s” is MJML, which a body.html can't have."), what=found[0])
        try:
            return _with_pixel(CSSInliner(load_remote_stylesheets=False, keep_at_rules=True).inline(html))
        except InlineError as error:
            raise ValueError(str(error)) from error


def _with_pixel(html: str) -> str:
    pixel = f'<img src="{personal.OPEN}" width="1" height="1" alt="" style="display:block">'
    return html.replace("</body>", f"{pixel}</body>", 1)


def _check(source: Source, made: Compiled) -> None:
    """Raise MessageError for a message that can't go out as it is."""
    if not made.subject or len(made.subject) > LONGEST_SUBJECT:
        refusal = Refusal(N_("A subject has between 1 and %(most)s characters."), most=LONGEST_SUBJECT)
        raise MessageError(source.name, "subject.txt", refusal)
    if not made.subject.isprintable():
        refusal = Refusal(N_("A subject has at most %(most)s visible characters."), most=LONGEST_SUBJECT)
        raise MessageError(source.name, "subject.txt", refusal)
    if len(made.html.encode()) > LARGEST_HTML:
        refusal = Refusal(N_("It is larger than %(most)s bytes."), most=LARGEST_HTML)
        raise MessageError(source.name, source.body, refusal)
    for file, body, suffix in ((source.body, made.html, ""), ("body.txt", made.text, "_text")):
        tags = personal.tags_in(body)
        way_out = set() if is_letter(source) else {"unsubscribe"}  # nobody leaves what they asked for themselves
        if not way_out | {f"postal_address{suffix}"} <= tags:
            refusal = Refusal(N_("The way out of the list or the postal address is missing."))
            raise MessageError(source.name, file, refusal)
        _check_tags(source, file, tags, made, html=not suffix)
    _check_room(source, made)
    _check_tags(source, "subject.txt", personal.tags_in(made.subject + made.preheader), made, html=False)


def _check_room(source: Source, made: Compiled) -> None:
    """Raise MessageError when what is put into each message may get larger than the provider takes."""
    room = _ADDRESSES_BYTES + _LINK_BYTES * len(made.links)
    for spec in made.places.values():
        room += max(len((spec["else"] or "").encode()), _GRID_BYTES if "grid" in spec else _VALUE_BYTES)
    if room > MOST_BYTES:
        refusal = Refusal(N_("It has too many links and personal places: they may take %(room)s bytes."), room=room)
        raise MessageError(source.name, source.body, refusal)


def _check_tags(source: Source, file: str, tags: set[str], made: Compiled, *, html: bool) -> None:
    """Raise MessageError for a tag that nothing is put into, such as one that a filter has changed."""
    suffix = "" if html else "_text"
    known = {f"{place}{suffix}" for place in ("greeting", "sender_name", "postal_address", *letter_places(source))}
    known |= {"unsubscribe", "preferences", "open"} | {f"link{position}" for position in range(len(made.links))}
    known |= {place for place, spec in made.places.items() if spec["html"] is html}
    if unknown := tags - known:
        refusal = Refusal(
            N_("“%(what)s” is no place that anything is put into; what is personal can't be changed."),
            what=f"[[{min(unknown)[:40]}]]",
        )
        raise MessageError(source.name, file, refusal)
