"""A hold-out in words, tables and a chart, for its pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from markupsafe import Markup

from growth.attribution.channels import labels
from growth.experiments.holdouts.power import Seen
from growth.experiments.holdouts.records import Holdout
from growth.locales import N_
from growth.measurement.side_words import WORDS
from growth.money import Money
from growth.web.charts import Interval, intervals
from growth.web.formats import money_text, number_text, percent_text
from growth.web.people_words import country_name
from growth.web.rendering import locale_of, said

STATES = {"planned": N_("Planned"), "running": N_("Running"), "read": N_("Read"), "stopped": N_("Stopped")}
TONES = {"planned": "", "running": "warn", "read": "good", "stopped": ""}
KINDS = {"regions": N_("In some countries"), "people": N_("For some people")}


def outcome_words(side: str, outcome: str) -> str:
    """What is counted, translatable."""
    words = WORDS[side]
    return words.acquired if outcome == "acquired" else words.orders


def rests_where(request: Request, found: Holdout) -> str:
    """Where or for whom it rests, in a line."""
    if found.kind == "people":
        share = percent_text((found.percent or 0) / 100, locale_of(request))
        return said(request, N_("For %(share)s of the people known"), share=share)
    return countries(request, found.regions)


def countries(request: Request, codes: Sequence[str]) -> str:
    """Their names, in the order of the alphabet."""
    return ", ".join(sorted(country_name(code, locale_of(request)) for code in codes))


def caused_share(request: Request, result: Mapping[str, Any] | None) -> str:
    """`12.0% (4.1% … 19.8%)` of what comes; empty before anything is known."""
    if not result:
        return ""
    return three(result, ("share", "share_low", "share_high"), lambda part: percent_text(part, locale_of(request), 1))


def three(result: Mapping[str, Any], names: tuple[str, str, str], words: Any) -> str:
    """A value with its interval, by the names of its parts."""
    middle, low, high = (words(result[name]) for name in names)
    return f"{middle} ({low} … {high})"


def seen_rows(request: Request, seen: Sequence[Seen]) -> list[tuple[int, str, str]]:
    """Weeks, the smallest share that is seen, and how often the past would have cried wolf."""
    rows = []
    for one in seen:
        share = percent_text(one.smallest, locale_of(request), 1) if one.smallest < 1 else said(request, N_("nothing"))
        alarms = said(request, N_("%(alarms)s of %(plays)s"), alarms=one.alarms, plays=one.plays) if one.plays else "–"
        rows.append((one.weeks, share, alarms))
    return rows


@dataclass(frozen=True)
class ResultPanel:
    """What a hold-out shows."""

    sentence: str
    lost: str
    share: str
    each: str
    """What one that it causes costs; empty where nobody can tell."""
    chart: Markup
    table: Sequence[tuple[str, ...]]


def result_panel(request: Request, found: Holdout, result: Mapping[str, Any], currency: str) -> ResultPanel:
    """Its figures in words."""
    locale = locale_of(request)
    label = said(request, labels(found.side)[found.channel])
    lost = three(result, ("lost", "low", "high"), lambda part: number_text(round(part), locale))
    row = Interval(label, result["share"], result["share_low"], result["share_high"], f"{label}: {lost}")
    reach = max(abs(result["share_low"]), abs(result["share_high"])) or 1
    ends = [percent_text(end, locale) for end in (-reach, reach)]
    return ResultPanel(
        sentence=_sentence(request, result, label),
        lost=lost,
        share=caused_share(request, result),
        each=_each(request, result, currency),
        chart=intervals(
            [row],
            said(request, N_("The share of all that comes which the channel causes, with its interval")),
            (ends[0], said(request, N_("nothing")), ends[1]),
        ),
        table=[
            (label, percent_text(result["share"], locale, 1),
             f"{percent_text(result['share_low'], locale, 1)} … {percent_text(result['share_high'], locale, 1)}")
        ],
    )  # fmt: skip


def _sentence(request: Request, result: Mapping[str, Any], label: str) -> str:
    if result["share_low"] > 0:
        words = N_("Without %(channel)s less comes: it truly causes something.")
    elif result["share_high"] < 0:
        words = N_("More came where %(channel)s rested: look for what else was different there.")
    else:
        words = N_("Not shown that %(channel)s causes anything: as much came without it, as far as this can tell.")
    return said(request, words, channel=label)


def _each(request: Request, result: Mapping[str, Any], currency: str) -> str:
    """What was saved for each that failed to come; only where both are more than nothing."""
    saved = result["saved_minor"]
    if not saved or saved <= 0 or result["lost"] <= 0:
        return ""

    def cost(lost: float) -> str:
        return money_text(Money(round(saved / lost), currency), locale_of(request)) if lost > 0 else "∞"

    return f"{cost(result['lost'])} ({cost(result['high'])} … {cost(result['low'])})"
