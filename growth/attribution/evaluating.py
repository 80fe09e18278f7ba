"""What each channel is credited with over a file of paths, under any model; parts add up to the whole exactly."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from growth.attribution.markov import removal_effects
from growth.attribution.models import MARKOV, MODELS, ORDERS, SHAPLEY, weights
from growth.attribution.path_files import Wrong, read_paths
from growth.attribution.paths import Numbers, Paths
from growth.errors import InvalidError
from growth.locales import N_
from growth.money import split

_TOLD_DIGITS = 15
"""Decimal digits that a double keeps, whatever the number (IEEE 754)."""
_MOST_DECIMALS = 9
_FINE = 1 << 60
_SAME = {"last-touch": "last", "first-touch": "first", "linear-touch": "linear", "last-nondirect": "last-non-direct"}


@dataclass(frozen=True)
class Evaluated:
    """What came out, and the rows that could not be read."""

    told: dict[str, Any]
    """{"model", "conversions", "value", "credits": {channel: {"conversions", "value"}}, "seconds", …}."""
    wrong: Sequence[Wrong]


def evaluate(file: Path, model: str, order: int = 1) -> Evaluated:
    """Credit the conversions of a file. Raises InvalidError for a model, order or file that can't be used."""
    began = time.perf_counter()
    key = model_key(model)
    if order not in ORDERS:
        raise InvalidError("order", N_("The order is 1, 2 or 3."))
    read = read_paths(file)
    credited = credit_paths(read.paths, key, order)
    told: dict[str, Any] = {"model": key}
    if key == MARKOV:
        told["order"] = order
    if key == SHAPLEY:  # a closed form, whatever the number of channels; see `weights`
        told |= {"exact": True, "error": 0.0}
    told |= {
        "conversions": total(read.paths.conversions),
        "value": total(read.paths.values),
        "credits": credited,
        "left_out": len(read.wrong),
        "seconds": round(time.perf_counter() - began, 3),
    }
    return Evaluated(told, read.wrong)


def model_key(told: str) -> str:
    """The key of a model, however it is written. Raises InvalidError, field `model`."""
    written = told.strip().lower().replace("_", "-").replace(" ", "-")
    key = _SAME.get(written, written)
    if key not in MODELS:
        raise InvalidError(
            "model", N_("There is no such model."), remedy=N_("Choose one of: %(models)s."), models=", ".join(MODELS)
        )
    return key


def credit_paths(paths: Paths, model: str, order: int = 1) -> dict[str, dict[str, float]]:
    """Conversions and value by channel, in the order in which the channels turn up.

    A file knows no times: for time decay each contact before the last counts half of the one after it.
    """
    by_conversions, by_value = removal_effects(paths, order) if model == MARKOV else shared(paths, model)
    conversions = apportioned(by_conversions, total(paths.conversions))
    values = apportioned(by_value if by_value.any() else by_conversions, total(paths.values))
    found = zip(paths.channels, conversions, values, strict=True)
    return {channel: {"conversions": converted, "value": value} for channel, converted, value in found}


def shared(paths: Paths, model: str) -> tuple[Numbers, Numbers]:
    """What each channel gets of conversions and value when every path is shared by itself."""
    sums = np.zeros((len(paths.channels), 2))
    for steps, converted, value in zip(
        paths.steps, paths.conversions.tolist(), paths.values.tolist(), strict=True
    ):  # fmt: skip
        if not converted and not value:
            continue
        ages = range(len(steps) - 1, -1, -1)
        weighed = weights(model, [paths.channels[step] for step in steps], ages)
        whole = sum(weighed)
        for step, weight in zip(steps, weighed, strict=True):
            if weight:
                sums[step] += (converted * weight / whole, value * weight / whole)
    return sums[:, 0], sums[:, 1]


def total(numbers: Numbers) -> float:
    """The sum as somebody would work it out by hand, of numbers with at most six decimals."""
    return round(math.fsum(numbers.tolist()), 6)


def apportioned(parts: Numbers, whole: float) -> list[float]:
    """`whole` shared in proportion to `parts`, so that the decimals given add up to it exactly (largest remainder).

    With nine decimals, fewer where a double could not tell them apart.
    """
    if not whole or not parts.any():
        return [0.0] * len(parts)
    decimals = min(_MOST_DECIMALS, max(0, _TOLD_DIGITS - len(str(int(whole)))))
    unit = 10**decimals
    weighed = [int(Fraction(part) * _FINE) for part in (parts / parts.max()).tolist()]
    return [share / unit for share in split(round(Fraction(repr(whole)) * unit), weighed)]


def names_of(credited: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Channels, the most conversions first."""
    return sorted(credited, key=lambda name: -credited[name]["conversions"])
