"""Words for campaigns: reasons, how far a message is, an audience in a sentence."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request

from growth.campaigns.email.catalogue import locales_of, message_names
from growth.campaigns.fields import SIDES, country_names
from growth.campaigns.states import State
from growth.locales import LANGUAGE_NAMES, LOCALES, N_
from growth.web.formats import day_text, percent_text
from growth.web.rendering import locale_of, said

REASONS = {
    "no_consent": N_("No permission for this purpose"),
    "suppressed": N_("Unsubscribed, complained or bounced"),
    "holdout": N_("Held out"),
    "no_language": N_("No text in their language"),
    "no_address": N_("No e-mail address"),
    "erased": N_("Asked to be erased"),
}
MORE = {"holdout": N_("shows what the message causes")}

DELIVERY_STATES = {
    "planned": N_("Waiting"),
    "claimed": N_("On its way"),
    "in_doubt": N_("In doubt"),
    "accepted": N_("Sent"),
    "refused": N_("Refused"),
    "delivered": N_("Delivered"),
    "bounced": N_("Bounced"),
    "complained": N_("Complained"),
    "cancelled": N_("Not sent"),
}
TONES = {
    State.SCHEDULED: "good",
    State.SENDING: "good",
    State.PAUSED: "warn",
    State.ASKS: "warn",
    "delivered": "good",
    "in_doubt": "warn",
    "refused": "bad",
    "bounced": "bad",
    "complained": "bad",
}
FIELDS = {
    "name": N_("Name"),
    "side": N_("For whom"),
    "message": N_("Message"),
    "audience": N_("Audience"),
    "holdout_percent": N_("Held out"),
}


def message_title(name: str) -> str:
    """`Welcome buyer` for `welcome_buyer`."""
    return name.replace("_", " ").capitalize()


def preview_locale(message: str, wanted: str | None) -> str | None:
    """The language a message is shown in: the one wanted where it has it, else its first; None when it's gone."""
    found = locales_of(message) if message in message_names() else []
    ordered = [locale for locale in LOCALES if locale in found]
    return wanted if wanted in ordered else next(iter(ordered), None)


def audience_words(request: Request, audience: Mapping[str, Any], zone: str) -> list[str]:
    """Its conditions, each a short phrase; a single one for everybody."""
    names = country_names(locale_of(request))
    words = []
    if audience.get("locales"):
        languages = ", ".join(LANGUAGE_NAMES[locale] for locale in audience["locales"])
        words.append(said(request, N_("who read %(languages)s"), languages=languages))
    if audience.get("countries"):
        countries = ", ".join(names.get(code, code) for code in audience["countries"])
        words.append(said(request, N_("in %(countries)s"), countries=countries))
    if audience.get("joined_after"):
        day = datetime.fromisoformat(audience["joined_after"]).astimezone(ZoneInfo(zone)).date()
        words.append(said(request, N_("known since %(day)s or later"), day=day_text(day, locale_of(request))))
    return words or [said(request, N_("everybody"))]


def field_words(request: Request, field: str, value: Any, zone: str) -> str:
    """The value of a campaign's field as people read it."""
    if field == "audience":
        return "; ".join(audience_words(request, value, zone))
    if field == "side":
        return said(request, SIDES[value])
    if field == "message":
        return message_title(value)
    if field == "holdout_percent":
        return percent_text(value / 100, locale_of(request))
    return str(value)
