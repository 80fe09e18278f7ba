"""The personal places of a message: tags that the provider replaces for each recipient."""

from html import escape

from growth.events.links import sign_click, sign_open, sign_unsubscribe
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


UNSUBSCRIBE = tag("unsubscribe")
OPEN = tag("open")


def in_words(locale: str, name: str | None, sender_name: str, postal_address: str) -> dict[str, str]:
    """Tags of what is read: greeting, sender's name and postal address, each for HTML and for plain text."""
    shown = _tame(name or "")[:_LONGEST_NAME]
    greeting = translate(locale, GREETING, name=shown) if shown else translate(locale, GREETING_WITHOUT_NAME)
    words = {
        "greeting": greeting,
        "sender_name": _tame(sender_name),
        "postal_address": ", ".join(line for line in map(_tame, postal_address.splitlines()) if line.strip()),
    }
    return {tag(place): escape(text) for place, text in words.items()} | {
        tag(f"{place}_text"): text for place, text in words.items()
    }


def addresses_of(base: str, delivery_id: int, links: int) -> dict[str, str]:
    """Tags of the signed links of one delivery: each link, the open pixel, the way out of the list."""
    return {
        **{link_tag(position): base + sign_click(delivery_id, position) for position in range(links)},
        OPEN: base + sign_open(delivery_id),
        UNSUBSCRIBE: base + sign_unsubscribe(delivery_id),
    }


def _tame(text: str) -> str:
    """Without control characters, and without what would be taken for a tag."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return plain.replace("[[", "").replace("]]", "").strip()
