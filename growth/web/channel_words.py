"""How the channel report is told: figures with their change, findings as sentences, for both sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fastapi import Request
from markupsafe import Markup

from growth.locales import N_
from growth.measurement.attention import CostMissing, Dearer, Finding, RateMissing
from growth.measurement.figures import WHOLE, Delta, Figures, Tone, compare
from growth.measurement.report import Report
from growth.money import Money
from growth.web.charts import sparkline
from growth.web.formats import day_text, money_text, number_text, percent_text
from growth.web.rendering import locale_of, said


@dataclass(frozen=True)
class SideWords:
    """What things are called on a side."""

    acquired: str
    each: str
    orders: str
    trend: str
    dearer: str
    uncosted: str


WORDS = {
    "buyer": SideWords(
        acquired=N_("Registered"),
        each=N_("Per registered buyer"),
        orders=N_("First orders"),
        trend=N_("Registered buyers by day"),
        dearer=N_("%(channel)s: a registration costs %(change)s more than before"),
        uncosted=N_("%(channel)s: days with registrations but without a cost: %(days)s"),
    ),
    "seller": SideWords(
        acquired=N_("Shops opened"),
        each=N_("Per opened shop"),
        orders=N_("First sales"),
        trend=N_("Shops opened by day"),
        dearer=N_("%(channel)s: an opened shop costs %(change)s more than before"),
        uncosted=N_("%(channel)s: days with opened shops but without a cost: %(days)s"),
    ),
}
SIDE_NAMES = {"buyer": N_("Buyers"), "seller": N_("Sellers")}
NOTHING = "–"


@dataclass(frozen=True)
class Kpi:
    """A figure of the head of the page."""

    name: str
    value: str
    delta: str
    tone: Tone
    spark: Markup


@dataclass(frozen=True)
class Told:
    """A finding in words, the sentence and what stands below it; `channel` leads to more."""

    icon: str
    sentence: str
    more: str
    channel: str | None = None


def whole(millionths: int) -> int | Decimal:
    """A count from millionths, with one decimal where credit was shared."""
    return millionths // WHOLE if millionths % WHOLE == 0 else round(Decimal(millionths) / WHOLE, 1)


def times(back: Decimal | None, locale: str) -> str:
    """Return on spend: `3.4×`."""
    return NOTHING if back is None else f"{number_text(back, locale, 1)}×"


def each(cost: Decimal | None, currency: str, locale: str) -> str:
    """Cost for each one acquired."""
    return NOTHING if cost is None else money_text(Money(round(cost), currency), locale)


def change_text(delta: Delta, locale: str) -> str:
    """`+11.2 %`, or nothing when there is nothing to compare with."""
    if delta.change is None:
        return ""
    text = percent_text(delta.change, locale, 1).replace("-", "−")
    return f"+{text}" if delta.change > 0 else text


def kpis(request: Request, report: Report) -> list[Kpi]:
    """The six figures with their change and daily trend."""
    locale, words, now, before = locale_of(request), WORDS[report.side], report.total, report.before
    days, currency = report.days, report.currency

    def kpi(name: str, value: str, delta: Delta, trend: Sequence[Decimal | int | None]) -> Kpi:
        told = said(request, name)
        label = said(request, N_("%(figure)s: trend by day"), figure=told)
        spark = sparkline([float(one or 0) for one in trend], label)
        return Kpi(told, value, change_text(delta, locale), delta.tone, spark)

    def money(minor: int) -> str:
        return money_text(Money(minor, currency), locale, whole=True)

    return [
        kpi(words.acquired, number_text(whole(now.acquired), locale),
            compare(now.acquired, before.acquired, more_is="good"), [one.acquired for one in days]),
        kpi(N_("Cost"), money(now.cost_minor),
            compare(now.cost_minor, before.cost_minor, more_is=""), [one.cost_minor for one in days]),
        kpi(words.each, each(now.cost_each, currency, locale),
            compare(now.cost_each, before.cost_each, more_is="bad"), [one.cost_each for one in days]),
        kpi(words.orders, number_text(whole(now.orders), locale),
            compare(now.orders, before.orders, more_is="good"), [one.orders for one in days]),
        kpi(N_("Value of orders"), money(now.value_minor),
            compare(now.value_minor, before.value_minor, more_is="good"), [one.value_minor for one in days]),
        kpi(N_("Return on spend"), times(now.back, locale),
            compare(now.back, before.back, more_is="good"), [one.back for one in days]),
    ]  # fmt: skip


def tell(request: Request, report: Report, finding: Finding) -> Told:
    """A finding in words."""
    match finding:
        case Dearer(line=line, change=change):
            locale, currency = locale_of(request), report.currency
            values = {"channel": said(request, line.label), "change": percent_text(change, locale)}
            costs = {
                "before": each(line.before.cost_each, currency, locale),
                "now": each(line.now.cost_each, currency, locale),
            }
            more = said(request, N_("%(before)s in the days before, %(now)s now."), **costs)
            return Told("trending-up", said(request, WORDS[report.side].dearer, **values), more, line.channel)
        case CostMissing(line=line, days=days):
            values = {"channel": said(request, line.label), "days": number_text(len(days), locale_of(request))}
            last = day_text(days[-1], locale_of(request))
            more = said(request, N_("The last was %(day)s. What it costs looks lower than it is."), day=last)
            return Told("coin", said(request, WORDS[report.side].uncosted, **values), more, line.channel)
        case RateMissing(currency=code):
            sentence = said(request, N_("No rate for %(currency)s on some days"), currency=code)
            more = said(
                request,
                N_("Amounts in it are left out of all figures. Bring rates in with “growth spend rates”."),
            )
            return Told("alert-triangle", sentence, more)


def cells(request: Request, currency: str, figures: Figures) -> dict[str, Any]:
    """The cells of a row of a table, in words."""
    locale = locale_of(request)
    return {
        "cost": money_text(Money(figures.cost_minor, currency), locale, whole=True) if figures.cost_minor else NOTHING,
        "acquired": number_text(whole(figures.acquired), locale),
        "each": each(figures.cost_each, currency, locale),
        "orders": number_text(whole(figures.orders), locale),
        "value": money_text(Money(figures.value_minor, currency), locale, whole=True),
        "back": times(figures.back, locale),
    }
