"""Which regions a channel rests in: such as move like the others, and of the good choices one by a coin. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from random import Random

from growth.experiments.holdouts.estimating import FEWEST_WEEKS, Weeks
from growth.experiments.holdouts.power import Seen, rank, seen_in

LENGTHS = (2, 3, 4, 6, 8, 12)
"""Weeks that a hold-out may last."""
_FEWEST_A_WEEK = 1.0
"""Where less comes, a region tells nothing, and only stands on the other side."""
_MOST_REGIONS = 40
_TRIES = 120
_GOOD = 0.5
"""This part of the choices is as good as each other; which one it is, a coin says. The very best look better than they
are, since chance made them so in the past."""

Panel = Mapping[str, Sequence[float]]
"""Region → what came in each week, the earliest first; all equally long."""


@dataclass(frozen=True)
class Choice:
    """Regions where the channel rests and those they are compared with, and what that will show by length."""

    off: tuple[str, ...]
    on: tuple[str, ...]
    share: float
    """Of all that comes, what came where it rests."""
    seen: tuple[Seen, ...]


def weeks_of(panel: Panel, off: Sequence[str], on: Sequence[str]) -> Weeks:
    """Both sides added up by week."""
    nothing = [0.0] * len(next(iter(panel.values()), ()))
    sides = ([nothing, *(panel[region] for region in side if region in panel)] for side in (off, on))
    return Weeks(*([sum(week) for week in zip(*side, strict=True)] for side in sides))


def choose(panel: Panel, most_share: float, seed: int) -> Choice | None:
    """A good choice with what it will show. None where there are too few regions, or too little past."""
    off = pick(panel, most_share, seed)
    return looked_at(panel, off) if off else None


def pick(panel: Panel, most_share: float, seed: int) -> tuple[str, ...] | None:
    """Regions with together at most this share of all that comes.

    The coin keeps it an experiment: regions that somebody picks tend to be those where something else happens too.
    """
    total = sum(map(sum, panel.values()))
    usable = _usable(panel)
    if len(usable) < 2 or not total:
        return None
    dice = Random(seed)  # noqa: S311 - a plan is repeatable by its seed, and nobody gains by guessing it
    tried = {one for _ in range(_TRIES) if (one := _draw(panel, usable, most_share * total, dice))}
    ranked = sorted((rank(weeks_of(panel, one, _others(panel, one)), 4), one) for one in tried)
    good = [one for error, one in ranked if error < float("inf")][: ceil(_GOOD * len(ranked))]
    return dice.choice(good) if good else None


def looked_at(panel: Panel, off: Sequence[str]) -> Choice | None:
    """What resting in just these regions will show. None when no length shows anything."""
    on = _others(panel, off)
    before = weeks_of(panel, off, on)
    seen = [found for length in LENGTHS if (found := seen_in(before, length)) is not None]
    everything = sum(before.off) + sum(before.on)
    if not seen:
        return None
    return Choice(tuple(sorted(off)), on, sum(before.off) / everything, tuple(seen))


def _usable(panel: Panel) -> list[str]:
    """Regions where enough comes, the largest first."""
    busy = [name for name, weeks in panel.items() if len(weeks) >= FEWEST_WEEKS and _each(weeks) >= _FEWEST_A_WEEK]
    return sorted(busy, key=lambda name: (-sum(panel[name]), name))[:_MOST_REGIONS]


def _each(weeks: Sequence[float]) -> float:
    return sum(weeks) / len(weeks)


def _draw(panel: Panel, usable: Sequence[str], most: float, dice: Random) -> tuple[str, ...] | None:
    """Regions in an order of chance, as long as they fit; at least half of what is allowed, else nothing shows."""
    taken, held = [], 0.0
    for region in dice.sample(usable, len(usable)):
        size = sum(panel[region])
        if held + size <= most:
            taken.append(region)
            held += size
    return tuple(sorted(taken)) if held >= most / 2 and len(taken) < len(usable) else None


def _others(panel: Panel, off: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(set(panel) - set(off)))
