"""Who is on our sites now: new people every minute, and earlier ones who come back; the same from a seed. Pure."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from growth.sandbox.dice import Dice
from growth.sandbox.market.bots import bots
from growth.sandbox.market.lives import live
from growth.sandbox.market.seen import Seen, seen
from growth.sandbox.market.sellers import seen as seen_of_seller
from growth.sandbox.market.sellers import sellers_of
from growth.sandbox.market.shoppers import Shopper, looking, shopper_of
from growth.sandbox.market.sources import POOL
from growth.sandbox.market.switches import Off, Switches

PACE = 4
"""How many times more people come from the demo's first day on, so that there is something to watch."""

COMES_BACK = timedelta(days=60)
"""For so long the visitors of a day come back, order, or open their shops."""

NO_LETTERS = Switches(off=(Off("email"),))
"""Letters are real messages here; what people do with them is in `replies.py`."""


@dataclass
class Visitors:
    """Everybody from `begun` on, and those of the weeks before; looks each day up once, and keeps what is small."""

    dice: Dice
    begun: date
    _switches: Switches = NO_LETTERS
    _buyers: dict[date, list[tuple[float, int]]] = field(default_factory=dict)
    """Moments, in seconds since 1970, and numbers of the buyers who began to look on a day: in the order of time."""
    _others: dict[date, list[Seen]] = field(default_factory=dict)
    """Events of the few firms whose day it was, and of machines."""

    def rest(self, off: tuple[Off, ...]) -> None:
        """From now on these rest, and no others: everybody is looked up once more when that is new."""
        switches = Switches((*NO_LETTERS.off, *off))
        if switches != self._switches:
            self._switches = switches
            self._buyers.clear()
            self._others.clear()

    def happening(self, after: datetime, until: datetime) -> Iterator[Seen]:
        """The events with `after` < moment <= `until`, as `POST /e` takes them."""
        first = after.date() - COMES_BACK
        self._forget(first)
        for place in range((until.date() - first).days + 2):  # where it is a day later already
            day = first + timedelta(days=place)
            if day not in self._buyers:
                self._look_up(day)
            yield from (one for one in self._of_day(day, after, until) if after < at(one) <= until)

    def _of_day(self, day: date, after: datetime, until: datetime) -> Iterator[Seen]:
        moments = self._buyers[day]
        first, last = (bisect_right(moments, one.timestamp(), key=lambda row: row[0]) for one in (after, until))
        for number in sorted({number for _, number in moments[first:last]}):
            yield from self._seen(shopper_of(self.dice, number))
        yield from self._others[day]

    def _look_up(self, day: date) -> None:
        pace = PACE if day >= self.begun else 1
        shoppers = looking(self.dice, day, people=POOL * pace)
        self._buyers[day] = sorted((at(event).timestamp(), one.number) for one in shoppers for event in self._seen(one))
        firms = sellers_of(self.dice, day, self._switches, people=pace)
        self._others[day] = [event for one in firms for event in seen_of_seller(one, self.dice)]
        self._others[day] += bots(self.dice, day, people=POOL * pace)

    def _seen(self, shopper: Shopper) -> Iterator[Seen]:
        return seen(live(shopper, self.dice, self._switches), self.dice, looks_on=True)

    def _forget(self, before: date) -> None:
        for day in [day for day in self._buyers if day < before]:
            del self._buyers[day], self._others[day]


def at(event: Seen) -> datetime:
    """When it happened."""
    return datetime.fromisoformat(event["at"])
