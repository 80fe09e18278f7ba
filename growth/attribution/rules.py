"""Which channel a contact belongs to: rules in order, the first that fits decides. They are data, kept in versions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from growth.attribution.channels import keys
from growth.attribution.first_rules import FIRST_RULES
from growth.errors import InvalidError
from growth.locales import N_

FIELDS = {
    "event": N_("What happened"),
    "tag": N_("Address has the tag"),
    "medium": N_("utm_medium is"),
    "source": N_("utm_source is"),
    "campaign": N_("utm_campaign is"),
    "landing": N_("Page visited begins with"),
    "referrer": N_("Came from the site"),
}
"""What a rule may look at; the labels are translatable."""

EVENTS = ("page_view", "click", "contact", "call", "email_click", "email_open")
"""Kinds of events that can be contacts. An `email_open` is only seen, all others are clicks."""
ANYWHERE = "*"
"""Among the sites of a rule: any that is not our own."""

MOST_RULES = 100
MOST_VALUES = 200
_LONGEST = 200
_REMEMBERED = 200
"""Addresses whose parts are kept: most events of a batch come from the same few."""


@dataclass(frozen=True, slots=True)
class Classified:
    """The channel and whether it was acted on (`click`) or only seen (`view`)."""

    channel: str
    kind: Literal["click", "view"]


@dataclass(frozen=True, slots=True)
class Rule:
    """When `field` is one of `values`, the contact belongs to these channels."""

    name: str
    field: str
    values: tuple[str, ...]
    buyer: str
    seller: str

    def fits(self, event: str, properties: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
        """Whether this rule decides."""
        if self.field == "event":
            return event in self.values
        if self.field == "tag":
            return any(tags.get(name) for name in self.values)
        if self.field == "referrer":
            return _came_from(properties, self.values)
        if self.field == "landing":
            path = _path(str(properties.get("url") or ""))
            return any(path.startswith(value) for value in self.values)
        return tags.get(f"utm_{self.field}", "").lower() in self.values


@dataclass(frozen=True)
class Rules:
    """All rules of a version, in order."""

    version: int
    rules: Sequence[Rule]

    def classify(self, kind: str, side: str, properties: Mapping[str, Any]) -> Classified | None:
        """The channel of an event, or None when it is no contact with one (a page inside our own sites, a sale).

        An explicit `channel` in the properties (a rep's contact, a server that knows better) wins over all rules.
        """
        if kind not in EVENTS:
            return None
        acted: Literal["click", "view"] = "view" if kind == "email_open" else "click"
        stated = properties.get("channel")
        if isinstance(stated, str) and stated in keys(side) and not kind.startswith("email_"):
            return Classified(stated, acted)
        tags = _tags(properties)
        rule = next((rule for rule in self.rules if rule.fits(kind, properties, tags)), None)
        return Classified(rule.seller if side == "seller" else rule.buyer, acted) if rule else None

    @property
    def as_data(self) -> list[dict[str, Any]]:
        """As `ChannelRules` keeps them."""
        return [asdict(rule) | {"values": list(rule.values)} for rule in self.rules]


def rules_of(version: int, kept: Sequence[Mapping[str, Any]]) -> Rules:
    """Rules from how they are kept. Raises InvalidError, its field being `<what>_<place>`, for rules that can't be."""
    if len(kept) > MOST_RULES:
        raise InvalidError("rules", N_("There may be at most %(most)s rules."), most=MOST_RULES)
    return Rules(version, [_rule(place, one) for place, one in enumerate(kept)])


def _rule(place: int, kept: Mapping[str, Any]) -> Rule:
    values = tuple(value for one in kept["values"] if (value := str(one).strip()))
    if kept["field"] not in FIELDS:
        raise InvalidError(f"field_{place}", N_("Choose what the rule looks at."))
    if not 0 < len(values) <= MOST_VALUES or max(map(len, values)) > _LONGEST:
        raise InvalidError(f"values_{place}", N_("Give what it should be, several with commas between."))
    if kept["field"] == "event" and not set(values) <= set(EVENTS):
        raise InvalidError(f"values_{place}", N_("What happened may be: %(events)s."), events=", ".join(EVENTS))
    for side in ("buyer", "seller"):
        if kept[side] not in keys(side):
            raise InvalidError(f"{side}_{place}", N_("Choose a channel."))
    plain = values if kept["field"] in {"tag", "landing"} else tuple(value.lower() for value in values)
    return Rule(str(kept["name"]).strip()[:_LONGEST], kept["field"], plain, kept["buyer"], kept["seller"])


def _tags(properties: Mapping[str, Any]) -> dict[str, str]:
    """Campaign tags and click ids, from the properties themselves or from the query of their `url`."""
    stated = {name: str(value) for name, value in properties.items() if value and isinstance(value, str | int)}
    return _in_query(str(properties.get("url") or "")) | stated


@lru_cache(_REMEMBERED)
def _in_query(url: str) -> dict[str, str]:
    """What stands in the query of an address, each with the first value it has there."""
    if "?" not in url:
        return {}
    try:
        query = parse_qs(urlsplit(url).query)
    except ValueError:  # an address no browser would have sent
        return {}
    return {name: values[0] for name, values in query.items()}


def _came_from(properties: Mapping[str, Any], sites: tuple[str, ...]) -> bool:
    came_from, here = (_host(str(properties.get(name) or "")) for name in ("referrer", "url"))
    return bool(came_from) and came_from != here and _is_one_of(came_from, sites)


@lru_cache(_REMEMBERED)
def _is_one_of(host: str, sites: tuple[str, ...]) -> bool:
    """A site with a dot is that one and all below it; a plain word is that name in any country, as `google`."""
    labels = host.split(".")
    return any(
        site in {ANYWHERE, host} or host.endswith(f".{site}") or ("." not in site and site in labels) for site in sites
    )


@lru_cache(_REMEMBERED)
def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


@lru_cache(_REMEMBERED)
def _path(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


DEFAULT = rules_of(1, FIRST_RULES)
"""What comes with the product."""
classify = DEFAULT.classify
