"""Reading the cells of a file of costs or rates, as people write them: days, amounts, currencies, channels."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from babel.numbers import is_currency

from growth.errors import InvalidError
from growth.locales import LOCALES, N_, translate
from growth.money import Money, exponent
from growth.people.importing.cells import bare, moment_of

_SPACES = re.compile(r"[\s\u00a0\u202f'’]")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*")
_WITH_CURRENCY = re.compile(r"(?P<before>[A-Za-z]{3})?\s*(?P<number>[^A-Za-z]*?)\s*(?P<after>[A-Za-z]{3})?")
_LARGEST = Decimal(10) ** 11
"""Major units."""
_FIRST_YEAR = 1999
"""Before it, a year is a slip of the pen; and a rate has every day since counted again."""

Channels = Mapping[str, Mapping[str, str]]
"""Side → channel's key → its label, as a marketer reads it."""


def day_of(cell: str, now: datetime) -> date:
    """A day that is not in the future: ISO 8601, 24.11.2026, 2026/11/24 or 2026年11月24日. Raises InvalidError."""
    try:
        moment = moment_of(cell, "UTC")
    except InvalidError:
        moment = None
    if moment is None or moment.year < _FIRST_YEAR:
        raise InvalidError(
            "day", N_("This day can't be read without guessing."), remedy=N_("Write it like 2026-11-24.")
        )
    if (moment.date() - now.date()).days > 1:
        raise InvalidError("day", N_("This day has not come yet."), remedy=N_("Record a cost when it was spent."))
    return moment.date()


def number_of(cell: str, field: str, digits: int) -> Decimal:
    """A number with a point or a comma before its decimals, of which there are at most `digits`.

    `1,234` may be a thousand or a little more than one: it is refused, unless no decimals are possible, and so is
    `1.234`, unless more than three are. Raises InvalidError.
    """
    text = _SPACES.sub("", bare(cell).replace("−", "-"))
    marks = [mark for mark in text if mark in ".,"]
    after = len(text) - 1 - max(text.rfind("."), text.rfind(","))
    either = len(marks) == 1 and after == 3 and not text.lstrip("-").startswith("0")
    thousands = (len(marks) > 1 and len(set(marks)) == 1) or (either and digits == 0 and marks == [","])
    if not _NUMBER.fullmatch(text) or len(text) > 30 or (either and not thousands and (digits <= 3 or marks == [","])):
        raise _unreadable(field)
    whole, _, part = (text, "", "") if thousands or not marks else text.rpartition(marks[-1])
    if not _grouped(whole) or len(part) > digits:
        raise _unreadable(field)
    return Decimal(f"{whole.replace('.', '').replace(',', '')}.{part or 0}")


def _grouped(whole: str) -> bool:
    """Whether a number's whole part has no separators, or one kind of them before every three digits."""
    groups = re.split("[.,]", whole.lstrip("-"))
    one_kind = len({mark for mark in whole if mark in ".,"}) <= 1
    return len(groups) == 1 or (one_kind and 0 < len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:]))


def _unreadable(field: str) -> InvalidError:
    return InvalidError(
        field,
        N_("This number can't be read without guessing."),
        remedy=N_("Write it like 1234.50, with no more decimals than the currency has."),
    )


def amount_of(cell: str, currency: str) -> Money:
    """An amount in a currency; negative for money given back. Raises InvalidError, field `amount`."""
    number = number_of(cell, "amount", exponent(currency))
    if abs(number) > _LARGEST:
        raise InvalidError("amount", N_("This amount is larger than we can keep."))
    return Money.of(number, currency)


def amount_with_currency(cell: str, usual: str) -> Money:
    """An amount in the usual currency, or in one that is written with it, as in `20000 CNY`. Raises InvalidError."""
    match = _WITH_CURRENCY.fullmatch(bare(cell).strip())
    code = (match["before"] or match["after"]) if match else None
    return amount_of(match["number"] if match else cell, currency_of(code) if code else usual)


def currency_of(cell: str) -> str:
    """An ISO 4217 code. Raises InvalidError."""
    code = bare(cell).upper()
    if len(code) != 3 or not is_currency(code, "en"):
        raise InvalidError(
            "currency", N_("We know no such currency."), remedy=N_("Write its three letters, such as USD, CNY or RUB.")
        )
    return code


def side_of(cell: str, channels: Channels) -> str:
    """The side, in one of our languages. Raises InvalidError."""
    words = {"buyer": N_("Buyers"), "seller": N_("Sellers")}
    for side in channels:
        if bare(cell).casefold() in {side, f"{side}s"} | {translate(one, words[side]).casefold() for one in LOCALES}:
            return side
    raise InvalidError("side", N_("The side is buyer or seller."))


def channel_of(cell: str, side: str, channels: Channels) -> str:
    """The key of a channel of this side, from its key or its name in one of our languages. Raises InvalidError."""
    text = bare(cell).casefold()
    for key, label in channels[side].items():
        if text == key or text in {translate(locale, label).casefold() for locale in LOCALES}:
            return key
    raise InvalidError(
        "channel",
        N_("There is no such channel on this side."),
        remedy=N_("Write one of %(channels)s."),
        channels=", ".join(channels[side]),
    )
