"""What channels truly caused beside what they are credited with, in words: cells of a table, and what to look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from fastapi import Request

from growth.attribution.channels import CHANNELS
from growth.locales import N_
from growth.measurement.figures import WHOLE
from growth.measurement.holdouts.caused import EMAIL, Caused
from growth.measurement.report import Line, Report
from growth.web.channel_words import Told, more_or_less, whole
from growth.web.formats import number_text
from growth.web.rendering import locale_of, said


@dataclass(frozen=True)
class CausedCell:
    """`+8,240 ± 900`, or the words by which a test can be planned; `href` leads to either."""

    href: str
    value: str = ""
    reach: str = ""
    exceeded: bool = False
    """Whether the channel is credited with much more than it caused."""


def caused_cells(request: Request, report: Report, found: Mapping[str, Caused]) -> dict[str, CausedCell]:
    """By channel; those that no test can tell anything of have none."""
    locale = locale_of(request)
    cells = {}
    for line in report.lines:
        one = found.get(line.channel)
        if one is not None:
            cells[line.channel] = CausedCell(
                href=_source(one),
                value=more_or_less(one.value, locale),
                reach=f"± {number_text(round((one.high - one.low) / 2), locale)}",
                exceeded=exceeds(line, one),
            )
        elif line.channel == EMAIL:
            cells[line.channel] = CausedCell("/campaigns")
        elif any(line.channel == channel.key for channel in CHANNELS[report.side]):
            cells[line.channel] = CausedCell(f"/experiments/new?channel={report.side}.{line.channel}")
    return cells


def _source(one: Caused) -> str:
    kind, _, number = one.source.partition(":")
    return f"/experiments/{number}" if kind == "holdout" else "/campaigns"


def credited(line: Line, one: Caused) -> int | None:
    """Millionths credited of the outcome that was measured; None where no figure of the report counts the same."""
    return {"acquired": line.now.acquired, "orders": line.now.orders}.get(one.outcome)


def exceeds(line: Line, one: Caused) -> bool:
    """Whether the credit is much larger than what was caused."""
    mine = credited(line, one)
    return mine is not None and one.exceeded_by(float(Decimal(mine) / WHOLE))


def tell_exceeded(request: Request, report: Report, found: Mapping[str, Caused]) -> list[Told]:
    """The channels that are credited with much more than they caused, as findings."""
    locale = locale_of(request)
    told = []
    for line in report.lines:
        one = found.get(line.channel)
        if one is not None and exceeds(line, one):
            sentence = said(request, N_("%(channel)s: credited with much more than it causes"),
                            channel=said(request, line.label))  # fmt: skip
            more = said(
                request,
                N_("Credited with %(credited)s, truly caused %(caused)s (%(low)s … %(high)s nine times in ten)."),
                credited=number_text(whole(credited(line, one) or 0), locale),
                **{name: number_text(round(getattr(one, part)), locale)
                   for name, part in (("caused", "value"), ("low", "low"), ("high", "high"))},
            )  # fmt: skip
            told.append(Told("alert-triangle", sentence, more, line.channel))
    return told
