"""What a channel rule may ask of a contact: a part of its event or address, how it is compared, and with what. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from growth.errors import InvalidError
from growth.locales import N_

FIELDS = {
    "event": N_("What happened"),
    "tag": N_("Tag of the address"),
    "medium": N_("utm_medium"),
    "source": N_("utm_source"),
    "campaign": N_("utm_campaign"),
    "landing": N_("Page visited"),
    "referrer": N_("Site they came from"),
}
"""What a condition may look at; the labels are translatable."""
OPERATORS = {
    "is": N_("is one of"),
    "begins": N_("begins with"),
    "contains": N_("contains"),
    "site": N_("is the site or below it"),
    "present": N_("is there"),
}
"""How it may be compared; several values are so many ways for it to hold."""
ASKED = {
    "event": ("is",),
    "tag": ("present", "is", "begins", "contains"),
    "medium": ("is", "begins", "contains", "present"),
    "source": ("is", "begins", "contains", "present"),
    "campaign": ("is", "begins", "contains", "present"),
    "landing": ("begins", "is", "contains"),
    "referrer": ("site", "is", "begins", "contains", "present"),
}
"""Operators of each field, the usual one first."""

EVENTS = ("page_view", "click", "contact", "call", "email_click", "email_open")
"""Kinds of events that can be contacts. An `email_open` is only seen, all others are clicks."""
ANYWHERE = "*"
"""Among the sites of a condition: any that is not our own."""

MOST_VALUES = 200
LONGEST = 200
_AS_WRITTEN = ("tag", "landing")
_REMEMBERED = 200
"""Addresses whose parts are kept: most events of a batch come from the same few."""


@dataclass(frozen=True, slots=True)
class Condition:
    """It holds when the field compares with one of the values."""

    field: str
    operator: str
    values: tuple[str, ...]

    def holds(self, event: str, properties: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
        """Whether it does for an event, its properties and the tags of its address."""
        if self.operator == "site":
            return _came_from(properties, self.values)
        if self.field == "tag" and self.operator == "present":
            return any(tags.get(name) for name in self.values)
        subjects = [one for one in self._subjects(event, properties, tags) if one]
        return bool(subjects) if self.operator == "present" else any(map(self._fits, subjects))

    def _subjects(self, event: str, properties: Mapping[str, Any], tags: Mapping[str, str]) -> Iterator[str]:
        if self.field == "event":
            yield event
        elif self.field == "tag":
            yield from (f"{name}={value}" for name, value in tags.items())
        elif self.field == "landing":
            yield path_of(str(properties.get("url") or ""))
        elif self.field == "referrer":
            yield _came_by(properties)
        else:
            yield tags.get(f"utm_{self.field}", "").lower()

    def _fits(self, subject: str) -> bool:
        if self.operator == "is":
            return subject in self.values
        if self.operator == "begins":
            return subject.startswith(self.values)
        return any(value in subject for value in self.values)

    @property
    def as_data(self) -> dict[str, Any]:
        """As `ChannelRules` keeps it."""
        return {"field": self.field, "operator": self.operator, "values": list(self.values)}


def condition_of(kept: Mapping[str, Any]) -> Condition:
    """A condition from how it is kept. Raises InvalidError, its field being the part that can't be."""
    field, operator = kept["field"], kept["operator"]
    if field not in FIELDS:
        raise InvalidError("field", N_("Choose what the rule looks at."))
    if operator not in ASKED[field]:
        raise InvalidError("operator", N_("This can't be asked of it. Choose another comparison."))
    values = tuple(value for one in kept["values"] if (value := str(one).strip()))
    if operator == "present" and field != "tag":
        return Condition(field, operator, ())
    _check(field, operator, values)
    return Condition(field, operator, values if field in _AS_WRITTEN else tuple(value.lower() for value in values))


def _check(field: str, operator: str, values: Sequence[str]) -> None:
    if not 0 < len(values) <= MOST_VALUES or max(map(len, values)) > LONGEST:
        raise InvalidError("values", N_("Give what it should be, several with commas between."))
    if field == "event" and not set(values) <= set(EVENTS):
        raise InvalidError("values", N_("What happened may be: %(events)s."), events=", ".join(EVENTS))
    if field == "tag" and operator == "is" and not all("=" in value for value in values):
        raise InvalidError("values", N_("Write a tag with its value, such as aff=p7, or choose “is there”."))


def tags_of(properties: Mapping[str, Any]) -> dict[str, str]:
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


def _came_by(properties: Mapping[str, Any]) -> str:
    """Site and page somebody came from, without its scheme; nothing when it is a page of our own site."""
    referrer = str(properties.get("referrer") or "")
    return _host(referrer) + path_of(referrer).lower() if _came_from(properties, (ANYWHERE,)) else ""


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
def path_of(address: str) -> str:
    """The path of an address; nothing when it is none."""
    try:
        return urlsplit(address).path
    except ValueError:
        return ""
