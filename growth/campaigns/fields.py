"""What a marketer sets of a campaign, each field checked and in its one stored form."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from growth.campaigns.email.catalogue import message_names
from growth.errors import InvalidError
from growth.locales import LOCALES, N_

SIDES = {"buyer": N_("Buyers"), "seller": N_("Sellers")}
LONGEST_NAME = 120
LARGEST_HOLDOUT = 50


def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are stored. Raises InvalidError for the first that isn't right."""
    return {field: _CHECKS[field](value) for field, value in changes.items()}


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise InvalidError("name", N_("Give the campaign a name."))
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidError("name", N_("A name has at most %(most)s visible characters."), most=LONGEST_NAME)
    return name


def _side(side: str) -> str:
    if side not in SIDES:
        raise InvalidError("side", N_("A campaign is for buyers or for sellers."))
    return side


def _message(name: str) -> str:
    if name not in message_names():
        raise InvalidError("message", N_("There is no message “%(name)s”."), name=name[:80])
    return name


def _holdout(percent: int) -> int:
    if not 0 <= percent <= LARGEST_HOLDOUT:
        raise InvalidError("holdout_percent", N_("Hold out between 0 and %(most)s percent."), most=LARGEST_HOLDOUT)
    return percent


def _audience(wanted: Mapping[str, Any]) -> dict[str, Any]:
    joined = wanted["joined_after"]
    return {
        "locales": _languages(wanted["locales"]),
        "countries": _countries(wanted["countries"]),
        "joined_after": joined.isoformat() if isinstance(joined, datetime) else joined,
    }


def _languages(locales: Iterable[str]) -> list[str]:
    chosen = set(locales)
    if chosen - set(LOCALES):
        raise InvalidError("locales", N_("Choose languages of the list."))
    return [locale for locale in LOCALES if locale in chosen]


def _countries(codes: Iterable[str]) -> list[str]:
    wanted = list(dict.fromkeys(code.strip().upper() for code in codes if code.strip()))
    unknown = [code for code in wanted if code not in country_names("en")]
    if unknown:
        raise InvalidError(
            "countries", N_("There is no country “%(code)s”."), remedy=N_("Two letters each."), code=unknown[0][:40]
        )
    return sorted(wanted)


@lru_cache
def country_names(locale: str) -> dict[str, str]:
    """Names of countries in a language, by ISO 3166-1 alpha-2."""
    from babel import Locale  # noqa: PLC0415 - not every command needs its tables

    names = Locale.parse(locale).territories
    return {code: str(name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code != "ZZ"}


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "name": _name,
    "side": _side,
    "message": _message,
    "holdout_percent": _holdout,
    "audience": _audience,
}


def moment_in(text: str, zone: str, now: datetime) -> datetime:
    """The moment of a date and time of day as it was typed (`2026-11-25 10:00`, with or without T), in a time zone.

    Where clocks are put back and it comes twice, the first. Raises InvalidError, field `at`.
    """
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError:
        raise _unreadable() from None
    if len(text.strip()) <= len("2026-11-25") or local.tzinfo is not None:
        raise _unreadable()
    # Far from the ends of the calendar, so that no time zone leads beyond them.
    if local.year < 2000:
        raise past()
    if local.year > now.year + 2:
        raise InvalidError("at", N_("Choose a moment in the next two years."))
    placed = local.replace(tzinfo=ZoneInfo(zone))
    moment = placed.astimezone(now.tzinfo)
    if moment.astimezone(placed.tzinfo).replace(tzinfo=None) != local:
        raise InvalidError("at", N_("Clocks are put forward then, so this time is left out."))
    return moment


def past() -> InvalidError:
    """What is said of a moment that has passed."""
    return InvalidError("at", N_("This moment has passed."), remedy=N_("Choose a later one, or send it now."))


def _unreadable() -> InvalidError:
    return InvalidError("at", N_("Give a date and a time, such as 2026-11-25 10:00."))


def day_start_in(text: str, zone: str) -> datetime:
    """The moment that a day, typed as `2026-11-25`, begins in a time zone. Raises InvalidError for `joined_after`."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = date.min
    if not 1970 <= day.year <= 2100:
        raise InvalidError("joined_after", N_("Give a date, such as 2026-11-25."))
    return datetime.combine(day, time(), ZoneInfo(zone))
