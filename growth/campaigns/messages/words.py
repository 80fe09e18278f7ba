"""What is put into each recipient's message: its places and their texts, for a batch at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Protocol

from sqlalchemy.orm import Session

from growth.campaigns.email import personal
from growth.campaigns.messages.facts import Facts, facts_of
from growth.campaigns.messages.formats import words
from growth.campaigns.messages.grids import written
from growth.campaigns.messages.variables import VARIABLES

MOST_BYTES = 9_000
"""Of all that is put into one message; SendGrid takes 10,000 for each personalization."""


class Placed(Protocol):
    """A compiled message, stored or not."""

    @property
    def locale(self) -> str:
        """The language it is written in."""

    @property
    def subject(self) -> str:
        """Its subject, places open."""

    @property
    def html(self) -> str:
        """Its HTML part, places open."""

    @property
    def text(self) -> str:
        """Its text part, places open."""

    @property
    def places(self) -> dict[str, Any]:
        """By tag name: {"of": variable, "html": bool, "else": fallback or None}, and "grid" for products."""

    @property
    def links(self) -> list[Any]:
        """Where its links lead, in order."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is put into the messages of a batch, but for their signed addresses, which follow from the delivery."""

    base_url: str
    links: int
    """How many links a message has."""
    addresses: frozenset[str]
    """The tags of signed addresses that it has."""
    always: Mapping[str, str]
    """What is the same in all, by tag."""
    own: Mapping[int, Mapping[str, str]]
    """By delivery, what is one's own. Who isn't named lacks a value without a fallback."""

    def of(self, delivery_id: int) -> dict[str, str]:
        """Every place of one message with its text."""
        signed = personal.addresses_of(self.base_url, delivery_id, self.links)
        kept = {tag: address for tag, address in signed.items() if tag in self.addresses}
        return {**self.always, **self.own[delivery_id], **kept}


NOTHING = Words("", 0, frozenset(), {}, {})


class Sender(Protocol):
    """Who a message comes from."""

    @property
    def sender_name(self) -> str:
        """As recipients read it."""

    @property
    def postal_address(self) -> str:
        """In lines."""


class Addressee(Protocol):
    """Somebody a message goes to."""

    @property
    def delivery_id(self) -> int:
        """The message."""

    @property
    def person_id(self) -> int:
        """Who gets it."""

    @property
    def name(self) -> str | None:
        """What they are called."""


def words_for(
    session: Session,
    version: Placed,
    addressees: Sequence[Addressee],
    *,
    sender: Sender,
    base_url: str,
    now: datetime,
) -> Words:
    """What is put into each message.

    One statement for each group of variables in use. Whoever lacks a value that has no fallback is missing from the
    answer: their message can't be put together (`no_value`).
    """
    used = {spec["of"] for spec in version.places.values()}
    names = {one.person_id: one.name for one in addressees}
    facts = facts_of(session, used, list(names), now, names) if used else {}
    links, always = len(version.links), personal.of_sender(sender.sender_name, sender.postal_address)
    sent = {personal.tag(name) for name in personal.tags_in(version.subject + version.html + version.text)}
    own: dict[int, dict[str, str]] = {}
    for one in addressees:
        greetings = personal.greetings(version.locale, one.name)
        mine = {tag: text for tag, text in greetings.items() if tag in sent}
        if used:
            fixed = always | greetings | personal.addresses_of(base_url, one.delivery_id, links)
            said = own_words(version, facts.get(one.person_id, {}), fixed)
            if said is None:
                continue
            mine |= said
        own[one.delivery_id] = mine
    # A provider needs none that a message hasn't; the way out of the list is in its headers too.
    addresses = sent & {personal.OPEN, personal.PREFERENCES} | {personal.UNSUBSCRIBE, *personal.link_tags(links)}
    kept = {tag: text for tag, text in always.items() if tag in sent}
    return Words(base_url, links, frozenset(addresses), kept, own)


def own_words(version: Placed, facts: Facts, fixed: Mapping[str, str]) -> dict[str, str] | None:
    """The texts of a message's own places for one person; None when one has neither a value nor a fallback."""
    own: dict[str, str] = {}
    grids = []
    for name, spec in version.places.items():
        if "grid" in spec and facts.get(spec["of"]):
            grids.append((personal.tag(name), spec))
            continue
        value = "" if "grid" in spec else words(spec["of"], facts.get(spec["of"]), version.locale)
        if value and spec["html"]:
            value = escape(value)
        text = value or spec["else"]
        if not text:
            return None
        own[personal.tag(name)] = personal.fill(text, fixed) if "grid" in spec else text
    if grids:
        left = MOST_BYTES - _size(fixed) - _size(own)
        own |= {tag: _grid(spec, facts, version.locale, fixed, left // len(grids)) for tag, spec in grids}
    return own


def _size(texts: Mapping[str, str]) -> int:
    return sum(len(tag) + len(text.encode()) for tag, text in texts.items())


def _grid(spec: Mapping[str, Any], facts: Facts, locale: str, fixed: Mapping[str, str], most: int) -> str:
    """As many of the products as fit into so many bytes; one at least."""
    items = facts[spec["of"]]
    look = dict(spec["grid"])
    look["href"] = personal.fill(look["href"], fixed) if look["href"] else None
    for number in range(len(items), 0, -1):
        text = written(items[:number], look, locale, html=spec["html"])
        if len(text.encode()) <= most:
            return text
    return written(items[:1], look, locale, html=spec["html"])


def needed(version: Placed) -> set[str]:
    """Variables that a message can't do without: somebody may have none, and it has no fallback."""
    return {spec["of"] for spec in version.places.values() if not spec["else"] and VARIABLES[spec["of"]].optional}


def missing(session: Session, version: Placed, people: Collection[int], now: datetime) -> set[int]:
    """Of these people, those who lack a value that the message has no fallback for."""
    return {person for person, _ in lacking(session, version, people, now)}


def lacking(session: Session, version: Placed, people: Collection[int], now: datetime) -> Iterable[tuple[int, str]]:
    """Each person with the first variable they lack, of those a message can't do without."""
    keys = needed(version)
    if not keys:
        return
    for person, facts in facts_of(session, keys, list(people), now).items():
        for key in sorted(keys):
            raw = facts.get(key)
            if not (raw if VARIABLES[key].items else words(key, raw, version.locale)):
                yield person, key
                break
