"""Channels: both sides, a period against another, what each channel cost, brought and caused, what needs attention."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from growth.attribution.channels import CHANNELS, labels
from growth.attribution.models import MODELS
from growth.attribution.versions import read_versions
from growth.locales import N_
from growth.measurement.advice.asking import best_move
from growth.measurement.advice.moves import REASONS, Move
from growth.measurement.anomalies.watching import anomalies
from growth.measurement.attention import attention
from growth.measurement.figures import WHOLE, Figures
from growth.measurement.holdouts.caused import Caused, all_caused
from growth.measurement.overspending import overspending
from growth.measurement.periods import Period
from growth.measurement.report import Line, Report, report
from growth.measurement.side_words import WORDS
from growth.money import Money
from growth.people.accounts import Role
from growth.people.importing.rejected import safe_cell
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.anomaly_words import departed
from growth.web.budget_words import tell_overspent
from growth.web.channel_caused import CausedCell, caused_cells, tell_exceeded
from growth.web.channel_controls import controls
from growth.web.channel_wanted import Wanted, WantedDep
from growth.web.channel_words import SIDE_NAMES, Told, cells, kpis, more_or_less, tell, whole
from growth.web.charts import counts_top, highest, meter, stacked_columns, ticks
from growth.web.formats import compact_text, money_text, number_text, percent_text, short_day_text
from growth.web.navigation import NavEntry
from growth.web.people_words import country_name
from growth.web.rendering import locale_of, render, said

router = APIRouter(prefix="/channels")
READERS = (Role.MANAGER, Role.MARKETER)
NAV = NavEntry(
    group=N_("Overview"), label=N_("Channels"), href="/channels", icon="chart-bar", order=10, roles=READERS, key="c"
)
SHOWN_COUNTRIES = 6
WEEKLY = 92
"""Days; a longer chart has a column for each week."""


@router.get("", dependencies=[allow(*READERS)])
def channels(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, wanted: WantedDep) -> Response:
    """The report."""
    now = clock.now()
    period, errors = wanted.period_or_error(session, now)
    found = _report(session, wanted, period, now)
    caused = all_caused(session, wanted.side, period) if found.whole and not found.empty else {}
    return render(
        request,
        "channels.html",
        status=422 if errors else 200,
        errors=errors,
        wanted=wanted,
        report=found,
        words=WORDS[wanted.side],
        sides=SIDE_NAMES,
        kpis=kpis(request, found),
        trend=_trend(request, found),
        credit=_credit(request, session, wanted.side),
        rows=_rows(request, found, caused_cells(request, found, caused) if found.whole else {}),
        total=cells(request, found.currency, found.total),
        findings=_findings(request, session, found, caused, now),
        departed=[departed(request, one) for one in anomalies(session, wanted.side, wanted.country, now)],
        ranked=_ranked(request, found),
        unplaced=Money(found.without_country_minor, found.currency) if found.without_country_minor else None,
        advice=_advice(request, session, wanted.side, now),
        may_share=viewer.has(Role.MANAGER),
        **controls(request, found),
    )


def _findings(
    request: Request, session: Session, found: Report, caused: Mapping[str, Caused], now: datetime
) -> list[Told]:
    """What to look at, in words: budgets first, then credit that isn't earned, then costs and rates."""
    return [
        *(tell_overspent(request, found.side, one) for one in overspending(session, found.side, now)),
        *tell_exceeded(request, found, caused),
        *(tell(request, found, one) for one in attention(found)),
    ]


def _report(session: Session, wanted: Wanted, period: Period, now: datetime) -> Report:
    return report(
        session, wanted.side, period, wanted.country, now, language=wanted.language, comparison=wanted.comparison
    )


def _credit(request: Request, session: Session, side: str) -> str:
    """The model by which what happens now is credited, with its window."""
    newest = read_versions(session).by_side[side][0]
    name = said(request, MODELS[newest.model.key])
    days = number_text(newest.model.windows.clicks.days, locale_of(request))
    return said(request, N_("Credit: %(model)s, %(days)s days"), model=name[:1].lower() + name[1:], days=days)


def _advice(request: Request, session: Session, side: str, now: datetime) -> dict[str, Any]:
    """The best move in words, or why there is none."""
    found = best_move(session, side, now)
    if not isinstance(found, Move):
        return {"reason": said(request, REASONS[found.reason])}
    names, locale = labels(side), locale_of(request)
    return {
        "amount": money_text(Money(found.amount, found.currency), locale, whole=True),
        "source": said(request, names[found.from_channel]),
        "target": said(request, names[found.to_channel]),
        **{part: more_or_less(getattr(found, part), locale) for part in ("low", "expected", "high")},
    }


