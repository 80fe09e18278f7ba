"""How what is known of a recipient is written in their language."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from growth.locales import LANGUAGE_NAMES
from growth.money import Money

LONGEST = 60
_MOST_MONEY = 10**15
"""Minor units; what is more is no price."""


def tame(text: str) -> str:
    """Without control characters, and without what would be taken for a tag."""
    plain = text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)
    while "[[" in plain or "]]" in plain:
        plain = plain.replace("[[", "").replace("]]", "")
    return plain.strip()


def money_words(minor: Any, currency: Any, locale: str) -> str:
    """An amount in minor units as the locale writes it; empty for what is none."""
    known = isinstance(currency, str) and len(currency) == 3 and currency.isalpha() and currency.isupper()
    if not isinstance(minor, int) or abs(minor) > _MOST_MONEY or not known:
        return ""
    return _money_words(minor, currency, locale)


@lru_cache(4096)
def _money_words(minor: int, currency: str, locale: str) -> str:
    from babel import numbers  # noqa: PLC0415 - only who writes messages pays for it

    return str(numbers.format_currency(Money(minor, currency).amount, currency, locale=locale))


@lru_cache(1024)
def country_words(code: str, locale: str) -> str:
    """A country's name by its ISO 3166-1 alpha-2 code."""
    from babel import Locale  # noqa: PLC0415 - as above

    return str(Locale.parse(locale).territories.get(code, ""))


@lru_cache(4096)
def _day_words(day: str, locale: str) -> str:
    from babel import dates  # noqa: PLC0415 - as above

    try:
        return str(dates.format_date(date.fromisoformat(day), "long", locale=locale))
    except ValueError:
        return ""


def _by_language(said: Any, locale: str) -> str:
    """Words, or {"en": …, "zh_CN": …} of which one is taken."""
    if isinstance(said, Mapping):
        said = said.get(locale) or said.get("en") or next(iter(said.values()), "")
    return tame(str(said))[:LONGEST]


def _amount(money: Any, locale: str) -> str:
    if not isinstance(money, list | tuple) or len(money) != 2:
        return ""
    minor, currency = money
    return money_words(minor, currency, locale)


_WRITE: Mapping[str, Callable[[Any, str], str]] = {
    "country": lambda code, locale: country_words(str(code), locale),
    "language": lambda _, locale: LANGUAGE_NAMES[locale],
    "last_order.total": _amount,
    "basket.total": _amount,
    "last_order.day": lambda day, locale: _day_words(str(day), locale),
    "referral_link": lambda link, _: str(link),
}


def words(key: str, raw: Any, locale: str) -> str:
    """A variable's value as it is written; empty for none. Nobody has escaped it yet."""
    if raw is None and key != "language":
        return ""
    return _WRITE.get(key, _by_language)(raw, locale)
