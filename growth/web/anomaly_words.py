"""How an anomaly is told: one sentence, what was seen against what was usual, and what may lie behind it."""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request

from growth.attribution.channels import labels
from growth.locales import N_
from growth.measurement.anomalies.series import ALL
from growth.measurement.figures import WHOLE
from growth.measurement.records import Anomaly
from growth.web.formats import number_text, percent_text, short_day_text
from growth.web.people_words import country_name
from growth.web.rendering import locale_of, said

SENTENCES = {
    ("buyer", "touches"): N_("%(place)s: visits %(change)s since %(since)s"),
    ("buyer", "acquired"): N_("%(place)s: registrations %(change)s since %(since)s"),
    ("buyer", "orders"): N_("%(place)s: first orders %(change)s since %(since)s"),
    ("buyer", "cost_each"): N_("%(place)s: cost per registration %(change)s since %(since)s"),
    ("seller", "touches"): N_("%(place)s: visits %(change)s since %(since)s"),
    ("seller", "acquired"): N_("%(place)s: opened shops %(change)s since %(since)s"),
    ("seller", "orders"): N_("%(place)s: first sales %(change)s since %(since)s"),
    ("seller", "cost_each"): N_("%(place)s: cost per opened shop %(change)s since %(since)s"),
}
CAUSES = {
    "tracking": N_("Almost no visits arrive: look whether the script still is on the pages."),
    "budget": N_("The budget of this month is spent."),
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
    new: bool


def departed(request: Request, one: Anomaly) -> Departed:
    """In the viewer's language."""
    locale = locale_of(request)
    values = {"place": _place(request, one), "change": signed(one.change, locale),
              "since": short_day_text(one.since, locale)}  # fmt: skip
    seen, usual = (number_text(round(one.evidence[name] / WHOLE), locale) for name in ("seen", "expected"))
    more = N_("For the same cost %(seen)s came instead of %(usual)s.")
    if one.measure != "cost_each":
        more = N_("%(seen)s were counted, %(usual)s are usual.")
    found = [said(request, CAUSES[cause], change=signed(change, locale)) for cause, change in one.evidence["causes"]]
    country = "" if one.country == ALL else one.country
    query = urlencode({"side": one.side, "country": country, "days": 28} if country else {"side": one.side, "days": 28})
    icon = "trending-up" if one.change > 0 else "trending-down"
    sentence = said(request, SENTENCES[one.side, one.measure], **values)
    told = said(request, more, seen=seen, usual=usual)
    return Departed(one.id, one.side, one.channel, query, icon, sentence, told, found, one.state == "new")


def signed(change: int, locale: str) -> str:
    """Ten-thousandths as `+64 %` or `−60 %`."""
    text = percent_text(round(change / 10_000, 4), locale).replace("-", "−")
    return f"+{text}" if change > 0 else text


def _place(request: Request, one: Anomaly) -> str:
    channel = said(request, labels(one.side)[one.channel])
    if one.country == ALL:
        return channel
    country = country_name(one.country, locale_of(request)) if one.country else ""
    return said(request, N_("%(country)s, %(channel)s"), country=country or said(request, N_("Country not known")),
                channel=channel)  # fmt: skip
