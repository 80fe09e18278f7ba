"""What needs attention on a side: told only where the figures say so. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from growth.measurement.figures import WHOLE
from growth.measurement.report import Line, Report

DEARER = Decimal("0.30")
"""How much more one may cost than in the period before until it is told."""
ENOUGH = 30
"""Acquired in each of both periods, so that chance alone rarely makes such a difference."""


@dataclass(frozen=True)
class Dearer:
    """One acquired by this channel costs more than before, by `change` as a share of 1."""

    line: Line
    change: Decimal


@dataclass(frozen=True)
class CostMissing:
    """A channel that costs something has days with somebody acquired and no cost; today may still come."""

    line: Line
    days: tuple[date, ...]


@dataclass(frozen=True)
class RateMissing:
    """Amounts in this currency are left out of all figures, on the days that have no rate."""

    currency: str


Finding = Dearer | CostMissing | RateMissing


def attention(report: Report) -> list[Finding]:
    """What to look at, the greatest money first."""
    return [
        *(RateMissing(currency) for currency in report.unrated),
        *sorted(_dearer(report), key=lambda one: one.line.now.cost_minor, reverse=True),
        *sorted(_missing(report), key=lambda one: one.line.now.acquired, reverse=True),
    ]


def _dearer(report: Report) -> Iterator[Dearer]:
    for line in report.lines:
        now, before = line.now.cost_each, line.before.cost_each
        enough = min(line.now.acquired, line.before.acquired) >= ENOUGH * WHOLE
        if enough and now is not None and before is not None and now > before * (1 + DEARER):
            yield Dearer(line, now / before - 1)


def _missing(report: Report) -> Iterator[CostMissing]:
    """Only without a country or language asked for: costs often name no country, and never a language."""
    for line in report.lines if report.whole else ():
        days = zip(report.period.days, report.by_day[line.channel], strict=True)
        lacking = tuple(day for day, one in days if one.acquired > 0 and one.cost_minor == 0 and day < report.today)
        if lacking and (line.now.cost_minor or line.before.cost_minor):
            yield CostMissing(line, lacking)
