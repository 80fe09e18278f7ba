"""Markov attribution: what would be lost without a channel, by an exact solution of the chain of contacts. Pure.

The chain is that of Anderl, Becker, von Wangenheim and Schumann, "Mapping the customer journey" (2016), as the package
ChannelAttribution builds it: a state is the last `order` contacts (all of them where a path is shorter), going from a
state to itself does not count, and a path ends in conversion or in null. What that package estimates by simulation is
solved here: the removal effect of a channel is the share of conversions whose path meets one of its states.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy.sparse import csc_array, identity
from scipy.sparse.linalg import splu

from growth.attribution.paths import Numbers, Paths

State = tuple[int, ...]
_ROUNDING = 1e-12
"""Below this an effect is none: what solving in doubles leaves, on either side of nothing."""


class Chain:
    """The states that occur, how often each follows which, and what conversions from each are worth."""

    def __init__(self, paths: Paths, order: int) -> None:
        self.states: dict[State, int] = {}
        moves: dict[tuple[int, int], float] = defaultdict(float)
        begun: dict[int, float] = defaultdict(float)
        left: dict[int, float] = defaultdict(float)
        ended: dict[int, Numbers] = defaultdict(lambda: np.zeros(2))
        for steps, converted, value, null in zip(
            paths.steps, paths.conversions.tolist(), paths.values.tolist(), paths.nulls.tolist(), strict=True
        ):
            if not converted + null:
                continue
            walk = [self.states.setdefault(state, len(self.states)) for state in states_of(steps, order)]
            begun[walk[0]] += converted + null
            for state in walk:
                left[state] += converted + null
            for move in pairwise(walk):
                moves[move] += converted + null
            if converted:
                ended[walk[-1]] += (converted, value)
        count = len(self.states)
        keys = np.array(list(moves), dtype=np.int64).reshape(-1, 2)
        leaving = np.array([left[state] for state in range(count)])
        chances = np.array(list(moves.values())) / leaving[keys[:, 0]]
        self.onward = csc_array((chances, (keys[:, 0], keys[:, 1])), shape=(count, count))
        self.start = np.zeros(count)
        self.start[list(begun)] = list(begun.values())
        self.start /= self.start.sum()
        self.worth = np.zeros((count, 2))
        self.worth[list(ended)] = [told / left[state] for state, told in ended.items()]

    def reached(self, kept: Numbers | None = None) -> Numbers:
        """Conversions and value to expect of one path; of those that stay within the states `kept` where given."""
        onward, start, worth = self.onward, self.start, self.worth
        if kept is not None:
            onward, start, worth = onward[kept][:, kept], start[kept], worth[kept]
        if not len(start):
            return np.zeros(2)
        solved: Numbers = splu(csc_array(identity(len(start)) - onward)).solve(worth)
        return np.asarray(start @ solved)


def states_of(steps: State, order: int) -> Iterator[State]:
    """The states that a path goes through: its windows of `order` contacts, those alike in a row once."""
    before: State | None = None
    for first in range(max(1, len(steps) - order + 1)):
        state = steps[first : first + order]
        if state != before:
            yield state
        before = state


def removal_effects(paths: Paths, order: int) -> tuple[Numbers, Numbers]:
    """Per channel the share of conversions, and of value, that would be lost without it; each 0..1, summing to more."""
    none = np.zeros(len(paths.channels))
    if not paths.conversions.any():
        return none, none
    chain = Chain(paths, order)
    whole = chain.reached()
    through: dict[int, set[int]] = defaultdict(set)
    for state, place in chain.states.items():
        for channel in set(state):
            through[channel].add(place)
    effects = np.zeros((len(paths.channels), 2))
    everywhere = np.arange(len(chain.states))
    for channel, places in through.items():
        left = chain.reached(np.setdiff1d(everywhere, list(places)))
        effects[channel] = 1 - np.divide(left, whole, out=np.ones(2), where=whole > 0)
    effects[effects < _ROUNDING] = 0
    return effects[:, 0], effects[:, 1]
