"""What each channel truly caused: the conversions there were, less those there would have been without it. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from growth.attribution.channels import CHANNELS
from growth.sandbox.market.lives import Life, live
from growth.sandbox.market.played import Played
from growth.sandbox.market.sellers import MEMBERSHIP, Seller
from growth.sandbox.market.switches import Switches

BUYER_KINDS = ("registration", "first_order", "order")
SELLER_KINDS = ("shop_open", "order")
ANYWAY = "anyway"
"""Stands among the channels for what happens without any of them."""

Happened = tuple[str, datetime, int]
"""A conversion: its kind, its moment, and minor units of money that were kept."""


@dataclass
class Count:
    """Conversions by kind, and the money they brought."""

    kinds: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    value_minor: int = 0

    def add(self, kind: str, kept: int, sign: int) -> None:
        """One more, or one less."""
        self.kinds[kind] += sign
        self.value_minor += sign * kept

    def told(self, kinds: Iterable[str]) -> dict[str, int]:
        """As JSON, with a nought for what never happened."""
        return {kind: self.kinds.get(kind, 0) for kind in kinds} | {"value_minor": self.value_minor}


@dataclass
class Counted:
    """Of one channel, of nobody's, or of all together."""

    total: Count = field(default_factory=Count)
    countries: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    periods: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    """By month, such as 2026-11."""

    def add(self, happened: Iterable[Happened], country: str, sign: int = 1) -> None:
        """All that happened to one of that country."""
        for kind, at, kept in happened:
            for one in (self.total, self.countries[country], self.periods[f"{at.astimezone(UTC):%Y-%m}"]):
                one.add(kind, kept, sign)

    def told(self, kinds: Iterable[str]) -> dict[str, Any]:
        """As JSON."""
        parts = {"countries": self.countries, "periods": self.periods}
        return self.total.told(kinds) | {
            name: {key: one.told(kinds) for key, one in sorted(part.items())} for name, part in parts.items()
        }


def truth(played: Played) -> dict[str, Any]:
    """Of each side: all that happened until `played.until`, what each channel caused of it, and what came anyway."""
    sides = {
        "buyer": ("USD", BUYER_KINDS, _buyers(played)),
        "seller": ("CNY", SELLER_KINDS, _sellers(played)),
    }
    told = {
        side: {
            "currency": currency,
            "all": counted.pop("all").told(kinds),
            ANYWAY: counted.pop(ANYWAY).told(kinds),
            "channels": {channel: one.told(kinds) for channel, one in counted.items()},
        }
        for side, (currency, kinds, counted) in sides.items()
    }
    return {"seed": played.seed, "first": played.first.isoformat(), "until": played.until.isoformat(), "sides": told}


def _counted(side: str) -> dict[str, Counted]:
    return {key: Counted() for key in ("all", ANYWAY, *(channel.key for channel in CHANNELS[side]))}


def _buyers(played: Played) -> dict[str, Counted]:
    counted, dice, switches = _counted("buyer"), played.dice, played.switches
    others = {channel.key: switches.without(channel.key) for channel in CHANNELS["buyer"]}
    nothing = switches
    for channel in others:
        nothing = nothing.without(channel)
    for shopper in played.shoppers():
        life = live(shopper, dice, switches)
        if life.registered is None:  # and so without any channel neither
            continue
        country = shopper.nation.country
        there = list(of_buyer(life, played.until))
        counted["all"].add(there, country)
        counted[ANYWAY].add(of_buyer(live(shopper, dice, nothing), played.until), country)
        for channel, without in others.items():
            counted[channel].add(there, country)
            counted[channel].add(of_buyer(live(shopper, dice, without), played.until), country, -1)
    return counted


def of_buyer(life: Life, until: datetime) -> Iterator[Happened]:
    """The conversions of one buyer until a moment."""
    if life.registered is not None and life.registered <= until:
        yield "registration", life.registered, 0
    for place, order in enumerate(one for one in life.orders if one.at <= until):
        yield "order", order.at, order.cents - (order.refund[1] if order.refund and order.refund[0] <= until else 0)
        if place == 0:
            yield "first_order", order.at, 0


def _sellers(played: Played) -> dict[str, Counted]:
    counted, switches = _counted("seller"), played.switches
    channels = [channel.key for channel in CHANNELS["seller"]]
    nothing = switches
    for channel in channels:
        nothing = nothing.without(channel)
    everybody: Callable[[Switches], list[Happened]] = lambda with_: [  # noqa: E731
        one for seller in played.sellers(with_) for one in of_seller(seller, played.until)
    ]
    there = everybody(switches)
    counted["all"].add(there, "CN")
    counted[ANYWAY].add(everybody(nothing), "CN")
    for channel in channels:
        counted[channel].add(there, "CN")
        counted[channel].add(everybody(switches.without(channel)), "CN", -1)
    return counted


def of_seller(seller: Seller, until: datetime) -> Iterator[Happened]:
    """The conversions of one seller until a moment."""
    if seller.won is not None and seller.won <= until:
        yield "shop_open", seller.won, 0
        if seller.channel != "members":
            yield "order", seller.won, MEMBERSHIP
