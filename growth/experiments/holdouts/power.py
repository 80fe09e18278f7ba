"""How small an effect a hold-out will see, by playing it in the past, when nothing rested. Pure."""

from dataclasses import dataclass
from math import ceil

from growth.experiments.holdouts.estimating import LEVEL, Lost, Weeks, estimate, foresee, played, times

POWER = 0.8
_ENOUGH_PLAYS = 10


@dataclass(frozen=True)
class Seen:
    """What a hold-out of so many weeks will show."""

    weeks: int
    smallest: float
    """The share of all that comes which the channel has to cause, to be seen 8 times in 10; 1 or more for nothing."""
    plays: int
    """How often it could be played in the past."""
    alarms: int
    """How often it took chance for an effect; one in ten is what the interval promises."""


def seen_in(before: Weeks, weeks: int) -> Seen | None:
    """What so many weeks will show. None with too little past.

    Each play takes a stretch of the past as if the channel had rested, and asks how large a loss would have been
    told from nothing; eight in ten plays have to see it. The formula's answer counts when it is the larger one, since
    plays overlap and are few.
    """
    found = foresee(before, _usual(before, weeks), weeks)
    if found is None:
        return None
    plays = [one for past in played(before, weeks) if (one := estimate(*past, weeks)) is not None and one.came > 0]
    reached = sorted(_needed(one) for one in plays)
    reach = times(1 - LEVEL, found.freedom) + times(2 * (1 - POWER), found.freedom)
    smallest = reach * found.error / found.expected
    if len(plays) >= _ENOUGH_PLAYS:
        smallest = max(smallest, reached[ceil(POWER * len(reached)) - 1])
    return Seen(weeks, smallest, len(plays), sum(one.low > 0 or one.high < 0 for one in plays))


def _usual(before: Weeks, weeks: int) -> float:
    """What comes elsewhere in so many weeks that are as the last four."""
    return sum(before.on[-4:]) / 4 * weeks


def _needed(play: Lost) -> float:
    """The share that had to be lost for the interval to lie above nothing."""
    return (play.high - play.lost - play.lost) / play.came


def rank(before: Weeks, weeks: int) -> float:
    """How uncertain the outcome of so many weeks is, as a share of what is expected: the smaller the better."""
    found = foresee(before, _usual(before, weeks), weeks)
    return found.error / found.expected if found else float("inf")
