"""What pages for recipients say of them: their address in part, and why they left."""

from growth.locales import N_

REASONS = {
    "too_often": N_("They come too often"),
    "not_relevant": N_("They aren't about what interests me"),
    "never_asked": N_("I never asked for them"),
    "other_address": N_("I use another address now"),
    "other": N_("Something else"),
}
"""Why somebody unsubscribed, as they may say; a closed list, so that it can be counted."""


def masked(email: str) -> str:
    """`a***@example.com`: enough to know it by, and little for whom the message was passed on to."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}***@{domain}"
