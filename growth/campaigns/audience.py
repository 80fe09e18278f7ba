"""The audience: who is in it, who of them may be written to, and why the others are left out."""

from growth.campaigns.choosing.permission import WITHOUT, may
from growth.campaigns.choosing.reviewing import MOST_REVIEWED, Review, foreseen, review, spread
from growth.campaigns.choosing.selecting import select

__all__ = [
    "MOST_REVIEWED",
    "REASONS",
    "WITHOUT",
    "Review",
    "foreseen",
    "may",
    "review",
    "select",
    "spread",
]

REASONS = (
    "erased",
    "no_address",
    "suppressed",
    "no_consent",
    "left_topic",
    "paused",
    "address_policy",
    "no_language",
    "duplicate",
    "frequency_cap",
    "quiet_hours",
    "holdout",
    "no_value",
)
"""Why somebody in the audience gets nothing; the first that is true counts. `no_value` shows only when a message is
put together: something it says of its recipient isn't known, and it has no words for that."""
