"""A market that is played for some days: everybody in it, from a seed. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from growth.sandbox.dice import Dice
from growth.sandbox.market.bots import bots
from growth.sandbox.market.lives import Life, live
from growth.sandbox.market.seen import Seen
from growth.sandbox.market.sellers import Seller, sellers_of
from growth.sandbox.market.shoppers import Shopper, looking
from growth.sandbox.market.sources import POOL
from growth.sandbox.market.switches import EVERYTHING_ON, Switches


@dataclass(frozen=True)
class Played:
    """Which market: its seed, its first day, the moment until which it is played, and what is switched off.

    `people` begin to look for something on an ordinary day; sellers are as many times more.
    """

    seed: str
    first: date
    until: datetime
    people: int = POOL
    switches: Switches = EVERYTHING_ON

    @property
    def dice(self) -> Dice:
        """Its chance."""
        return Dice(self.seed)

    @property
    def days(self) -> list[date]:
        """All of them."""
        return [self.first + timedelta(days=place) for place in range((self.until.date() - self.first).days + 1)]

    @property
    def more(self) -> float:
        """How many times more people there are than in the usual market."""
        return self.people / POOL

    def shoppers(self) -> Iterator[Shopper]:
        """Everybody who begins to look in its days."""
        dice, money = self.dice, self.switches.money
        return (one for day in self.days for one in looking(dice, day, people=self.people, money=money))

    def lives(self) -> Iterator[Life]:
        """What becomes of them, also after the end."""
        dice = self.dice
        return (live(one, dice, self.switches) for one in self.shoppers())

    def bots(self) -> Iterator[Seen]:
        """What machines do in its days, until the end."""
        told = (one for day in self.days for one in bots(self.dice, day, people=self.people))
        return (one for one in told if datetime.fromisoformat(one["at"]) <= self.until)

    def sellers(self, switches: Switches | None = None) -> Iterator[Seller]:
        """The firms whose turn it is in its days, by its own switches or others."""
        dice, wanted = self.dice, self.switches if switches is None else switches
        return (one for day in self.days for one in sellers_of(dice, day, wanted, people=self.more))
