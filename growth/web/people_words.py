"""What pages of people call things: countries, languages, bases, reasons, and what happened."""

from functools import lru_cache

from babel import Locale

from growth.locales import N_

BASES = {
    "consent": N_("Consent"),
    "contract": N_("Contract"),
    "legitimate_interest": N_("Legitimate interest"),
    "withdrawal": N_("Withdrawal"),
}
SUPPRESSIONS = {
    "unsubscribe": N_("Unsubscribed"),
    "complaint": N_("Complained of spam"),
    "hard_bounce": N_("The address doesn't exist"),
    "soft_bounce": N_("Nothing arrived for a week and more"),
    "imported": N_("On an imported list"),
    "erased": N_("Asked to be erased"),
    "manual": N_("Asked one of us"),
}
FREQUENCIES = {
    "all": N_("As they come"),
    "weekly": N_("At most one a week"),
    "twice_a_month": N_("At most two a month"),
}
JOINS = {
    "token": N_("A link in a message to them"),
    "event": N_("Something they did while signed in"),
    "registration": N_("Their registration"),
}
"""What it rests on that a browser is somebody's."""
EVENTS = {
    "page_view": N_("Looked at a page"),
    "click": N_("Followed a link"),
    "email_sent": N_("E-mail sent"),
    "email_deferred": N_("E-mail put off by their provider"),
    "email_dropped": N_("E-mail not sent by the provider"),
    "email_delivered": N_("E-mail delivered"),
    "email_open": N_("E-mail opened"),
    "email_click": N_("Followed a link in an e-mail"),
    "email_machine_open": N_("E-mail fetched by a privacy proxy"),
    "email_machine_click": N_("Link followed by a mail scanner"),
    "email_bounce": N_("E-mail bounced"),
    "email_complaint": N_("Complained of spam"),
    "unsubscribe": N_("Unsubscribed"),
    "unsubscribe_reason": N_("Said why they unsubscribed"),
    "subscribe": N_("Subscribed"),
    "registration": N_("Registered"),
    "order": N_("Ordered"),
    "refund": N_("Got money back"),
    "shop_open": N_("Opened a shop"),
    "contact": N_("Got in touch"),
    "call_withdrawn": N_("A rep took a contact back"),
    "call": N_("Was called"),
}
DELIVERIES = {
    "planned": (N_("Planned"), ""),
    "claimed": (N_("Being sent"), ""),
    "accepted": (N_("Sent"), ""),
    "in_doubt": (N_("In doubt"), "warn"),
    "refused": (N_("Refused"), "bad"),
    "delivered": (N_("Delivered"), "good"),
    "bounced": (N_("Bounced"), "bad"),
    "complained": (N_("Complained"), "bad"),
}
"""Words and tone."""


@lru_cache(maxsize=1024)
def country_name(code: str | None, locale: str) -> str:
    """The country's name, or its letters where there is none; empty for no country."""
    return str(Locale.parse(locale).territories.get(code, code)) if code else ""


@lru_cache(maxsize=1024)
def language_name(tag: str | None, locale: str) -> str:
    """The language's name, or its tag where there is none; empty for no language."""
    if not tag:
        return ""
    names = Locale.parse(locale).languages
    name = names.get(tag) or names.get(tag.split("_")[0], tag)
    return str(name[:1].upper() + name[1:])


@lru_cache
def country_choices(locale: str) -> tuple[tuple[str, str], ...]:
    """Code and name of every country in a language, by name."""
    names = Locale.parse(locale).territories
    found = [(code, str(name)) for code, name in names.items() if len(code) == 2 and code.isalpha()]
    return tuple(sorted(((code, name) for code, name in found if code != "ZZ"), key=lambda one: one[1]))
