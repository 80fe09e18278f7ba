"""Makers and traders in China whom the seller channels reach, how it goes, and who would have come anyway. Pure."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from growth.sandbox.dice import Dice
from growth.sandbox.market.seasons import sellers_season
from growth.sandbox.market.switches import EVERYTHING_ON, Switches
from growth.sandbox.past import names


@dataclass(frozen=True, slots=True)
class SellerSource:
    """A seller channel: `top` · spent / (spent + half) firms are contacted a day, for CNY fen.

    A share `anyway` of those who open a shop after the contact would have opened one without it.
    """

    top: float
    half: float
    spends: float
    moves: float
    anyway: float


SELLER_SOURCES = {
    "members": SellerSource(top=5.2, half=52_000, spends=52_000, moves=0.12, anyway=0.4),
    "competitors": SellerSource(top=2.6, half=28_000, spends=38_000, moves=0.25, anyway=0.2),
    "online": SellerSource(top=4.4, half=80_000, spends=61_000, moves=0.3, anyway=0.3),
    "offline": SellerSource(top=1.2, half=20_000, spends=24_000, moves=0.1, anyway=0.15),
}
FAIR_COST = 4_800_000
FAIRS = {"Canton Fair": (10, 15), "Yiwu Fair": (10, 21), "Canton Fair in spring": (4, 15)}
"""CNY fen a fair, and the month and day when it opens."""
_FAIR_BRINGS = 4.0
"""By which field contacts are multiplied while a fair is open."""
_FAIR_OPEN = timedelta(days=6)
_FAIR_TALKED_OF = timedelta(days=30)
_FAIR_LIFTS = 0.35
"""Added to the log-odds of those contacted online or at competitors' while a fair is talked of."""

MEMBERSHIP = 1_980_000
"""CNY fen a year."""
WON_AFTER = timedelta(days=16)
"""Mean of an exponential wait from first contact to an open shop."""
GIVEN_UP_AFTER = timedelta(days=75)
ORIGINS = {
    "members": {"renewal call": 0.4, "member centre": 0.6},
    "competitors": {"ebay shop": 0.35, "dhgate shop": 0.4, "taobao shop": 0.25},
    "online": {"organic search": 0.4, "paid search": 0.3, "trade directory": 0.3},
    "offline": {"Canton Fair": 0.7, "Yiwu Fair": 0.3},
}
_LANDINGS = {"free-opening": 0.4, "guide": 0.25, "webinar": 0.2, "pricing": 0.15}
_ON_THE_WAY = ("qualified", "applied", "verified")
_KINDS = {"trading": 0.52, "soho": 0.32, "manufacturer": 0.16}
_AGREE = {"members": 0.55, "online": 0.5, "competitors": 0.25, "offline": 0.6}
"""Share that agreed to e-mails."""
_LIVES_AT_MOST = 85 * 86_400.0
_COUNTING_FROM = date(2020, 1, 1).toordinal()
_MOST_A_DAY = 1_000


@dataclass(frozen=True, slots=True)
class Seller:
    """One firm. `ended` is when it was given up; with neither that nor `won` it is open, or nobody's lead."""

    number: int
    name: str
    contact: str
    email: str
    channel: str
    facts: dict[str, str]
    town: str
    reached: bool
    """False where the channel was off; then it may still open a shop by itself."""
    contacted: datetime
    """Or when it would have been."""
    stages: tuple[tuple[str, datetime], ...]
    """Reached between the first contact and the end."""
    won: datetime | None
    ended: datetime | None
    said_yes: datetime | None

    def until(self, now: datetime) -> "Seller":
        """As it is known at `now`."""
        return replace(
            self,
            stages=tuple(one for one in self.stages if one[1] <= now),
            won=self.won if self.won and self.won <= now else None,
            ended=self.ended if self.ended and self.ended <= now else None,
        )


def seller_odds(channel: str, origin: str, landing: str, kind: str, segment: str) -> float:
    """The true log-odds that a lead opens a shop; the interaction is what a plain table of channels can't show."""
    odds = {"members": -1.1, "competitors": -2.1, "online": -1.9, "offline": -1.6}[channel]
    odds += {"renewal call": 0.5, "dhgate shop": 0.4, "organic search": 0.5, "trade directory": -0.7}.get(origin, 0)
    odds += {"manufacturer": -0.4, "trading": 0.2, "soho": 0.1}[kind]
    odds += {"bags": 0.35, "shoes": 0.25, "tools": -0.4}.get(segment, 0)
    if landing == "free-opening" and channel == "members":
        odds += 0.7
    if landing == "webinar" and origin == "paid search":
        odds -= 0.9
    return odds


