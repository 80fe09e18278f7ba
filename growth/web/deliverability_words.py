"""Words for what came back of messages: receivers, classes of bounces, findings."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request
from markupsafe import Markup

from growth.campaigns.email.deliverability import Fate, Finding
from growth.locales import N_
from growth.web.charts import columns
from growth.web.formats import exact_text, number_text, percent_text
from growth.web.rendering import locale_of, said

_MINUTE = timedelta(minutes=1)
_FEWEST, _MOST = 40, 240
"""Columns of the chart: a short time doesn't fill it, and of a long one only minutes in which something was sent."""

BOUNCES = {
    "invalid": (N_("The address doesn't exist"), N_("It is never written to again.")),
    "mailbox": (N_("The mailbox is full or out of use"), N_("It is tried again with the next campaign.")),
    "reputation": (N_("The receiver distrusts the sender"), N_("Look at SPF, DKIM and DMARC, and send less there.")),
    "content": (
        N_("The receiver refused the content"),
        N_("Look at the check of the message before you send it again."),
    ),
    "volume": (N_("Too much at once"), N_("Set a limit per hour for this receiver.")),
    "technical": (N_("The servers didn't understand each other"), N_("Mostly passes by itself.")),
    "unclassified": (N_("No known reason"), N_("Read the receiver's own words in the list of messages.")),
}
MEASURES = {
    "delivered": N_("Delivered"),
    "deferred": N_("Put off"),
    "bounced": N_("Bounced"),
    "complained": N_("Complained"),
    "opened": N_("Opened"),
    "clicked": N_("Clicked"),
}


def receiver_name(request: Request, receiver: str) -> str:
    """Who takes the messages in, where that is known."""
    return receiver or said(request, N_("Not known"))


def finding_words(request: Request, finding: Finding) -> dict[str, str]:
    """A finding as a page shows it."""
    shares = {name: percent_text(value, locale_of(request), 1) for name, value in finding.values.items()}
    name = receiver_name(request, finding.receiver)
    return {
        "tone": finding.tone,
        "sentence": said(request, finding.sentence, receiver=name, **shares),
        "remedy": said(request, finding.remedy),
    }


def table(request: Request, fates: dict[str, Fate], most: int) -> dict[str, Any]:
    """Rows of a table by receiver: name, sent, and each measure's share; the rest beyond `most` in one."""
    named = list(fates.items())
    rows = [_row(request, receiver_name(request, name), fate) for name, fate in named[:most]]
    if named[most:]:
        rest = Fate(*(sum(getattr(fate, field) for _, fate in named[most:]) for field in ("sent", *MEASURES)))
        rows.append(_row(request, said(request, N_("Others")), rest))
    return {"rows": rows, "measures": MEASURES}


def _row(request: Request, name: str, fate: Fate) -> dict[str, Any]:
    locale = locale_of(request)
    shares = {measure: percent_text(fate.share(measure), locale, 1) for measure in MEASURES}
    return {"name": name, "sent": number_text(fate.sent, locale), "shares": shares}


def minutes_chart(request: Request, minutes: Mapping[datetime, Fate], zone: str) -> Markup:
    """Messages by the minute they were sent in, the minutes between them too."""
    first = min(minutes)
    span = max(int((max(minutes) - first) / _MINUTE), _FEWEST - 1)
    every = [first + place * _MINUTE for place in range(span + 1)] if span < _MOST else list(minutes)
    bars = [
        (_bar(request, minute, minutes.get(minute, Fate()), zone), minutes.get(minute, Fate()).sent) for minute in every
    ]
    return columns(bars, said(request, N_("Messages by the minute they were sent in")))


def _bar(request: Request, minute: datetime, fate: Fate, zone: str) -> str:
    locale = locale_of(request)
    figures = {name: number_text(getattr(fate, name), locale) for name in ("sent", "delivered", "bounced")}
    sentence = N_("%(moment)s: %(sent)s sent, %(delivered)s delivered, %(bounced)s bounced")
    return said(request, sentence, moment=exact_text(minute, locale, zone), **figures)
