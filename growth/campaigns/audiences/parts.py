"""What stands in a condition: its parts, each with how it is checked and its one stored form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

from growth.campaigns.audiences.countries import country_names
from growth.errors import InvalidError
from growth.leads.stages import STAGES as LEAD_STAGES
from growth.locales import LANGUAGE_NAMES, N_
from growth.people.consent import BASES as CONSENT_BASES
from growth.people.consent import PURPOSES as CONSENT_PURPOSES

MOST_CHOSEN = 300
LONGEST_TEXT = 120
MOST_DAYS = 3_650
MOST_TIMES = 1_000
MOST_MINOR = 10**15
LARGEST_ID = 2**63 - 1

EVENT_KINDS = {
    "order": N_("ordered"),
    "registration": N_("registered"),
    "page_view": N_("visited"),
    "subscribe": N_("subscribed"),
    "click": N_("followed a link of ours"),
    "refund": N_("got money back"),
    "shop_open": N_("opened a shop"),
    "contact": N_("got in touch"),
    "call": N_("had a call with us"),
    "unsubscribe": N_("unsubscribed"),
}
"""The kinds of event on offer; what became of messages is asked of the messages."""

MESSAGE_STEPS = {
    "sent": N_("was sent"),
    "delivered": N_("received"),
    "opened": N_("opened"),
    "clicked": N_("clicked in"),
}
KINDS = {"manufacturer": N_("manufacturer"), "trading": N_("trading company"), "soho": N_("one-person exporter")}
BASIS_NAMES = {
    "consent": N_("their consent"),
    "contract": N_("a contract"),
    "legitimate_interest": N_("legitimate interest"),
}
SIDE_NAMES = {"buyer": N_("buyer"), "seller": N_("seller")}
CURRENCIES = ("USD", "CNY", "EUR", "RUB", "BRL", "GBP")
"""Offered first; any other ISO 4217 code may be typed."""


@dataclass(frozen=True)
class Part:
    """One thing that is chosen or typed in a condition."""

    name: str
    label: str
    check: Callable[[Any], Any]
    """The value in its stored form. Raises InvalidError for one that isn't right; its field says nothing."""
    widget: str
    """How it is asked for: many, one, number, amount, text, texts or day."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What there is to choose, with its words; empty where the database knows."""
    default: Any = None
    """Where nothing is given; None is what most parts refuse."""


def _many(known: Callable[[], Sequence[str]] | None, empty: str) -> Callable[[Any], list[str]]:
    def check(value: Any) -> list[str]:
        chosen = _texts(value)
        if not chosen and empty:
            raise InvalidError("", empty)
        names = known() if known else None
        for one in chosen if names is not None else ():
            if names is not None and one not in names:
                raise InvalidError("", N_("“%(value)s” isn't on offer here."), value=one[:60])
        return sorted(chosen, key=names.index) if names is not None else sorted(chosen)

    return check


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidError("", N_("Give a list of words here."))
    if len(value) > MOST_CHOSEN:
        raise InvalidError("", N_("Choose at most %(most)s here."), most=MOST_CHOSEN)
    found = list(dict.fromkeys(one.strip() for one in value if one.strip()))
    if any(len(one) > LONGEST_TEXT or not one.isprintable() for one in found):
        raise InvalidError("", N_("Each has at most %(most)s visible characters."), most=LONGEST_TEXT)
    return found


def _ids(value: Any) -> list[int]:
    if not isinstance(value, list) or not all(_whole(one) and 0 < one <= LARGEST_ID for one in value):
        raise InvalidError("", N_("Give a list of numbers here."))
    if len(value) > MOST_CHOSEN:
        raise InvalidError("", N_("Choose at most %(most)s here."), most=MOST_CHOSEN)
    return sorted(set(value))


