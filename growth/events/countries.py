"""The country of what a browser tells: what a proxy in front says of the address, or a guess by the clock's zone."""

import re
from functools import lru_cache

from babel.core import get_global

GUESS = "country_guess"
"""The property of an event that holds a guess, apart from what is known."""

_COUNTRY = re.compile(r"[A-Z]{2}")
_HIDDEN = frozenset({"Atlantic/Reykjavik"})
"""What Firefox tells of everybody who has it resist fingerprinting."""
_NOWHERE = frozenset({"XX", "ZZ", "T1", "A1", "A2", "AP", "EU"})
"""What sources write for unknown, hidden, or no single country; T1 is Tor's (Cloudflare, “IP geolocation”)."""
_LONGEST_ZONE = 60


def country_of_header(value: str | None) -> str | None:
    """The country that a proxy's header names (ISO 3166-1), if any."""
    told = (value or "").strip().upper()
    return told if _COUNTRY.fullmatch(told) and told not in _NOWHERE else None


def country_of_zone(zone: object) -> str | None:
    """The country of a time zone of the IANA database, such as America/Sao_Paulo; None for UTC and the like."""
    usable = isinstance(zone, str) and len(zone) <= _LONGEST_ZONE and zone not in _HIDDEN
    return _of_zone(str(zone)) if usable else None


@lru_cache(1_024)
def _of_zone(zone: str) -> str | None:
    named = get_global("zone_aliases").get(zone, zone)
    return country_of_header(get_global("zone_territories").get(named))


def guessed(properties: dict[str, object]) -> str | None:
    """The guess that an event carries, if any."""
    told = properties.get(GUESS)
    return told if isinstance(told, str) and _COUNTRY.fullmatch(told) else None
