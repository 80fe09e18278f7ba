"""Moments, numbers, money and spans of time as the viewer reads them, for templates (filters) and for pages.

A page may have hundreds of small numbers and days, the same ones each time: those texts are kept.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from growth.locales import translate
from growth.money import Money

Number = int | float | Decimal


def moment_text(moment: datetime, locale: str, zone: str, now: datetime) -> str:
    """`14:30` today, `24 Nov, 14:30` this year, with the year otherwise; in the viewer's zone."""
    local, today = moment.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    if local.date() == today.date():
        return str(dates.format_time(local, "short", tzinfo=local.tzinfo, locale=locale))
    skeleton = "MMMdjm" if local.year == today.year else "yMMMdjm"
    return _skeleton(skeleton, local, locale)


def _skeleton(skeleton: str, local: datetime, locale: str) -> str:
    day = dates.format_skeleton(skeleton.removesuffix("jm"), local, tzinfo=local.tzinfo, locale=locale)
    return f"{day}, {dates.format_time(local, 'short', tzinfo=local.tzinfo, locale=locale)}"


def exact_text(moment: datetime, locale: str, zone: str) -> str:
    """Date, time to the second and zone, for a `title`."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{dates.format_datetime(local, 'medium', tzinfo=local.tzinfo, locale=locale)} {local.tzname()}"


def ago_text(moment: datetime, locale: str, now: datetime) -> str:
    """`3 minutes ago`, `in 2 hours`; `now` within a second."""
    return str(dates.format_timedelta(moment - now, add_direction=True, locale=locale, threshold=0.95))


def day_text(day: date, locale: str) -> str:
    """`24 Nov 2026` in the locale's order."""
    return str(dates.format_date(day, "medium", locale=locale))


def headed_text(words: str) -> str:
    """Words that stand alone: `shop open` as `Shop open`."""
    return words[:1].upper() + words[1:]


@lru_cache(maxsize=1000)
def short_day_text(day: date, locale: str) -> str:
    """`24 Nov`, where the year is plain."""
    return str(dates.format_skeleton("MMMd", datetime.combine(day, time()), locale=locale))


@lru_cache(maxsize=1000)
def weekday_text(day: date, locale: str) -> str:
    """`Thursday`, of a day less than a week ago."""
    return str(dates.format_date(day, "EEEE", locale=locale))


def month_text(day: date, locale: str) -> str:
    """`November 2026`, the month of a day."""
    return str(dates.format_skeleton("yMMMM", datetime.combine(day, time()), locale=locale))


def span_text(span: timedelta | float, locale: str) -> str:
    """A length of time in its largest unit, `3 min`; a number is seconds."""
    whole: timedelta = span if isinstance(span, timedelta) else timedelta(seconds=span)
    if whole.total_seconds() < 1:
        return numbers.format_decimal(round(whole.total_seconds() * 1000), locale=locale) + " ms"
    return str(dates.format_timedelta(whole, format="short", locale=locale, threshold=1.2))


@lru_cache(maxsize=10_000)
def number_text(value: Number, locale: str, digits: int | None = None) -> str:
    """Grouped as the locale does; `digits` after the point where given."""
    pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return str(numbers.format_decimal(value, format=pattern, locale=_known(locale)))


@lru_cache
def _known(locale: str) -> Locale:
    """What is known of a locale, found once: a page writes hundreds of numbers."""
    return Locale.parse(locale)


def compact_text(value: Number, locale: str) -> str:
    """`12K`, for an axis."""
    digits = 1 if -10_000 < value < 10_000 else 0
    return str(numbers.format_compact_decimal(value, locale=locale, fraction_digits=digits))


def percent_text(share: Number, locale: str, digits: int = 0) -> str:
    """A share of 1 as a percentage."""
    pattern = numbers.parse_pattern(_percent_pattern(locale, digits))
    return str(pattern.apply(Decimal(str(share)), _known(locale)))


def _percent_pattern(locale: str, digits: int) -> str:
    plain = _known(locale).percent_formats[None].pattern
    return str(plain).replace("#,##0", "#,##0" + ("." + "0" * digits if digits else ""))


def money_text(amount: Money, locale: str, *, whole: bool = False) -> str:
    """An amount with its currency; `whole` leaves minor units out, for figures that are large."""
    if whole:
        rounded = amount.amount.to_integral_value()
        pattern = _whole_money(locale)
        return str(
            numbers.format_currency(
                rounded, amount.currency, locale=_known(locale), format=pattern, currency_digits=False
            )
        )
    return str(numbers.format_currency(amount.amount, amount.currency, locale=_known(locale)))


def _whole_money(locale: str) -> Any:
    pattern = _known(locale).currency_formats["standard"].pattern
    return pattern.replace(".00", "")


def _time(moment: datetime, shown: str, context: Context) -> Markup:
    exact = exact_text(moment, context["locale"], context["zone"])
    return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), exact, shown)


@pass_context
def when(context: Context, moment: datetime | None) -> Markup | str:
    """`{{ run.started_at|when }}`: the moment as people say it, the exact one in its title."""
    if moment is None:
        return ""
    return _time(moment, moment_text(moment, context["locale"], context["zone"], context["now"]), context)


@pass_context
def on(context: Context, moment: datetime) -> Markup:
    """`{{ lead.contacted_at|on }}`: the day in the viewer's zone, the exact moment in its title."""
    local = moment.astimezone(ZoneInfo(context["zone"]))
    return _time(moment, day_text(local.date(), context["locale"]), context)


@pass_context
def ago(context: Context, moment: datetime | None) -> Markup | str:
    """`{{ run.started_at|ago }}`: how far from now, the exact moment in its title."""
    if moment is None:
        return ""
    return _time(moment, ago_text(moment, context["locale"], context["now"]), context)


def _in_locale(write: Callable[..., str]) -> Callable[..., str]:
    @pass_context
    def filtered(context: Context, value: Any, *args: Any, **named: Any) -> str:
        return "" if value is None else write(value, context["locale"], *args, **named)

    return filtered


@pass_context
def translated(context: Context, sentence: str, /, **values: Any) -> str:
    """`{{ job.name|t }}`: a sentence marked with `N_` in Python."""
    return translate(context["locale"], sentence, **values)


FILTERS: dict[str, Callable[..., Any]] = {
    "when": when,
    "on": on,
    "ago": ago,
    "day": _in_locale(day_text),
    "span": _in_locale(span_text),
    "number": _in_locale(number_text),
    "compact": _in_locale(compact_text),
    "percent": _in_locale(percent_text),
    "money": _in_locale(money_text),
    "t": translated,
    "headed": headed_text,
}
