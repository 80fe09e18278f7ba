"""Who looks for something on a day, and whom the channels would reach: the same from the same seed. Pure."""

from bisect import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from growth.sandbox.dice import Dice
from growth.sandbox.market.habits import AWAKE
from growth.sandbox.market.seasons import buyers_season
from growth.sandbox.market.sources import ANYWAY, BUYER_SOURCES, POOL, spent_a_thousand
from growth.sandbox.past import names

REACHING = tuple(channel for channel in BUYER_SOURCES if channel != "email")
"""Channels that reach strangers. E-mail comes to those who have asked for it, see `lives.py`."""

_NATIONS = tuple(names.BUYERS.items())
_HOURS = list(accumulate(hour / sum(AWAKE) for hour in AWAKE))
_COUNTING_FROM = date(2020, 1, 1).toordinal()
_MOST_A_DAY = 10_000
_NOISE = 0.09
_LATENESS_MOVES = 0.8
_NEXT_CONTACT = 3 * 86_400.0
_LONGEST_SEARCH = timedelta(days=12)

Contact = tuple[datetime, str]
"""When somebody is reached, and by which channel."""


@dataclass(slots=True)
class Shopper:
    """Somebody who looks for something; the numbers 0..1 are dice thrown before anything happens.

    What becomes of them with one channel or without it hangs on the same dice, so that the difference is the channel's.
    """

    number: int
    """Of no other shopper of this seed."""
    nation: names.Nation
    contacts: tuple[Contact, ...]
    """By channels that reach strangers, if all are on; in the order of time, within `_LONGEST_SEARCH` of the first."""
    decides: float
    """Registers when this is below what the channels met make of the inclination."""
    asks: float
    """For the newsletter, likewise."""
    alone: datetime
    """When they come directly if no channel reaches them and they register all the same."""


def looking(
    dice: Dice, day: date, *, people: int = POOL, money: Mapping[str, float] | None = None
) -> Iterator[Shopper]:
    """Those who begin to look on this day of theirs and are reached, or decided anyway; the others are never seen.

    `people` begin on an ordinary day; more of them are the same ones and others. `money` multiplies what channels
    spend.
    """
    for place, (nation, share) in enumerate(_NATIONS):
        usual = people * share * buyers_season(nation.country, day)
        count = _whole(dice.around(usual, _NOISE, "looking", nation.country, day), dice, nation, day)
        reach = reaches(dice, nation.country, day, money or {})
        midnight = _midnight(nation, day)
        first = ((day.toordinal() - _COUNTING_FROM) * len(_NATIONS) + place) * _MOST_A_DAY
        for number in range(first, first + min(count, _MOST_A_DAY)):
            lot = dice.sixteen("shopper", number)
            if lot[11] < ANYWAY or any(lot[at] < share for at, share in reach):
                yield _shopper(number, nation, midnight, lot, reach)


def shopper_of(dice: Dice, number: int, money: Mapping[str, float] | None = None) -> Shopper:
    """One of them again."""
    days, place = divmod(number // _MOST_A_DAY, len(_NATIONS))
    day, nation = date.fromordinal(days + _COUNTING_FROM), _NATIONS[place][0]
    reach = reaches(dice, nation.country, day, money or {})
    return _shopper(number, nation, _midnight(nation, day), dice.sixteen("shopper", number), reach)


def _midnight(nation: names.Nation, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=_zone(nation.zone)).astimezone(UTC)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)  # which remembers but eight


def reaches(dice: Dice, country: str, day: date, money: Mapping[str, float]) -> list[tuple[int, float]]:
    """Place among the channels that reach strangers, from 1, and the share of those looking whom it reaches."""
    found = []
    for at, channel in enumerate(REACHING, 1):
        spent = spent_a_thousand(channel, country, day, dice) * money.get(channel, 1.0)
        found.append((at, BUYER_SOURCES[channel].reach(spent)))
    return found


def _whole(expected: float, dice: Dice, nation: names.Nation, day: date) -> int:
    whole = int(expected)
    return whole + dice.happens(expected - whole, "one more looks", nation.country, day)


def _shopper(
    number: int, nation: names.Nation, midnight: datetime, lot: tuple[float, ...], reach: list[tuple[int, float]]
) -> Shopper:
    begins = midnight + _hour(lot[0])
    met = sorted((_lateness(at, lot), REACHING[at - 1]) for at, share in reach if lot[at] < share)
    moment, contacts = begins, []
    for place, (_, channel) in enumerate(met):
        if place:
            moment = min(moment + timedelta(seconds=_wait(lot[11 + min(place, 2)])), begins + _LONGEST_SEARCH)
        contacts.append((moment, channel))
    return Shopper(number, nation, tuple(contacts), lot[11], lot[14], begins + _LONGEST_SEARCH * lot[15])


def _hour(share: float) -> timedelta:
    """A time of the day, mostly when people are awake."""
    hour = min(bisect(_HOURS, share), 23)
    before = _HOURS[hour - 1] if hour else 0.0
    return timedelta(hours=hour + min((share - before) / (_HOURS[hour] - before), 0.9999))


def _lateness(at: int, lot: tuple[float, ...]) -> float:
    return BUYER_SOURCES[REACHING[at - 1]].comes_late + _LATENESS_MOVES * lot[5 + at]


def _wait(share: float) -> float:
    """Seconds to the next contact: from nothing to twice the mean, all alike."""
    return 2 * _NEXT_CONTACT * share
