"""What may lie behind a departure: the measures beside it, and budgets that are used up. Pure."""

from collections.abc import Collection, Mapping

from growth.measurement.anomalies.series import ALL, Departure, Scope

HELD = 0.10
"""A measure this close to its baseline held."""
_GONE = -0.9
MEASURES = ("touches", "acquired", "orders", "cost_each")

Cause = tuple[str, int]
"""What (`held:touches`, `moved:cost_each`, `tracking`, `budget` …) and its change in ten-thousandths."""


def causes(one: Departure, changes: Mapping[Scope, float], exhausted: Collection[str]) -> list[Cause]:
    """Candidates, the most telling first. `exhausted` are channels whose budget of the month is spent."""
    found: list[Cause] = []
    visits = changes.get(Scope(one.scope.channel, one.scope.country, "touches"))
    if visits is not None and visits <= _GONE:
        found.append(("tracking", ten_thousandths(visits)))
    if one.scope.channel in exhausted and one.change < 0:
        found.append(("budget", 0))
    for measure in MEASURES:
        change = changes.get(Scope(one.scope.channel, one.scope.country, measure))
        if measure != one.scope.measure and change is not None:
            if abs(change) <= HELD:
                found.append((f"held:{measure}", ten_thousandths(change)))
            elif abs(change) >= abs(one.change) / 3:
                found.append((f"moved:{measure}", ten_thousandths(change)))
    if one.scope.country != ALL:
        whole = changes.get(Scope(one.scope.channel, ALL, one.scope.measure))
        if whole is not None and abs(whole) <= HELD:
            found.append(("elsewhere", ten_thousandths(whole)))
    return found


def ten_thousandths(change: float) -> int:
    """A share of 1, kept small enough for any column."""
    return round(max(min(change, 1e6), -1e6) * 10_000)


def told_once(found: Collection[Departure]) -> list[Departure]:
    """One departure for each channel and country, the least likely; a country's stands for all of them together."""
    best: dict[tuple[str, str], Departure] = {}
    for one in sorted(found, key=lambda departure: (departure.p, departure.scope)):
        best.setdefault((one.scope.channel, one.scope.country), one)
    countries = [channel for channel, country in best if country != ALL]
    wide = {channel for channel in countries if countries.count(channel) > 2 and (channel, ALL) in best}
    return [one for (channel, country), one in best.items()
            if (country == ALL) == (channel in wide or channel not in countries)]  # fmt: skip
