"""How the channel report is told: figures with their change, findings as sentences, for both sides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fastapi import Request
from markupsafe import Markup

from growth.locales import N_, translate
from growth.measurement.attention import CostMissing, Dearer, Finding, RateMissing
from growth.measurement.figures import WHOLE, Delta, Figures, Tone, compare, differ
from growth.measurement.report import Report
from growth.measurement.side_words import WORDS
from growth.money import Money
from growth.web.charts import sparkline
from growth.web.formats import day_text, money_text, number_text, percent_text
from growth.web.rendering import locale_of, said

SIDE_NAMES = {side: words.name for side, words in WORDS.items()}
NOTHING = "–"


@dataclass(frozen=True)
class Kpi:
    """A figure of the head of the page; `figure` names what it is made of."""

    figure: str
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


def share_text(share: Decimal | None, locale: str) -> str:
    """`27.9 %`, or that there is none."""
    return NOTHING if share is None else percent_text(share, locale, 1)


def each(cost: Decimal | None, currency: str, locale: str) -> str:
    """Cost for each one acquired."""
    return NOTHING if cost is None else money_text(Money(round(cost), currency), locale)


def more_or_less(count: float, locale: str) -> str:
    """`+120` or `−40`, whole."""
    text = number_text(abs(round(count)), locale)
    return f"{'+' if count > 0 else '−' if round(count) else ''}{text}"


def change_text(delta: Delta, locale: str) -> str:
    """`+11.2 %`, or nothing when there is nothing to compare with."""
    if delta.change is None:
        return ""
    text = percent_text(delta.change, locale, 1).replace("-", "−")
    return f"+{text}" if delta.change > 0 else text


def points_text(delta: Delta, locale: str) -> str:
    """`−0.6 pt`: a change of a share, in points of a hundred."""
    points = _signed(delta.change, 100, locale)
    return points and translate(locale, N_("%(points)s pt"), points=points)


def times_text(delta: Delta, locale: str) -> str:
    """`+0.3×`: a change of a ratio."""
    ratio = _signed(delta.change, 1, locale)
    return ratio and f"{ratio}×"


def _signed(change: Decimal | None, scale: int, locale: str) -> str:
    if change is None:
        return ""
    shown = round(change * scale, 1)
    return f"{'+' if shown > 0 else '−' if shown else ''}{number_text(abs(shown), locale, 1)}"


def kpis(request: Request, report: Report) -> list[Kpi]:
    """The six figures with their change and daily trend."""
    locale, words, now, before = locale_of(request), WORDS[report.side], report.total, report.before
    days, currency = report.days, report.currency

    def kpi(
        figure: str, name: str, value: str, delta: Delta, trend: Sequence[Decimal | int | None], *,
        written: Callable[[Delta, str], str] = change_text,
    ) -> Kpi:  # fmt: skip
        told = said(request, name)
        label = said(request, N_("%(figure)s: trend by day"), figure=told)
        spark = sparkline([float(one or 0) for one in trend], label)
        return Kpi(figure, told, value, written(delta, locale), delta.tone, spark)

    cost = money_text(Money(now.cost_minor, currency), locale, whole=True) if report.language is None else NOTHING
    shares = differ(now.order_share, before.order_share, least=Decimal("0.0005"),
                    more_is="" if report.open_since else "good")  # fmt: skip
    return [
        kpi("acquired", words.acquired, number_text(whole(now.acquired), locale),
            compare(now.acquired, before.acquired, more_is="good"), [one.acquired for one in days]),
        kpi("cost", N_("Cost"), cost,
            compare(now.cost_minor, before.cost_minor, more_is=""), [one.cost_minor for one in days]),
        kpi("acquired", words.each, each(now.cost_each, currency, locale),
            compare(now.cost_each, before.cost_each, more_is="bad"), [one.cost_each for one in days]),
        kpi("orders", words.orders, number_text(whole(now.orders), locale),
            compare(now.orders, before.orders, more_is="good"), [one.orders for one in days]),
        kpi("ordered", words.in_time, share_text(now.order_share, locale),
            shares, [one.order_share for one in days], written=points_text),
        kpi("value", N_("Return on spend"), times(now.back, locale),
            differ(now.back, before.back, least=Decimal("0.05"), more_is="good"), [one.back for one in days],
            written=times_text),
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
            then = report.against == report.period.before
            told = (
                N_("%(before)s in the days before, %(now)s now.")
                if then
                else N_("%(before)s a year before, %(now)s now.")
            )
            more = said(request, told, **costs)
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
        "order_share": share_text(figures.order_share, locale),
        "repeat_share": share_text(figures.repeat_share, locale),
    }
