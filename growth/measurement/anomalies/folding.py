"""What is told once: departures that have one cause fold beneath the one that says most about it. Pure."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from growth.measurement.anomalies.series import ALL, Departure

MANY_CHANNELS, MANY_COUNTRIES = 3, 3
"""From so many on it is the country, or the channel, as a whole that departed."""
EXPLAINS = 0.5
"""A country that makes up so much of its channel's departure explains it."""


@dataclass(frozen=True)
class Finding:
    """A departure that is told, and those told beneath it, the least likely first."""

    lead: Departure
    beneath: Sequence[Departure] = ()

    @property
    def channels(self) -> int:
        """How many other channels are beneath it."""
        return len({one.scope.channel for one in self.beneath} - {self.lead.scope.channel})


def fold(found: Collection[Departure]) -> list[Finding]:
    """The findings, the least likely first; every departure is in exactly one.

    Many channels in many countries departed alike are one finding, such as a holiday; so are many channels in one
    country. What is left folds by channel: its countries beneath all of them, or all beneath the country that explains
    it. Measures of the same channel and country are one.
    """
    findings: list[Finding] = []
    left = sorted(found, key=lambda one: (one.p, one.scope))
    for alike in (_market(left), *(_across(left, country) for country in _countries(left))):
        mine = [one for one in alike if one in left]
        if len({one.scope.channel for one in mine}) >= MANY_CHANNELS:
            findings.append(_first(mine))
            left = [one for one in left if one not in mine]
    for departures in _by(left, lambda one: one.scope.channel).values():
        findings += _of_channel(departures)
    return sorted(findings, key=lambda one: (one.lead.p, one.lead.scope))


def _market(found: Sequence[Departure]) -> list[Departure]:
    """What departed alike in many channels and countries, all countries of a channel first; none where it did not."""
    alike = _stronger(found)
    channels = {one.scope.channel for one in alike if one.scope.country == ALL}
    countries = {one.scope.country for one in alike} - {ALL}
    wide = [country for country in countries if len(_across(found, country)) >= MANY_CHANNELS]
    everywhere = len(countries) >= MANY_COUNTRIES or (len(channels) >= MANY_CHANNELS and not wide)
    return sorted(alike, key=lambda one: one.scope.country != ALL) if everywhere else []


def _across(found: Sequence[Departure], country: str) -> list[Departure]:
    """What departed alike in a country, and in all countries of the same channels; none where channels are few."""
    there = _stronger([one for one in found if one.scope.country == country])
    channels = {one.scope.channel for one in there}
    if len(channels) < MANY_CHANNELS:
        return []
    sign = there[0].excess > 0
    whole = [one for one in found if one.scope.country == ALL and one.scope.channel in channels]
    return [*there, *(one for one in whole if (one.excess > 0) == sign)]


def _countries(found: Sequence[Departure]) -> list[str]:
    return sorted({one.scope.country for one in found} - {ALL})


def _stronger(found: Sequence[Departure]) -> list[Departure]:
    """Those in the direction in which more channels departed."""
    up, down = ([one for one in found if (one.excess > 0) == sign] for sign in (True, False))
    return up if len({one.scope.channel for one in up}) > len({one.scope.channel for one in down}) else down


def _by(found: Iterable[Departure], key: Callable[[Departure], str]) -> dict[str, list[Departure]]:
    groups: dict[str, list[Departure]] = defaultdict(list)
    for one in found:
        groups[key(one)].append(one)
    return groups


def _of_channel(found: Sequence[Departure]) -> list[Finding]:
    groups = _by(found, lambda one: one.scope.country)
    whole, countries = groups.pop(ALL, []), list(groups.values())
    if not whole:
        return [_first(group) for group in countries]
    if len(countries) >= MANY_COUNTRIES or not countries:
        return [_first([*whole, *(one for group in countries for one in group)])]
    deepest = max(countries, key=lambda group: abs(group[0].excess))
    if not _explains(deepest, whole[0]):
        return [_first(whole), *(_first(group) for group in countries)]
    return [_first([*deepest, *whole]), *(_first(group) for group in countries if group is not deepest)]


def _first(group: Sequence[Departure]) -> Finding:
    return Finding(group[0], group[1:])


def _explains(country: Sequence[Departure], whole: Departure) -> bool:
    alike = next((one for one in country if one.scope.measure == whole.scope.measure), country[0])
    return alike.excess * whole.excess > 0 and abs(alike.excess) >= EXPLAINS * abs(whole.excess)