def told(line: Line) -> bool:
    """Whether a line has its row: the channels always, the rest where there is something to tell."""
    known = any(line.channel in (one.key for one in side) for side in CHANNELS.values())
    return known or line.now != Figures() or line.before != Figures()


def _rows(request: Request, found: Report, caused: Mapping[str, CausedCell]) -> list[dict[str, Any]]:
    rows = []
    for place, line in enumerate(found.lines, 1):
        if told(line):
            share = said(request, N_("%(share)s of all"), share=percent_text(line.share, locale_of(request)))
            bar = meter(float(line.share), place, share)
            named = {"key": line.channel, "label": line.label, "place": place, "meter": bar}
            rows.append(named | cells(request, found.currency, line.now) | {"caused": caused.get(line.channel)})
    return rows


@dataclass(frozen=True)
class Trend:
    """The chart, its legend (colour and name) and the rows of its table."""

    svg: Markup
    legend: list[tuple[int, str]]
    headings: list[str]
    rows: list[tuple[str, ...]]
    weekly: bool


def _trend(request: Request, found: Report) -> Trend:
    locale = locale_of(request)
    shown = [(place, line) for place, line in enumerate(found.lines, 1) if told(line)]
    weekly = found.period.length > WEEKLY
    step = 7 if weekly else 1
    starts = range(0, found.period.length, step)
    series = [
        (said(request, line.label),
         [sum(one.acquired for one in found.by_day[line.channel][start : start + step]) / WHOLE for start in starts])
        for _, line in shown
    ]  # fmt: skip
    days = [short_day_text(day, locale) for day in found.period.days[::step]]
    axis = [compact_text(tick, locale) for tick in ticks(counts_top(highest(series)))]
    svg = stacked_columns(days, series, said(request, WORDS[found.side].trend), axis, [place for place, _ in shown])
    rows = [
        (day, *(number_text(round(values[place], 1), locale) for _, values in series)) for place, day in enumerate(days)
    ]
    legend = [(place, said(request, line.label)) for place, line in shown]
    return Trend(svg, legend, [name for name, _ in series], rows, weekly)


def _ranked(request: Request, found: Report) -> list[dict[str, Any]]:
    """The countries with most, as bars against the first."""
    locale = locale_of(request)
    top = found.countries[0][1] if found.countries else 1
    ranked = []
    for code, acquired in found.countries[:SHOWN_COUNTRIES]:
        name = country_name(code, locale) if code else said(request, N_("Not known"))
        count = number_text(whole(acquired), locale)
        ranked.append(
            {"code": code, "name": name, "count": count, "meter": meter(acquired / top, 1, f"{name}: {count}")}
        )
    return ranked


@router.get("/export.csv", dependencies=[allow(*READERS)])
def export(request: Request, session: SessionDep, clock: ClockDep, wanted: WantedDep) -> Response:
    """The table by channel, as a file that a spreadsheet opens: amounts in major units, plain numbers."""
    found = _report(session, wanted, wanted.period(session, clock.now()), clock.now())
    words = WORDS[wanted.side]
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    head = (N_("Channel"), N_("Currency"), N_("Cost"), words.acquired, words.each, words.orders, N_("Value of orders"),
            N_("Return on spend"), words.in_time, N_("Repeat"))  # fmt: skip
    titles = [said(request, title) for title in head]
    before = said(request, N_("before"))
    compared = [f"{title} ({before})" for title in titles[2:]] if found.against else []
    writer.writerow([safe_cell(title) for title in (*titles, *compared)])
    for line in found.lines:
        named = [safe_cell(said(request, line.label)), found.currency]
        then = _plain(line.before, found.currency) if found.against else []
        writer.writerow([*named, *_plain(line.now, found.currency), *then])
    name = f"channels-{wanted.side}-{found.period.first}-{found.period.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _plain(figures: Figures, currency: str) -> list[str]:
    each, ratios = figures.cost_each, (figures.back, figures.order_share, figures.repeat_share)
    back, ordered, repeated = ("" if one is None else str(round(one, 4)) for one in ratios)
    return [
        str(Money(figures.cost_minor, currency).amount),
        str(whole(figures.acquired)),
        "" if each is None else str(Money(round(each), currency).amount),
        str(whole(figures.orders)),
        str(Money(figures.value_minor, currency).amount),
        back,
        ordered,
        repeated,
    ]
