"""Paths to conversion as a whole: the distinct ones, with what each brought. What models that learn are given."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Paths:
    """Distinct paths; all sequences are as long as there are paths, except `channels`."""

    channels: Sequence[str]
    steps: Sequence[tuple[int, ...]]
    """Of each path its channels as places in `channels`, the first contact first; none is empty."""
    conversions: Numbers
    values: Numbers
    nulls: Numbers
    """How many people went this way and did not convert."""


def paths_of(told: Sequence[Sequence[str]], conversions: Numbers, values: Numbers, nulls: Numbers) -> Paths:
    """Paths from the names of their channels; every one needs at least one."""
    places: dict[str, int] = {}
    steps = [tuple(places.setdefault(name, len(places)) for name in one) for one in told]
    return Paths(list(places), steps, conversions, values, nulls)
