"""Which series left their baseline, decided over all of them together so that quiet weeks stay quiet. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from growth.measurement.anomalies.baseline import Floats, chance, fit
from growth.measurement.anomalies.series import HISTORY, RECENT, Departure, Judged, Scope, Series

FALSE_A_DAY = 0.07
"""Expected false alarms on a quiet day and side at most, over all series and windows: one a week on both together."""
WINDOWS = (1, 2, 3, 7)
"""Days up to the last that are judged as one: a sharp break shows in one to three, a slow one in seven."""
LEAST_CHANGE = 0.25
"""Of what was expected; less is nobody's alarm, however certain."""
_LEAST_PAST, _LEAST_DAYS = 28, 28
"""Counted in the eight weeks, and days with exposure, so that there is a baseline."""
_ENOUGH = 8
"""Expected or seen in the window."""


def judge(series: Sequence[Series], last: date) -> Judged:
    """Judge the last RECENT days of all series; `last` is their latest day. False alarms: FALSE_A_DAY in all."""
    usable = [one for one in series if _usable(one)]
    if not usable:
        return Judged([], {})
    counts, exposure = (np.array([getattr(one, name) for one in usable], dtype=np.float64) for name in
                        ("counts", "exposure"))  # fmt: skip
    days = [last - timedelta(days=back) for back in range(HISTORY + RECENT - 1, -1, -1)]
    base = fit(counts, exposure, np.array([day.weekday() for day in days]))
    recent = counts[:, HISTORY:]
    limit = FALSE_A_DAY / (len(usable) * len(WINDOWS))
    found: dict[Scope, Departure] = {}
    for window in WINDOWS:
        seen, expected = recent[:, -window:].sum(1), base.expected[:, -window:].sum(1)
        p = chance(seen, expected, base.spread, base.doubt[:, window - 1])
        far = (np.abs(seen / np.maximum(expected, 1e-9) - 1) >= LEAST_CHANGE) & (np.maximum(seen, expected) >= _ENOUGH)
        for place in np.flatnonzero((p < limit) & far):
            scope = usable[place].scope
            if scope not in found or p[place] < found[scope].p:
                since = _since(recent[place], base.expected[place], last, window)
                figures = (float(seen[place]), float(expected[place]))
                found[scope] = Departure(scope, since, change_of(scope.measure, *figures), *figures, float(p[place]))
    return Judged(sorted(found.values(), key=lambda one: (one.p, one.scope)), _changes(usable, recent, base.expected))


def _usable(one: Series) -> bool:
    past = one.counts[:HISTORY]
    return (
        sum(past) >= _LEAST_PAST
        and sum(amount > 0 for amount in one.exposure[:HISTORY]) >= _LEAST_DAYS
        and min(one.exposure[HISTORY:]) > 0
    )


def change_of(measure: str, seen: float, expected: float) -> float:
    """Of the measure as people read it: half as many for the same cost is a cost for each that doubled."""
    if measure == "cost_each":
        return expected / max(seen, 0.5) - 1
    return seen / max(expected, 1e-9) - 1


def _changes(usable: Sequence[Series], recent: Floats, expected: Floats) -> dict[Scope, float]:
    seen, usual = recent[:, -2:].sum(1), expected[:, -2:].sum(1)
    return {one.scope: change_of(one.scope.measure, float(seen[place]), float(usual[place]))
            for place, one in enumerate(usable)}  # fmt: skip


def _since(seen: Floats, expected: Floats, last: date, window: int) -> date:
    """The first of the days up to the last that all lie on the same side by a good part of the change."""
    total = seen[-window:].sum() - expected[-window:].sum()
    part = total / max(expected[-window:].sum(), 1e-9) / 2
    back = 0
    while back + 1 < len(seen):
        off = seen[-back - 2] / max(expected[-back - 2], 1e-9) - 1
        if off * np.sign(part) < abs(part):
            break
        back += 1
    return last - timedelta(days=back)
