"""A kept report as pages show it: its words, its charts, and the same figures as tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from growth.measurement.figures import WHOLE
from growth.measurement.reports.snapshot import Snapshot
from growth.measurement.reports.telling import Report, told
from growth.web.charts import counts_top, highest, meter, stacked_columns, ticks
from growth.web.formats import compact_text, number_text, short_day_text

MOST_COLUMNS = 92


@dataclass(frozen=True)
class Trend:
    """The chart, its legend (colour and name) and the rows of its table."""

    svg: Markup
    legend: list[tuple[int, str]]
    headings: list[str]
    rows: list[tuple[str, ...]]


def shown(snapshot: Snapshot, locale: str) -> dict[str, Any]:
    """What `report_body.html` needs."""
    report = told(snapshot, locale)
    return {
        "report": report,
        "trend": _trend(snapshot, report, locale),
        "meters": {
            line.channel: meter(line.share, line.place, f"{line.label}: {line.share_text}") for line in report.lines
        },
        "paces": [meter(one.share, 4 if one.over else 1, f"{one.label}: {one.share_text}") for one in report.budgets],
        "ranked": [(name, count, meter(share, 1, f"{name}: {count}")) for name, count, share in report.countries],
        "more_countries": max(len(snapshot.countries) - len(report.countries), 0),
    }


def _trend(snapshot: Snapshot, report: Report, locale: str) -> Trend:
    lines = [line for line in report.lines if line.channel in snapshot.daily]
    # A long period has a column for each seven days, named by the first.
    step = 1 if snapshot.period.length <= MOST_COLUMNS else 7
    days = [short_day_text(day, locale) for day in snapshot.period.days[::step]]
    series = [(line.label, _sums(snapshot.daily[line.channel], step)) for line in lines]
    axis = [compact_text(tick, locale) for tick in ticks(counts_top(highest(series)))]
    svg = stacked_columns(days, series, report.words.trend, axis, [line.place for line in lines])
    rows = [
        (day, *(number_text(round(values[place], 1), locale) for _, values in series)) for place, day in enumerate(days)
    ]
    return Trend(svg, [(line.place, line.label) for line in lines], [name for name, _ in series], rows)


def _sums(daily: Sequence[int], step: int) -> list[float]:
    return [sum(daily[first : first + step]) / WHOLE for first in range(0, len(daily), step)]
