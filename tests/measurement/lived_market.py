"""The rehearsal market in numbers: what a year of its spending brings and is credited with, and what a move would.

The market's own curves, seasons and inclinations are asked, without its people one by one, so that many years can be
lived in a second; e-mail, which comes to customers alone, is left out.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from growth.measurement.advice.causing import Measured
from growth.measurement.advice.curves import WEEKS_A_MONTH
from growth.sandbox.dice import Dice
from growth.sandbox.market.lives import inclination
from growth.sandbox.market.seasons import buyers_season
from growth.sandbox.market.shoppers import REACHING
from growth.sandbox.market.sources import BUYER_SOURCES, spent_a_thousand
from growth.sandbox.past import names

CHANNELS = tuple(one for one in REACHING if one != "direct")
LAST_TOUCH_MOVES = 0.8
WEEKS = 52
FIRST = date(2025, 11, 3)
Floats = NDArray[np.float64]
_DAYS = [FIRST + timedelta(days=place) for place in range(7 * WEEKS)]
_SUBSETS = list(product((False, True), repeat=len(CHANNELS)))


@dataclass(frozen=True)
class Year:
    """A year of a market of so many people who look for something on an ordinary day."""

    seed: str
    people: int
    spread: float = 0.0
    """Moves more from week to week than the market's channels do on their own (of the logarithm)."""

    @cached_property
    def spent(self) -> Floats:
        """US cents by channel and day for every thousand buyers, the same in each country."""
        dice, more = Dice(self.seed), np.random.default_rng(int(self.seed))
        weeks = np.exp(more.normal(0, self.spread, (len(CHANNELS), WEEKS))).repeat(7, axis=1)
        plain = [[spent_a_thousand(one, "US", day, dice) for day in _DAYS] for one in CHANNELS]
        return np.array(plain) * weeks

    @cached_property
    def looking(self) -> Floats:
        """By day."""
        share = names.BUYERS.items()
        return np.array([
            self.people * sum(part * buyers_season(nation.country, day) for nation, part in share) for day in _DAYS
        ])  # fmt: skip

    def chances(self, spent: Floats) -> Floats:
        """By channel, day: what part of those looking register and came by the channel last; the last is nobody's."""
        reach = np.array([np.vectorize(BUYER_SOURCES[one].reach)(spent[place]) for place, one in enumerate(CHANNELS)])
        found = np.zeros((len(CHANNELS) + 1, spent.shape[1]))
        for subset, last in zip(_SUBSETS, _lasts(), strict=True):
            met = {one for one, there in zip(CHANNELS, subset, strict=True) if there}
            chance = np.prod([reach[at] if there else 1 - reach[at] for at, there in enumerate(subset)], axis=0)
            found += np.outer(last, chance * inclination(met))
        return found

    @cached_property
    def credited(self) -> Floats:
        """People by channel and week, by the last touch; drawn by chance."""
        dice = np.random.default_rng(int(self.seed) + 1)
        return _weekly(dice.poisson(self.chances(self.spent) * self.looking).astype(np.float64))

    def spend(self, channel: str) -> Floats:
        """US cents by week."""
        weeks: Floats = _weekly(self.spent[CHANNELS.index(channel)][None] * self.people / 1000)[0]
        return weeks

    def measured(self, channel: str, error: float, weeks: int = 12) -> Measured:
        """What a hold-out with this relative error would have said of the last weeks."""
        there = (self.chances(self.spent).sum(axis=0) * self.looking)[-7 * weeks :].sum()
        without = self.spent.copy()
        without[CHANNELS.index(channel)] = 0
        truth = there - (self.chances(without).sum(axis=0) * self.looking)[-7 * weeks :].sum()
        dice = np.random.default_rng(int(self.seed) * 31 + CHANNELS.index(channel))
        return Measured(float(truth * (1 + dice.normal(0, error))), float(truth * error), weeks)

    def truly(self, source: str, target: str, minor: float) -> float:
        """People a month more by moving so many cents a month, with all else, demand too, as in the last four weeks."""
        usual = self.spent[:, -28:].mean(axis=1)
        moved = usual.copy()
        week = minor / WEEKS_A_MONTH / 7 / self.people * 1000
        moved[CHANNELS.index(source)] -= week
        moved[CHANNELS.index(target)] += week
        both = self.chances(np.column_stack([usual, moved])).sum(axis=0)
        return float((both[1] - both[0]) * self.looking[-28:].mean() * 7 * WEEKS_A_MONTH)


def _weekly(days: Floats) -> Floats:
    weeks: Floats = days.reshape(len(days), -1, 7).sum(axis=2)
    return weeks


def _lasts() -> list[Floats]:
    """For each set of channels met, the share of each to be the last one; the last share is for nobody met."""
    dice = np.random.default_rng(5)
    late = np.array([BUYER_SOURCES[one].comes_late for one in CHANNELS])
    drawn = late + LAST_TOUCH_MOVES * dice.random((4000, len(CHANNELS)))
    shares = []
    for subset in _SUBSETS:
        share = np.zeros(len(CHANNELS) + 1)
        if any(subset):
            last = np.where(np.array(subset), drawn, -1.0).argmax(axis=1)
            share[: len(CHANNELS)] = np.bincount(last, minlength=len(CHANNELS)) / len(last)
        else:
            share[-1] = 1
        shares.append(share)
    return shares
