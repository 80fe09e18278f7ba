"""What the law and large receivers want below every message: a postal address, and a way out that works at a click."""

from growth.campaigns.checks.finding import Check, Letter, about
from growth.campaigns.email.personal import UNSUBSCRIBE, tag
from growth.locales import N_

KEY = "footing"
WELL = N_("The way out of the list and the place for your postal address are in every part.")


_PARTS = (
    (
        "source",
        "postal_address",
        N_("%(language)s: the message has no unsubscribe link."),
        N_("%(language)s: the message doesn't name your postal address."),
    ),
    (
        "source_text",
        "postal_address_text",
        N_("%(language)s: the text part has no unsubscribe link."),
        N_("%(language)s: the text part doesn't name your postal address."),
    ),
)


def look(letter: Letter) -> list[Check]:
    """A part without the way out, or without the postal address."""
    found, remedy = [], N_("Include the footer in it.")
    for part, address, no_way_out, no_address in _PARTS:
        body: str = getattr(letter, part)
        if UNSUBSCRIBE not in body:
            found.append(about(letter, KEY, "bad", no_way_out, remedy))
        if tag(address) not in body:
            found.append(about(letter, KEY, "bad", no_address, remedy))
    return found


def judge_header(public_url: str, *, demo: bool) -> Check:
    """Whether the header by which mail programs unsubscribe at one click can work (RFC 8058, section 3.1: https)."""
    if demo or public_url.startswith("https:"):
        return Check("one_click", "good", N_("Mail programs can unsubscribe their readers with one click."))
    return Check(
        "one_click",
        "warn",
        N_("Mail programs offer no one-click unsubscribe, since your public address has no TLS."),
        N_("Put a proxy with TLS in front, and set GROWTH_BASE_URL to its https address."),
    )
