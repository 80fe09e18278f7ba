"""Channels: both sides, this period against the last, what each channel cost and brought, and what needs attention."""

import csv
import io
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from markupsafe import Markup

from growth.attribution.channels import CHANNELS, SIDES
from growth.errors import InvalidError
from growth.locales import N_
from growth.measurement.anomalies.watching import anomalies
from growth.measurement.attention import attention
from growth.measurement.figures import WHOLE, Figures
from growth.measurement.periods import LENGTHS
from growth.measurement.report import Line, Report, report
from growth.money import Money
from growth.people.accounts import Role
from growth.people.importing.rejected import safe_cell
from growth.web.access import ClockDep, SessionDep, allow
from growth.web.anomaly_words import departed
from growth.web.channel_words import SIDE_NAMES, WORDS, cells, kpis, tell, whole
from growth.web.charts import counts_top, highest, meter, stacked_columns, ticks
from growth.web.formats import compact_text, number_text, percent_text, short_day_text
from growth.web.navigation import NavEntry
from growth.web.people_words import country_name
from growth.web.rendering import locale_of, render, said

router = APIRouter(prefix="/channels")
READERS = (Role.MANAGER, Role.MARKETER)
NAV = NavEntry(
    group=N_("Overview"), label=N_("Channels"), href="/channels", icon="chart-bar", order=10, roles=READERS, key="c"
)
SHOWN_COUNTRIES = 8


@dataclass(frozen=True)
class Wanted:
    """What of the report is asked for."""

    side: str
    country: str | None
    days: int

    def query(self, **other: object) -> str:
        """As an address carries it, with something changed."""
        asked: dict[str, object] = {"side": self.side, "country": self.country or "", "days": self.days} | other
        return urlencode({name: value for name, value in asked.items() if value != ""})


def wanted_of(side: str = "buyer", country: str = "", days: str = "28") -> Wanted:
    """From the query of an address. Raises InvalidError."""
    if side not in SIDES:
        raise InvalidError("side", N_("The side is buyer or seller."))
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise InvalidError("country", N_("We know no such country."))
    if days not in map(str, LENGTHS):
        raise InvalidError("days", N_("A report covers 7, 28 or 90 days."))
    return Wanted(side, country.upper() or None, int(days))


WantedDep = Annotated[Wanted, Depends(wanted_of)]


@router.get("", dependencies=[allow(*READERS)])
def channels(request: Request, session: SessionDep, clock: ClockDep, wanted: WantedDep) -> Response:
    """The report."""
    found = report(session, wanted.side, wanted.days, wanted.country, clock.now())
    locale = locale_of(request)
    countries = sorted(
        ((code, country_name(code, locale)) for code, _ in found.countries if code), key=lambda one: one[1]
    )
    return render(
        request,
        "channels.html",
        wanted=wanted,
        report=found,
        words=WORDS[wanted.side],
        sides=SIDE_NAMES,
        lengths=LENGTHS,
        countries=countries,
        country_name=country_name,
        kpis=kpis(request, found),
        trend=_trend(request, found),
        rows=[_row(request, found, line, place) for place, line in enumerate(found.lines, 1) if _told(line)],
        total=cells(request, found.currency, found.total),
        findings=[tell(request, found, one) for one in attention(found)],
        departed=[departed(request, one) for one in anomalies(session, wanted.side, wanted.country, clock.now())],
        ranked=_ranked(request, found),
        more_countries=max(len(found.countries) - SHOWN_COUNTRIES, 0),
        unplaced=Money(found.without_country_minor, found.currency) if found.without_country_minor else None,
    )


def _told(line: Line) -> bool:
    """Whether a line has its row: the channels always, the rest where there is something to tell."""
    known = any(line.channel in (one.key for one in side) for side in CHANNELS.values())
    return known or line.now != Figures() or line.before != Figures()


def _row(request: Request, found: Report, line: Line, place: int) -> dict[str, Any]:
    share = said(request, N_("%(share)s of all"), share=percent_text(line.share, locale_of(request)))
    named = {"key": line.channel, "label": line.label, "place": place, "meter": meter(float(line.share), place, share)}
    return named | cells(request, found.currency, line.now)


@dataclass(frozen=True)
class Trend:
    """The chart, its legend (colour and name) and the rows of its table."""

    svg: Markup
    legend: list[tuple[int, str]]
    headings: list[str]
    rows: list[tuple[str, ...]]


def _trend(request: Request, found: Report) -> Trend:
    locale = locale_of(request)
    shown = [(place, line) for place, line in enumerate(found.lines, 1) if _told(line)]
    series = [
        (said(request, line.label), [one.acquired / WHOLE for one in found.by_day[line.channel]]) for _, line in shown
    ]
    days = [short_day_text(day, locale) for day in found.period.days]
    axis = [compact_text(tick, locale) for tick in ticks(counts_top(highest(series)))]
    svg = stacked_columns(days, series, said(request, WORDS[found.side].trend), axis, [place for place, _ in shown])
    rows = [
        (day, *(number_text(round(values[place], 1), locale) for _, values in series)) for place, day in enumerate(days)
    ]
    return Trend(svg, [(place, said(request, line.label)) for place, line in shown], [name for name, _ in series], rows)


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
    found = report(session, wanted.side, wanted.days, wanted.country, clock.now())
    words = WORDS[wanted.side]
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    head = (N_("Channel"), N_("Currency"), N_("Cost"), words.acquired, words.each, words.orders, N_("Value of orders"))
    titles = [said(request, title) for title in (*head, N_("Return on spend"))]
    before = said(request, N_("before"))
    writer.writerow([safe_cell(title) for title in (*titles, *(f"{title} ({before})" for title in titles[2:]))])
    for line in found.lines:
        named = [safe_cell(said(request, line.label)), found.currency]
        writer.writerow([*named, *_plain(line.now, found.currency), *_plain(line.before, found.currency)])
    name = f"channels-{wanted.side}-{found.period.first}-{found.period.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _plain(figures: Figures, currency: str) -> list[str]:
    each, back = figures.cost_each, figures.back
    return [
        str(Money(figures.cost_minor, currency).amount),
        str(whole(figures.acquired)),
        "" if each is None else str(Money(round(each), currency).amount),
        str(whole(figures.orders)),
        str(Money(figures.value_minor, currency).amount),
        "" if back is None else str(round(back, 4)),
    ]