def _some_ids(value: Any) -> list[int]:
    if not (found := _ids(value)):
        raise InvalidError("", N_("Choose at least one."))
    return found


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(least: int, most: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if not _whole(value) or not least <= value <= most:
            raise InvalidError("", N_("Give a whole number between %(least)s and %(most)s."), least=least, most=most)
        return int(value)

    return check


def _one(options: Mapping[str, str]) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in options:
            raise InvalidError("", N_("Choose one of the list."))
        return value

    return check


def _maybe(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else check(value)


def _moment(value: Any) -> str:
    """An ISO moment in UTC; a day alone is its beginning in UTC."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or not 1970 <= moment.year <= 2100:
        raise InvalidError("", N_("Give a date, such as 2026-11-25."))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def _currency(value: Any) -> str:
    code = value.strip().upper() if isinstance(value, str) else ""
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise InvalidError("", N_("Give a currency, such as USD."))
    return code


def _key(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 60 or not value.isprintable():
        raise InvalidError("", N_("Choose one of the list."))
    return value.strip()


def _event_name(value: Any) -> str:
    name = value.strip() if isinstance(value, str) else ""
    if not name or len(name) > LONGEST_TEXT or not name.isprintable():
        raise InvalidError("", N_("Give the event's name as the site sends it, such as basket."))
    return name


def _countries() -> list[str]:
    return sorted(country_names("en"))


def _zones() -> list[str]:
    return sorted(available_timezones())


_AT_LEAST_ONE = N_("Choose at least one.")

LANGUAGES = Part(
    "languages", N_("Languages"), _many(lambda: list(LANGUAGE_NAMES), _AT_LEAST_ONE), "many", LANGUAGE_NAMES
)
COUNTRIES = Part("countries", N_("Countries"), _many(_countries, _AT_LEAST_ONE), "texts")
ZONES = Part("zones", N_("Time zones"), _many(_zones, _AT_LEAST_ONE), "texts")
DAYS = Part("days", N_("Days"), _number(1, MOST_DAYS), "number")
SINCE_DAYS = Part("days", N_("In the last … days"), _maybe(_number(1, MOST_DAYS)), "number")
MOMENT = Part("moment", N_("Day"), _moment, "day")
SIDES = Part("sides", N_("Sides"), _many(lambda: list(SIDE_NAMES), _AT_LEAST_ONE), "many", SIDE_NAMES)
AUDIENCES = Part("audiences", N_("Audiences"), _some_ids, "many")
PURPOSE = Part("purpose", N_("Purpose"), _key, "one", {**CONSENT_PURPOSES, "marketing": N_("marketing")})
BASES = Part(
    "bases",
    N_("Resting on (none chosen: anything)"),
    _many(lambda: list(CONSENT_BASES), ""),
    "many",
    BASIS_NAMES,
    default=[],
)
LISTS = Part("lists", N_("Lists"), _many(None, _AT_LEAST_ONE), "many")
EVENT_KIND = Part("kind", N_("What"), _one(EVENT_KINDS), "one", EVENT_KINDS)
EVENT_NAME = Part("name", N_("Its name"), _event_name, "text")
TIMES = Part("times", N_("At least … times"), _number(1, MOST_TIMES), "number", default=1)
AMOUNT = Part("amount_minor", N_("Amount"), _number(1, MOST_MINOR), "amount")
CURRENCY = Part("currency", N_("Currency"), _currency, "text")
MESSAGE_STEP = Part("step", N_("What"), _one(MESSAGE_STEPS), "one", MESSAGE_STEPS)
CAMPAIGNS = Part("campaigns", N_("Campaigns"), _ids, "many", default=[])
LAST = Part("messages", N_("Messages"), _number(1, 20), "number")
STAGES = Part("stages", N_("Stages"), _many(lambda: list(LEAD_STAGES), _AT_LEAST_ONE), "many", LEAD_STAGES)
PERCENT = Part("percent", N_("Percent"), _number(1, 100), "number")
ORGANISATION_KINDS = Part("kinds", N_("Kinds"), _many(lambda: list(KINDS), _AT_LEAST_ONE), "many", KINDS)
PROVINCES = Part("provinces", N_("Provinces"), _many(None, _AT_LEAST_ONE), "texts")
