"""How an anomaly is told: one sentence, what was seen against what was usual, and what may lie behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import Request

from growth.attribution.channels import labels
from growth.locales import N_
from growth.measurement.anomalies.series import ALL
from growth.measurement.figures import WHOLE
from growth.measurement.records import Anomaly
from growth.web.formats import number_text, percent_text, short_day_text, weekday_text
from growth.web.people_words import country_name
from growth.web.rendering import locale_of, said

UP = {
    ("buyer", "touches"): N_("%(place)s: visits up %(change)s since %(since)s"),
    ("buyer", "acquired"): N_("%(place)s: registrations up %(change)s since %(since)s"),
    ("buyer", "orders"): N_("%(place)s: first orders up %(change)s since %(since)s"),
    ("buyer", "cost_each"): N_("%(place)s: cost per registration up %(change)s since %(since)s"),
    ("seller", "touches"): N_("%(place)s: visits up %(change)s since %(since)s"),
    ("seller", "acquired"): N_("%(place)s: opened shops up %(change)s since %(since)s"),
    ("seller", "orders"): N_("%(place)s: first sales up %(change)s since %(since)s"),
    ("seller", "cost_each"): N_("%(place)s: cost per opened shop up %(change)s since %(since)s"),
}
DOWN = {
    ("buyer", "touches"): N_("%(place)s: visits down %(change)s since %(since)s"),
    ("buyer", "acquired"): N_("%(place)s: registrations down %(change)s since %(since)s"),
    ("buyer", "orders"): N_("%(place)s: first orders down %(change)s since %(since)s"),
    ("buyer", "cost_each"): N_("%(place)s: cost per registration down %(change)s since %(since)s"),
    ("seller", "touches"): N_("%(place)s: visits down %(change)s since %(since)s"),
    ("seller", "acquired"): N_("%(place)s: opened shops down %(change)s since %(since)s"),
    ("seller", "orders"): N_("%(place)s: first sales down %(change)s since %(since)s"),
    ("seller", "cost_each"): N_("%(place)s: cost per opened shop down %(change)s since %(since)s"),
}
WITH = {
    "held:touches": N_("%(sentence)s, while visits held"),
    "answer": N_("%(sentence)s; pages answer in %(now)s s since then"),
}
"""What belongs into the sentence itself, in this order; all other causes stand below it."""
CAUSES = {
    "together": N_("Other channels departed alike (%(channels)s): a holiday, or the site itself."),
    "tracking": N_("Almost no visits arrive: look whether the script still is on the pages."),
    "budget": N_("The budget of this month is spent."),
    "stopped": N_("Without cost since then: %(names)s."),
    "ended": N_("E-mail campaigns that ended just before, or are paused: %(names)s."),
    "uncosted": N_("No cost is known since then: it stopped, or was not brought in yet."),
    "rate": N_("Amounts without a rate are left out: %(currencies)s."),
    "answer": N_("Pages answer in %(now)s s since then, %(before)s s before."),
    "bots": N_("Bots make %(now)s of the page views, %(before)s before."),
    "elsewhere": N_("In all countries together it held."),
    "held:touches": N_("Visits held (%(change)s)."),
    "held:acquired": N_("Those acquired held (%(change)s)."),
    "held:orders": N_("Orders held (%(change)s)."),
    "held:cost_each": N_("The cost for each held (%(change)s)."),
    "moved:touches": N_("Visits changed too: %(change)s."),
    "moved:acquired": N_("Those acquired changed too: %(change)s."),
    "moved:orders": N_("Orders changed too: %(change)s."),
    "moved:cost_each": N_("The cost for each changed too: %(change)s."),
}
MEASURES = {
    ("buyer", "touches"): N_("visits"),
    ("buyer", "acquired"): N_("registrations"),
    ("buyer", "orders"): N_("first orders"),
    ("buyer", "cost_each"): N_("cost per registration"),
    ("seller", "touches"): N_("visits"),
    ("seller", "acquired"): N_("opened shops"),
    ("seller", "orders"): N_("first sales"),
    ("seller", "cost_each"): N_("cost per opened shop"),
}
SHOWN_BENEATH = 6


@dataclass(frozen=True)
class Departed:
    """An anomaly in words."""

    id: int
    side: str
    channel: str
    query: str
    icon: str
    sentence: str
    more: str
    causes: list[str]
    beneath: list[str]
    """What folded beneath it, and how many more there are in the last line."""
    new: bool


def departed(request: Request, one: Anomaly) -> Departed:
    """In the viewer's language."""
    locale = locale_of(request)
    seen, usual = (number_text(round(one.evidence[name] / WHOLE), locale) for name in ("seen", "expected"))
    more = N_("For the same cost %(seen)s came instead of %(usual)s.")
    if one.measure != "cost_each":
        more = N_("%(seen)s were counted, %(usual)s are usual.")
    country = "" if one.country == ALL else one.country
    query = urlencode({"side": one.side, "country": country, "days": 28} if country else {"side": one.side, "days": 28})
    icon = "trending-up" if one.change > 0 else "trending-down"
    told = said(request, more, seen=seen, usual=usual)
    return Departed(
        one.id, one.side, one.channel, query, icon, _sentence(request, one), told,
        [_cause(request, *cause) for cause in one.evidence["causes"]], _beneath(request, one), one.state == "new",
    )  # fmt: skip


