"""One channel's funnel, cohorts, countries, campaigns and month, in words and pictures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fastapi import Request
from markupsafe import Markup

from growth.locales import LANGUAGE_NAMES, N_
from growth.measurement.by_campaign.reading import Inside
from growth.measurement.figures import WHOLE
from growth.measurement.funnels.reading import Cell, Cohort, Reached
from growth.measurement.languages import OTHER
from growth.measurement.one_channel import Month
from growth.measurement.report import Report
from growth.measurement.side_words import WORDS
from growth.money import Money
from growth.web.channel_words import NOTHING, cells, whole
from growth.web.charts import counts_top, highest, meter, paced, stacked_columns, ticks
from growth.web.formats import compact_text, money_text, number_text, percent_text, short_day_text
from growth.web.people_words import country_name
from growth.web.rendering import locale_of, said

SHOWN_PLACES = 8
_HEAT = 5
"""Shades of a cohort's cell."""
_WEEKLY = 92
"""Days; a longer chart has a column for each week."""


def funnel_rows(request: Request, steps: Sequence[Reached], colour: int) -> list[dict[str, Any]]:
    """A row for each step: its bar against the first one, its count, its share of the step before, and the lost."""
    locale = locale_of(request)
    rows = []
    for one in steps:
        share = percent_text(one.of_first, locale, 1)
        bar = meter(float(one.of_first), colour, said(request, N_("%(share)s of the first step"), share=share))
        row = {"step": one.step, "label": one.label, "meter": bar, "people": number_text(whole(one.people), locale)}
        if one.of_step_before is None:
            rows.append(row | {"of_before": NOTHING, "lost": NOTHING})
        else:
            of_before = percent_text(one.of_step_before, locale, 1)
            rows.append(row | {"of_before": of_before, "lost": number_text(whole(one.lost), locale)})
    return rows


@dataclass(frozen=True)
class CohortCell:
    """A share in words with the class of its shade; `open` while its weeks are not over."""

    share: str
    shade: str
    open: bool


def cohort_rows(request: Request, cohorts: Sequence[Cohort]) -> list[dict[str, Any]]:
    """A row for each week; the shades go from nothing to the largest share of all."""
    locale = locale_of(request)
    top = max((cell.share for one in cohorts for cell in one.cells if cell.share), default=Decimal(1))
    return [
        {
            "week": one.week,
            "people": number_text(whole(one.people), locale),
            "cells": [_cohort_cell(cell, top, locale) for cell in one.cells],
        }
        for one in cohorts
    ]


def _cohort_cell(cell: Cell, top: Decimal, locale: str) -> CohortCell:
    if cell.share is None:
        return CohortCell("", "", open=not cell.over)
    shade = f"heat{min(int(cell.share / top * _HEAT) + 1, _HEAT)}" if cell.share else ""
    return CohortCell(percent_text(cell.share, locale, 1), shade, open=not cell.over)


@dataclass(frozen=True)
class Trend:
    """The chart and the rows of its table."""

    svg: Markup
    rows: list[tuple[str, str]]
    weekly: bool


def trend_of(request: Request, found: Report, colour: int) -> Trend:
    """Acquired by day, or by week of a long period, of a report of one channel."""
    locale, (line,) = locale_of(request), found.lines
    weekly = found.period.length > _WEEKLY
    step = 7 if weekly else 1
    starts = range(0, found.period.length, step)
    days = found.by_day[line.channel]
    values = [sum(one.acquired for one in days[start : start + step]) / WHOLE for start in starts]
    names = [short_day_text(found.period.days[start], locale) for start in starts]
    series = [(said(request, line.label), values)]
    axis = [compact_text(tick, locale) for tick in ticks(counts_top(highest(series)))]
    words = WORDS[found.side].weekly if weekly else WORDS[found.side].trend
    svg = stacked_columns(names, series, said(request, words), axis, [colour])
    told = [number_text(round(value, 1), locale) for value in values]
    return Trend(svg, list(zip(names, told, strict=True)), weekly)


def country_bars(request: Request, found: Sequence[tuple[str, int]], colour: int) -> list[dict[str, Any]]:
    """The countries with most, as bars against the first."""
    locale, unknown = locale_of(request), said(request, N_("Not known"))
    named = ((code, country_name(code, locale) if code else unknown, count) for code, count in found[:SHOWN_PLACES])
    return _bars(named, found, colour, locale)


def language_bars(request: Request, found: Sequence[tuple[str, int]], colour: int) -> list[dict[str, Any]]:
    """The same of languages."""
    others = {OTHER: N_("Other languages"), "": N_("Not known")}
    named = (
        (key, said(request, others[key]) if key in others else LANGUAGE_NAMES.get(key, key), count)
        for key, count in found[:SHOWN_PLACES]
    )
    return _bars(named, found, colour, locale_of(request))


def _bars(
    named: Iterable[tuple[str, str, int]], found: Sequence[tuple[str, int]], colour: int, locale: str
) -> list[dict[str, Any]]:
    top = found[0][1] if found else 1
    bars = []
    for key, name, count in named:
        told = number_text(whole(count), locale)
        bars.append({"key": key, "name": name, "count": told, "meter": meter(count / top, colour, f"{name}: {told}")})
    return bars


def campaign_rows(request: Request, found: Sequence[Inside], currency: str) -> list[dict[str, Any]]:
    """A row for each campaign; `sent` is empty for what is no e-mail campaign."""
    locale = locale_of(request)
    return [
        cells(request, currency, one.figures)
        | {"name": one.name, "id": one.campaign_id, "sent": "" if one.sent is None else number_text(one.sent, locale)}
        for one in found
    ]


def month_view(request: Request, month: Month, budget_minor: int | None) -> dict[str, Any]:
    """A month against a budget: its bar, its figures, and a sentence on where it will end."""
    locale = locale_of(request)

    def money(minor: int) -> str:
        return money_text(Money(minor, month.currency), locale, whole=True)

    pace = month.pace
    figures = {name: money(getattr(pace, name)) for name in ("spent", "expected", "low", "high")}
    share = month.share_of(budget_minor) if budget_minor else None
    budget = money(budget_minor) if budget_minor is not None else ""
    told = {"spent": figures["spent"], "low": figures["low"], "high": figures["high"], "budget": budget or NOTHING}
    words = said(request, N_("Spent %(spent)s; at the month's end %(low)s to %(high)s; budget %(budget)s"), **told)
    return {
        "bar": paced(pace.spent, pace.expected, (pace.low, pace.high), budget_minor, words),
        "budget": budget,
        "share": "" if share is None else percent_text(share, locale),
        "ends": _ends(month, budget_minor),
        "told": pace.told,
        "certain": pace.low == pace.high,
    } | figures


def _ends(month: Month, budget_minor: int | None) -> str:
    """Where the month will end against a budget, as surely as it can be said."""
    if not budget_minor or not month.pace.told:
        return ""
    if month.pace.low > budget_minor:
        return N_("The month will end above the budget.")
    if month.pace.high <= budget_minor:
        return N_("The month will end within the budget.")
    if month.pace.expected > budget_minor:
        return N_("The month will more likely end above the budget than within it.")
    return N_("The month will more likely end within the budget than above it.")