def spent(channel: str, day: date, dice: Dice) -> float:
    """CNY fen spent on a channel on a day, fairs not counted."""
    source = SELLER_SOURCES[channel]
    return dice.around(source.spends, source.moves, "seller spends", channel, day.toordinal() // 7)


def sellers_of(
    dice: Dice,
    day: date,
    switches: Switches = EVERYTHING_ON,
    *,
    people: float = 1.0,
) -> Iterator[Seller]:
    """The firms of a day: contacted in office hours, or perhaps coming by themselves where a channel is off.

    `people` times as many as usual.
    """
    for place, channel in enumerate(SELLER_SOURCES):
        first = ((day.toordinal() - _COUNTING_FROM) * len(SELLER_SOURCES) + place) * _MOST_A_DAY
        for number in range(first, first + _contacts(channel, day, dice, switches.money, people)):
            yield _seller(number, channel, day, dice, switches)


def _contacts(channel: str, day: date, dice: Dice, money: Mapping[str, float], people: float) -> int:
    source, pays = SELLER_SOURCES[channel], spent(channel, day, dice) * money.get(channel, 1.0)
    expected = people * source.top * pays / (pays + source.half) * sellers_season(day)
    if channel == "offline" and _after_a_fair(day) < _FAIR_OPEN:
        expected *= _FAIR_BRINGS
    whole = int(expected)
    return min(whole + dice.happens(expected - whole, "one more firm", channel, day), _MOST_A_DAY)


def _after_a_fair(day: date) -> timedelta:
    """How long ago the last fair opened."""
    opened = (date(day.year - back, *when) for when in FAIRS.values() for back in (0, 1))
    return min(day - one for one in opened if one <= day)


def _seller(number: int, channel: str, day: date, dice: Dice, switches: Switches) -> Seller:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(
        hours=dice.between(1, 10, "seller hour", number)
    )
    origin, landing = dice.pick(ORIGINS[channel], "origin", number), dice.pick(_LANDINGS, "landing", number)
    kind, segment = dice.pick(_KINDS, "kind", number), dice.one_of(list(names.SEGMENTS), "segment", number)
    province, _, towns = dice.pick(names.PROVINCES, "province", number)
    town = dice.one_of(towns.split(), "town", number)
    contact, email = names.person(names.SELLERS, dice, number)
    odds = seller_odds(channel, origin, landing, kind, segment)
    reached = switches.reaches(channel, "CN", day, number)
    won, ended = _how_it_goes(_chance(channel, day, odds, reached, switches), moment, number, dice, reached=reached)
    facts = {"origin": origin, "landing_page": landing, "segment": segment, "company_type": kind}
    return Seller(
        number=number,
        name=names.company(town, segment, kind, dice, number),
        contact=contact,
        email=email,
        channel=channel,
        facts=facts | {"country": "CN", "province": province, "language": "zh"},
        town=town,
        reached=reached,
        contacted=moment,
        stages=tuple(_stages(moment, won, number, dice)) if reached else (),
        won=won,
        ended=ended,
        said_yes=moment if reached and dice.happens(_AGREE[channel], "seller says yes", number) else None,
    )


def _chance(channel: str, day: date, odds: float, reached: bool, switches: Switches) -> float:
    """The probability of an open shop: after a contact, helped by a fair that is talked of, or without any."""
    plain = 1 / (1 + math.exp(-odds))
    if not reached:
        return SELLER_SOURCES[channel].anyway * plain
    talked_of = _after_a_fair(day) < _FAIR_TALKED_OF and switches.spends("offline", "CN", day)
    if channel in {"online", "competitors"} and talked_of:
        return 1 / (1 + math.exp(-odds - _FAIR_LIFTS))
    return plain


def _how_it_goes(
    chance: float, moment: datetime, number: int, dice: Dice, *, reached: bool
) -> tuple[datetime | None, datetime | None]:
    """When it opens a shop, or when it is given up; one of the two, or neither where nobody asked."""
    if dice.happens(chance, "is won", number):
        seconds = dice.waiting(WON_AFTER.total_seconds(), _LIVES_AT_MOST, "won after", number)
        return moment + timedelta(seconds=seconds), None
    given_up = moment + GIVEN_UP_AFTER + timedelta(days=dice.between(0, 40, "given up after", number))
    return None, given_up if reached else None


def _stages(moment: datetime, won: datetime | None, number: int, dice: Dice) -> Iterator[tuple[str, datetime]]:
    """In even steps up to the open shop; of those given up, some come a part of the way."""
    length = won - moment if won else timedelta(days=dice.between(4, 40, "stages take", number))
    reached = 3 if won else dice.pick({0: 0.6, 1: 0.28, 2: 0.09, 3: 0.03}, "stages", number)
    for place, stage in enumerate(_ON_THE_WAY[:reached], 1):
        yield stage, moment + length * place / (len(_ON_THE_WAY) + 1)


def seen(seller: Seller, dice: Dice) -> Iterator[dict[str, Any]]:
    """The first contact, the shop it opened, and what it paid: existing members open free of charge."""
    if seller.reached:
        yield _seen(seller, "contact", seller.contacted, {"channel": seller.channel}, dice)
    if seller.won is not None:
        yield _seen(seller, "shop_open", seller.won, {"shop": f"S{seller.number}"}, dice)
        if seller.channel != "members":
            fee = {"order": f"F{seller.number}", "amount_minor": MEMBERSHIP, "currency": "CNY"}
            yield _seen(seller, "order", seller.won, fee, dice)


def _seen(seller: Seller, kind: str, moment: datetime, properties: dict[str, Any], dice: Dice) -> dict[str, Any]:
    return {
        "id": str(dice.uuid("event", "seller", seller.number, kind)),
        "kind": kind,
        "at": moment.isoformat(),
        "visitor": str(dice.uuid("visitor", "seller", seller.number)),
        "side": "seller",
        "country": "CN",
        "properties": properties,
    }
