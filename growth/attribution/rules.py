"""Which channel a happening belongs to: the rules, first match wins."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from growth.attribution.channels import OTHER, keys

RULES_VERSION = 1

SEARCH_ENGINES = ("google", "bing", "yandex", "duckduckgo", "baidu", "yahoo", "ecosia", "mail.ru", "seznam", "naver")
PARENT_SITES = ("alibaba.com", "1688.com")
_PAID = frozenset({"cpc", "ppc", "paid", "paidsearch", "paid_search", "sem"})
_AFFILIATE = frozenset({"affiliate", "affiliates", "alliance", "partner"})
_EMAIL = frozenset({"email", "e-mail", "newsletter"})
_PARENT = frozenset({"parent", "placement", "parent_site"})
_FAIR = frozenset({"fair", "offline", "event"})
_CLICK_IDS = ("gclid", "gbraid", "wbraid", "yclid", "msclkid")
_TAGS = frozenset({"utm_medium", "aff", "placement", *_CLICK_IDS})

_REMEMBERED = 200
"""Addresses whose parts are kept: most events of a batch come from the same few."""


@dataclass(frozen=True, slots=True)
class Classified:
    """The channel and whether it was acted on (`click`) or only seen (`view`)."""

    channel: str
    kind: Literal["click", "view"]


def classify(kind: str, side: str, properties: Mapping[str, Any]) -> Classified | None:
    """The channel of an event, or None when it is no contact with a channel (a page inside our own sites, a sale).

    An explicit `channel` in the properties (a rep's contact, a server that knows better) wins over what URLs tell.
    """
    if kind == "email_click":
        return Classified(_on_side(side, "email"), "click")
    if kind == "email_open":
        return Classified(_on_side(side, "email"), "view")
    if kind not in ("page_view", "click", "contact"):
        return None
    stated = properties.get("channel")
    if isinstance(stated, str) and stated in keys(side):
        return Classified(stated, "click")
    channel = _from_tags(properties) or _from_referrer(properties)
    return Classified(_on_side(side, channel), "click") if channel else None


def _from_tags(properties: Mapping[str, Any]) -> str | None:
    tags = _tags(properties)
    medium = tags.get("utm_medium", "").lower()
    if medium in _PAID or any(tags.get(name) for name in _CLICK_IDS):
        return "paid_search"
    if medium in _AFFILIATE or tags.get("aff"):
        return "affiliates"
    if medium in _EMAIL:
        return "email"
    if medium in _PARENT or tags.get("placement"):
        return "parent_referral"
    if medium in _FAIR:
        return "offline"
    return None


def _tags(properties: Mapping[str, Any]) -> dict[str, str]:
    """Campaign tags, from the properties themselves or from the query of their `url`."""
    stated = ((name, properties[name]) for name in properties.keys() & _TAGS)
    named = {name: str(value) for name, value in stated if value and isinstance(value, str | int)}
    return dict(_in_query(str(properties.get("url") or ""))) | named


@lru_cache(_REMEMBERED)
def _in_query(url: str) -> tuple[tuple[str, str], ...]:
    """The tags in the query of an address, each with the first value it has there."""
    if "?" not in url:
        return ()
    try:
        query = parse_qs(urlsplit(url).query)
    except ValueError:  # an address no browser would have sent
        return ()
    return tuple((name, values[0]) for name, values in query.items() if name in _TAGS)


def _from_referrer(properties: Mapping[str, Any]) -> str | None:
    came_from, here = (_host(str(properties.get(name) or "")) for name in ("referrer", "url"))
    return None if not came_from or came_from == here else _site(came_from)


@lru_cache(_REMEMBERED)
def _site(came_from: str) -> str:
    if any(came_from == site or came_from.endswith(f".{site}") for site in PARENT_SITES):
        return "parent_referral"
    labels = came_from.split(".")
    if any(engine in labels or came_from.endswith(engine) for engine in SEARCH_ENGINES):
        return "seo"
    return OTHER


@lru_cache(_REMEMBERED)
def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


_SELLER = {
    "parent_referral": "members",
    "affiliates": "online",
    "seo": "online",
    "paid_search": "online",
    "email": "online",
}


def _on_side(side: str, channel: str) -> str:
    """Sellers reached by any means of the web count as online, except through the parent site's own pages."""
    if side == "seller":
        return _SELLER.get(channel, channel)
    return OTHER if channel == "offline" else channel
