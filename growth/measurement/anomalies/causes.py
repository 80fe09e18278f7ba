"""What may lie behind a departure: the measures beside it, and what happened around it. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from growth.measurement.anomalies.folding import Finding
from growth.measurement.anomalies.series import ALL, Departure, Scope
from growth.measurement.anomalies.surroundings import Surroundings

HELD = 0.10
"""A measure this close to its baseline held."""
_GONE, _SOME_LEFT = -0.9, -0.5
_SLOWER = 1.5
"""Pages that answer in so many times of the time before are slower."""
_LEAST_SLOWER_MS = 300
_MORE_BOTS = 0.10
MOST_NAMES = 3
MEASURES = ("touches", "acquired", "orders", "cost_each")

Cause = tuple[str, int, Mapping[str, int | str]]
"""What (`held:touches`, `moved:cost_each`, `tracking`, `budget` …), its change in ten-thousandths, and more to say."""


def causes(found: Finding, changes: Mapping[Scope, float], around: Surroundings) -> list[Cause]:
    """Candidates, the most telling first."""
    together: list[Cause] = [("together", 0, {"channels": found.channels})] if found.channels else []
    return [*together, *_around(found.lead, changes, around), *_beside(found.lead, changes)]


def _around(one: Departure, changes: Mapping[Scope, float], around: Surroundings) -> Iterator[Cause]:
    channel = one.scope.channel
    visits = _change(changes, one, "touches")
    if visits is not None and visits <= _GONE and _still_sold(one, changes):
        yield "tracking", ten_thousandths(visits), {}
    if one.excess < 0:
        if channel in around.exhausted:
            yield "budget", 0, {}
        yield from _named("stopped", around.stopped.get(channel, ()))
        yield from _named("ended", around.ended.get(channel, ()))
    yield from _pages(one, around)
    if channel in around.uncosted:
        yield "uncosted", 0, {}
    if channel in around.unrated and one.scope.measure == "cost_each":
        yield "rate", 0, {"currencies": around.unrated[channel]}


def _still_sold(one: Departure, changes: Mapping[Scope, float]) -> bool:
    """Whether what comes of visits holds better than the visits: then it is they that aren't counted."""
    come = [change for name in ("acquired", "orders") if (change := _change(changes, one, name)) is not None]
    return not come or max(come) >= _SOME_LEFT


def _named(cause: str, names: Sequence[str]) -> Iterator[Cause]:
    if names:
        yield cause, 0, {"names": ", ".join(names[:MOST_NAMES]), "more": max(len(names) - MOST_NAMES, 0)}


def _pages(one: Departure, around: Surroundings) -> Iterator[Cause]:
    country = one.scope.country
    before, now = (views.answers.get(country) for views in (around.before, around.now))
    if before and now and now >= max(_SLOWER * before, before + _LEAST_SLOWER_MS):
        yield "answer", ten_thousandths(now / before - 1), {"before": round(before), "now": round(now)}
    were, are = (views.bot_share(country) for views in (around.before, around.now))
    if were is not None and are is not None and abs(are - were) >= _MORE_BOTS:
        yield "bots", ten_thousandths(are - were), {"before": ten_thousandths(were), "now": ten_thousandths(are)}


def _beside(one: Departure, changes: Mapping[Scope, float]) -> Iterator[Cause]:
    """The other measures of the same channel and country, and the same measure in all countries."""
    for measure in MEASURES:
        change = _change(changes, one, measure)
        if measure != one.scope.measure and change is not None:
            if abs(change) <= HELD:
                yield f"held:{measure}", ten_thousandths(change), {}
            elif abs(change) >= abs(one.change) / 3:
                yield f"moved:{measure}", ten_thousandths(change), {}
    if one.scope.country != ALL:
        whole = changes.get(Scope(one.scope.channel, ALL, one.scope.measure))
        if whole is not None and abs(whole) <= HELD:
            yield "elsewhere", ten_thousandths(whole), {}


def _change(changes: Mapping[Scope, float], one: Departure, measure: str) -> float | None:
    return changes.get(Scope(one.scope.channel, one.scope.country, measure))


def ten_thousandths(change: float) -> int:
    """A share of 1, kept small enough for any column."""
    return round(max(min(change, 1e6), -1e6) * 10_000)
