"""What budget advice answers: a move with its interval, or why the past can't say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from growth.locales import N_

LEVEL = 0.9
"""Of the interval of a move."""
REASONS = {
    "too_few_weeks": N_("The past can't say: it takes twelve weeks of figures, half of them with a cost."),
    "no_variation": N_("The past can't say: what was spent hardly ever changed, so its effect can't be told."),
    "no_effect": N_("The past can't say: weeks with more money brought no more people than others."),
    "moves_together": N_(
        "The past can't say: its money rose and fell with another channel's, so nobody knows which brought whom."
    ),
    "more_than_spent": N_("It is more than this channel costs a month."),
    "never_seen": N_("It is far more than this channel has ever cost, and nobody knows what happens there."),
    "both_signs": N_("The past can't say whether this would bring more people or fewer."),
    "no_better": N_("No move between two channels is sure to bring more people than it takes away."),
    "not_reckoned": N_("This has not been reckoned yet. It is done every hour."),
}
"""What `Silent.reason` means."""


@dataclass(frozen=True)
class Silent:
    """Why the past can't say, a key of `REASONS`; `channel` is the one that it is about, "" for all."""

    reason: str
    channel: str = ""


@dataclass(frozen=True)
class Move:
    """What moving `amount` minor units a month brings: people a month more, once it has run its course.

    `low` and `high` are the interval that holds it nine times in ten. `tested` says whether both channels' curves are
    anchored by a hold-out; without, they rest on credit and on weeks that differ.
    """

    from_channel: str
    to_channel: str
    amount: int
    currency: str
    low: float
    expected: float
    high: float
    tested: bool = False


@dataclass(frozen=True)
class Point:
    """What a spend of `spend` minor units a month brings a month, and the interval that holds it nine times in ten."""

    spend: float
    low: float
    expected: float
    high: float


@dataclass(frozen=True)
class Drawn:
    """A channel's curve for the eye, from nothing to as far as anybody knows; minor units and people a month."""

    points: tuple[Point, ...]
    usual: float
    """Of the last four weeks."""
    highest: float
    """Ever spent, as if it were kept up for a month."""
    half_life: float
    """Weeks until half of what a week's money does is over."""
    tested: bool
    """Whether a hold-out anchors it."""

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "Drawn":
        """From what `asdict` made of one."""
        return cls(**dict(told) | {"points": tuple(Point(**one) for one in told["points"])})