def _sentence(request: Request, one: Anomaly) -> str:
    locale = locale_of(request)
    recent = one.day - one.since < timedelta(days=7)
    values = {
        "place": place(request, one.side, one.channel, one.country),
        "change": percent_text(abs(round(one.change / 10_000, 4)), locale),
        "since": weekday_text(one.since, locale) if recent else short_day_text(one.since, locale),
    }
    sentence = said(request, (UP if one.change > 0 else DOWN)[one.side, one.measure], **values)
    found = {name: _values(request, name, change, *more) for name, change, *more in one.evidence["causes"]}
    for name, words in WITH.items():
        if name in found:
            sentence = said(request, words, sentence=sentence, **found[name])
    return sentence


def _cause(request: Request, name: str, change: int, more: Mapping[str, Any] | None = None) -> str:
    return said(request, CAUSES[name], **_values(request, name, change, more))


def _values(request: Request, name: str, change: int, more: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What stands in the places of a cause; those kept before there was more to say have only the change."""
    locale, kept = locale_of(request), more or {}
    told = {"change": signed(change, locale)} | {key: str(value) for key, value in kept.items()}
    if name == "answer":
        told |= {key: number_text(round(kept[key] / 1000, 1), locale, 1) for key in ("before", "now")}
    if name == "bots":
        told |= {key: percent_text(round(kept[key] / 10_000, 4), locale) for key in ("before", "now")}
    if kept.get("more"):
        told["names"] = said(request, N_("%(names)s and %(more)s more"), names=told["names"], more=told["more"])
    return told


def _beneath(request: Request, one: Anomaly) -> list[str]:
    below: Sequence[Sequence[Any]] = one.evidence.get("beneath", ())
    lines = [
        said(request, N_("%(place)s: %(measure)s %(change)s"), place=place(request, one.side, channel, country),
             measure=said(request, MEASURES[one.side, measure]), change=signed(change, locale_of(request)))
        for channel, country, measure, change in below[:SHOWN_BENEATH]
    ]  # fmt: skip
    if len(below) > SHOWN_BENEATH:
        rest = number_text(len(below) - SHOWN_BENEATH, locale_of(request))
        lines.append(said(request, N_("and %(rest)s more"), rest=rest))
    return lines


def signed(change: int, locale: str) -> str:
    """Ten-thousandths as `+64 %` or `−60 %`."""
    text = percent_text(round(change / 10_000, 4), locale).replace("-", "−")
    return f"+{text}" if change > 0 else text


def place(request: Request, side: str, channel: str, country: str) -> str:
    """`Brazil, Paid search`, or the channel alone where it is all countries."""
    told = said(request, labels(side).get(channel, channel))
    if country == ALL:
        return told
    named = country_name(country, locale_of(request)) if country else said(request, N_("Country not known"))
    return said(request, N_("%(country)s, %(channel)s"), country=named, channel=told)
