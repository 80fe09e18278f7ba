"""The personal places of a message: tags that the provider replaces for each recipient."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape

from growth.campaigns.messages.formats import tame
from growth.events.links import links_with, marks_of
from growth.locales import N_, translate

GREETING = N_("Hello %(name)s,")
GREETING_WITHOUT_NAME = N_("Hello,")
_LONGEST_NAME = 60


def tag(place: str) -> str:
    """How a place is written in a compiled message; SendGrid replaces it as it stands."""
    return f"[[{place}]]"


def link_tag(position: int) -> str:
    """The tag of a message's link, counted from 0."""
    return tag(f"link{position}")


@lru_cache
def link_tags(number: int) -> tuple[str, ...]:
    """The tags of a message's first links."""
    return tuple(map(link_tag, range(number)))


_GREETING, _GREETING_TEXT = tag("greeting"), tag("greeting_text")
UNSUBSCRIBE = tag("unsubscribe")
PREFERENCES = tag("preferences")
OPEN = tag("open")


def in_words(locale: str, name: str | None, sender_name: str, postal_address: str) -> dict[str, str]:
    """Tags of what is read: greeting, sender's name and postal address, each for HTML and for plain text."""
    return greetings(locale, name) | of_sender(sender_name, postal_address)


def greetings(locale: str, name: str | None) -> dict[str, str]:
    """Tags of the greeting, which needs no name."""
    shown = tame(name or "")[:_LONGEST_NAME]
    text = translate(locale, GREETING, name=shown) if shown else translate(locale, GREETING_WITHOUT_NAME)
    return {_GREETING: escape(text), _GREETING_TEXT: text}


def of_sender(sender_name: str, postal_address: str) -> dict[str, str]:
    """Tags of what is the same for all of a batch: the sender's name and postal address."""
    lines = ", ".join(line for line in map(tame, postal_address.splitlines()) if line.strip())
    return _both("sender_name", tame(sender_name)) | _both("postal_address", lines)


def _both(place: str, text: str) -> dict[str, str]:
    return {tag(place): escape(text), tag(f"{place}_text"): text}


def addresses_of(base: str, delivery_id: int, links: int) -> dict[str, str]:
    """Tags of the signed links of one delivery: each link, the open pixel, the way out of the list."""
    return signed_with(base, delivery_id, marks_of(delivery_id, links), links)


def signed_with(base: str, delivery: int | str, marks: Sequence[str], links: int) -> dict[str, str]:
    """The same with these marks, which `growth.events.links.marks_of` gives."""
    signed = links_with(delivery, marks, links)
    made = {tag: base + path for tag, path in zip(link_tags(links), signed.clicks, strict=True)}
    made[OPEN] = base + signed.open
    made[UNSUBSCRIBE] = base + signed.unsubscribe
    made[PREFERENCES] = base + signed.preferences
    return made


def shown_addresses(links: Sequence[str]) -> dict[str, str]:
    """Tags of addresses as they are shown to others: links lead where they end, nothing counts or unsubscribes."""
    ends = {link_tag(position): destination for position, destination in enumerate(links)}
    return ends | {UNSUBSCRIBE: "#", PREFERENCES: "#", OPEN: "data:,"}


_TAG = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)


def tags_in(text: str) -> set[str]:
    """The names of all places in a text."""
    return set(_TAG.findall(text))


def fill(text: str, places: Mapping[str, str]) -> str:
    """The text with its places filled in at once, as the provider does it; what has no text stays a tag."""
    return _TAG.sub(lambda found: places.get(found[0], found[0]), text)
