"""Numbers, amounts and days as a language writes them, for reports that leave the pages."""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, dates, numbers

from growth.campaigns.messages.formats import country_words
from growth.measurement.figures import WHOLE, Delta
from growth.money import Money

NOTHING = "–"


def number(value: Decimal | int, locale: str, digits: int | None = None) -> str:
    """Grouped; `digits` after the point where given."""
    pattern = None if digits is None else f"#,##0.{'0' * digits}"
    return str(numbers.format_decimal(value, format=pattern, locale=locale))


def whole(millionths: int) -> int | Decimal:
    """A count, with one decimal where credit was shared."""
    return millionths // WHOLE if millionths % WHOLE == 0 else round(Decimal(millionths) / WHOLE, 1)


def count(millionths: int, locale: str) -> str:
    """The same in words."""
    return number(whole(millionths), locale)


def amount(minor: int, currency: str, locale: str) -> str:
    """Without its minor units, as figures that are large are read."""
    rounded = Money(minor, currency).amount.to_integral_value()
    pattern = _whole_money(locale)
    return str(numbers.format_currency(rounded, currency, locale=locale, format=pattern, currency_digits=False))


@lru_cache
def _whole_money(locale: str) -> Any:
    return Locale.parse(locale).currency_formats["standard"].pattern.replace(".00", "")


def each(minor: Decimal | None, currency: str, locale: str) -> str:
    """The cost of one, to the minor unit."""
    if minor is None:
        return NOTHING
    return str(numbers.format_currency(Money(round(minor), currency).amount, currency, locale=locale))


def times(back: Decimal | None, locale: str) -> str:
    """Return on spend: `3.4×`."""
    return NOTHING if back is None else f"{number(back, locale, 1)}×"


def percent(share: Decimal, locale: str, digits: int = 0) -> str:
    """A share of 1; less than nothing with a true minus."""
    plain = Locale.parse(locale).percent_formats[None].pattern
    pattern = plain.replace("#,##0", f"#,##0.{'0' * digits}") if digits else plain
    return str(numbers.parse_pattern(pattern).apply(share, locale)).replace("-", "−")


def share(part: Decimal | None, locale: str) -> str:
    """A share of 1, where there is any."""
    return NOTHING if part is None else percent(part, locale)


def change(delta: Delta, locale: str) -> str:
    """`+11.2 %`; nothing when there is nothing to compare with."""
    if delta.change is None:
        return ""
    text = percent(delta.change, locale, 1)
    return f"+{text}" if delta.change > 0 else text


def signed(ten_thousandths: int, locale: str) -> str:
    """`+64 %` or `−60 %`."""
    text = percent(Decimal(ten_thousandths).scaleb(-4), locale)
    return f"+{text}" if ten_thousandths > 0 else text


def day(one: date, locale: str) -> str:
    """`24 Nov 2026` in the locale's order."""
    return str(dates.format_date(one, "medium", locale=locale))


def weekday(one: date, locale: str) -> str:
    """`Tue 24`."""
    return str(dates.format_skeleton("Ed", one, locale=locale))


def span(first: date, last: date, locale: str) -> str:
    """`16 – 22 Nov 2026`."""
    return str(dates.format_interval(first, last, "yMMMd", locale=locale))


def month(one: date, locale: str) -> str:
    """`November 2026`."""
    return str(dates.format_skeleton("yMMMM", one, locale=locale))


def country(code: str, locale: str) -> str:
    """Its name, or its code where it has none."""
    return country_words(code, locale) or code
