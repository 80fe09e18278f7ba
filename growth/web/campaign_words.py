"""Words for campaigns: reasons, how far a message is, what a field says."""

from collections.abc import Callable
from typing import Any

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.email.catalogue import locales_of
from growth.campaigns.fields import SIDES
from growth.campaigns.messages.records import MessageVersion
from growth.campaigns.messages.sources import message_names
from growth.campaigns.states import State
from growth.locales import LOCALES, N_
from growth.web.audience_words import conditions_text
from growth.web.campaign_when import part_words
from growth.web.experiment_views import experiment_words
from growth.web.formats import percent_text
from growth.web.rendering import locale_of, said

MOST_VERSIONS = 20
REASONS = {
    "no_consent": N_("No permission for this purpose"),
    "suppressed": N_("Unsubscribed, complained or bounced"),
    "left_topic": N_("Left this topic"),
    "paused": N_("Takes a rest from messages"),
    "address_policy": N_("A shared or disposable address"),
    "duplicate": N_("Somebody else with the same mailbox gets it"),
    "no_language": N_("No text in their language"),
    "frequency_cap": N_("Has had enough messages lately"),
    "quiet_hours": N_("Only quiet hours are left to them"),
    "holdout": N_("Held out"),
    "no_value": N_("Something the message says of them isn't known"),
    "no_address": N_("No e-mail address"),
    "erased": N_("Asked to be erased"),
}
MORE = {"holdout": N_("shows what the message causes"), "frequency_cap": N_("rules of sending")}
WHY = {
    "no_consent": N_("They haven't agreed to these e-mails, or not in the way the law of their country asks for."),
    "suppressed": N_("Their address is among those that must not be written to."),
    "left_topic": N_("They left the list that this campaign is about."),
    "paused": N_("They asked for a pause in their preferences."),
    "address_policy": N_("The rules of sending leave such addresses out."),
    "frequency_cap": N_("They have had as many messages as the rules of sending, or their own wish, allow."),
    "quiet_hours": N_("The rules of sending leave them no hour before the campaign's time is over."),
    "no_language": N_("Translate the message, and they can get it."),
    "no_value": N_("Give the variable a fallback in the message, and they can get it."),
    "holdout": N_("They were chosen by chance to get nothing, so that it shows what the message causes."),
}
"""More about a reason, or what can be done."""

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
    State.AWAITS: "warn",
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
    "message_version": N_("Version of the message"),
    "list_id": N_("Topic"),
    "audience": N_("Audience"),
    "audience_version_id": N_("Saved audience"),
    "holdout_percent": N_("Held out"),
    "experiment": N_("Experiment"),
    "kind": N_("How often"),
    "recurrence": N_("When"),
    "trigger": N_("When"),
    "timing": N_("At which hour"),
    "scheduled_at": N_("When"),
    "per_hour": N_("Messages an hour"),
}


_VERSION, _SHIPPED = N_("%(message)s, version %(number)s"), N_("%(message)s, as shipped")


def message_title(name: str) -> str:
    """`Welcome buyer` for `welcome_buyer`."""
    return name.replace("_", " ").capitalize()


def preview_locale(session: Session, message: str, wanted: str | None, version: int | None = None) -> str | None:
    """The language a message is shown in: the one wanted where it has it, else its first; None when it's gone."""
    there = message in message_names(session, archived=True)
    found = locales_of(session, message, version) if there else []
    ordered = [locale for locale in LOCALES if locale in found]
    return wanted if wanted in ordered else next(iter(ordered), None)


def message_options(session: Session, request: Request, chosen: str, version: int | None) -> list[tuple[str, str]]:
    """Each message as it is newest, and of the chosen one the versions saved here: key and words."""
    options = [(name, message_title(name)) for name in message_names(session)]
    found = select(MessageVersion.version).where(MessageVersion.message == chosen)
    kept = session.scalars(found.order_by(MessageVersion.version.desc()).limit(MOST_VERSIONS)).all()
    numbers = dict.fromkeys([*kept, *([version] if version is not None else [])])
    title = message_title(chosen)
    return options + [
        (f"{chosen}@{number}", said(request, _VERSION if number else _SHIPPED, message=title, number=number))
        for number in numbers
    ]


def message_key(message: str, version: int | None) -> str:
    """A message and version as a form names them."""
    return message if version is None else f"{message}@{version}"


def message_of(key: str) -> tuple[str, int | None]:
    """The reverse of `message_key`."""
    name, _, number = key.partition("@")
    return (name, int(number)) if number.isascii() and number.isdecimal() and len(number) < 9 else (key, None)


def field_words(request: Request, session: Session, field: str, value: Any, zone: str) -> str:
    """The value of a campaign's field as people read it."""
    if value is None:
        return said(request, N_("none"))
    if field in _WORDS:
        return _WORDS[field](request, value)
    if field == "audience":
        return conditions_text(request, session, value, zone)
    if field in {"recurrence", "trigger", "timing", "scheduled_at"}:
        return part_words(request, field, value, zone)
    return str(value)


_WORDS: dict[str, Callable[[Request, Any], str]] = {
    "side": lambda request, side: said(request, SIDES[side]),
    "message": lambda _, name: message_title(name),
    "experiment": experiment_words,
    "holdout_percent": lambda request, percent: percent_text(percent / 100, locale_of(request)),
}
