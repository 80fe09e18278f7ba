"""Who comes to our sites by the channels other than e-mail, minute by minute; the same from the same seed. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from growth.sandbox.dice import Dice
from growth.sandbox.market.habits import AWAKE, CAUSED
from growth.sandbox.past import names
from growth.sandbox.past.truth import BASKET, BUYER_SOURCES, LEADS_A_DAY, WEEK, Source

SITE = "https://market.example"
SELLERS_SITE = "https://sellers.market.example"

PACE = 4.0
"""How many times more people come in the demo than on the days before it, so that there is something to watch."""

LONGEST = timedelta(minutes=12)
"""No visit takes longer, its order included."""

_DAY = 24 * 60
_HOME = {"ru": "/ru/", "pt_BR": "/pt/", "zh_CN": "/zh/", "en": "/"}
_SEARCH = {"RU": "https://yandex.ru/", "KZ": "https://yandex.kz/", "CN": "https://www.baidu.com/"}
_MEMBERS_OPEN = 0.18
"""Share of the parent site's members that open a shop at once; for them it is free."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One visit: by which channel, and what happened, as the sites tell it.

    `caused` is the truth that nobody is told: without the channel this visitor would not have ordered.
    """

    channel: str
    side: str
    caused: bool
    events: list[dict[str, Any]]


def happening(dice: Dice, after: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    """The events of all visits with `after` < moment <= `until`, as `POST /e` takes them."""
    minute = (after - LONGEST).replace(second=0, microsecond=0)
    while minute <= until:
        for visitor in visitors(dice, minute):
            yield from (one for one in visitor.events if after < datetime.fromisoformat(one["at"]) <= until)
        minute += timedelta(minutes=1)


def visitors(dice: Dice, minute: datetime) -> Iterator[Visitor]:
    """Everybody whose visit begins in this minute."""
    week = WEEK[minute.weekday()] * PACE
    for channel, source in BUYER_SOURCES.items():
        if channel != "email":  # those come from messages
            for place in range(_count(dice, source.visits * week / _DAY, minute, channel)):
                yield _buyer(dice, minute, channel, source, place)
    for channel, leads in LEADS_A_DAY.items():
        for place in range(_count(dice, leads * week / _DAY, minute, channel)):
            yield _seller(dice, minute, channel, place)


def _count(dice: Dice, expected: float, minute: datetime, channel: str) -> int:
    whole = int(expected)
    return whole + dice.happens(expected - whole, "one more", channel, minute)


def _buyer(dice: Dice, minute: datetime, channel: str, source: Source, place: int) -> Visitor:
    who = (channel, minute, place)
    nation = dice.pick(_awake(minute), "nation", *who)
    page = SITE + _HOME[nation.locale]
    visit = _Visit(dice, who, "buyer", nation.country, minute + timedelta(seconds=dice.between(0, 60, "second", *who)))
    visit.add("page_view", 0, arrival(channel, page, nation.country, int(dice.between(1, 41, "partner", *who))))
    if dice.happens(0.6, "looks on", *who):
        visit.add("page_view", dice.between(10, 60, "looks after", *who), {"url": f"{page}bags", "referrer": page})
    if dice.happens(source.registers, "registers", *who):
        visit.add("registration", dice.between(60, 180, "registers after", *who), {})
        if dice.happens(source.orders, "orders", *who):
            visit.add("order", dice.between(60, 360, "orders after", *who), _order(dice, who))
    return Visitor(channel, "buyer", dice.happens(CAUSED[channel], "caused", *who), visit.events)


def _seller(dice: Dice, minute: datetime, channel: str, place: int) -> Visitor:
    who = ("seller", channel, minute, place)
    visit = _Visit(dice, who, "seller", "CN", minute + timedelta(seconds=dice.between(0, 60, "second", *who)))
    if channel == "members":
        visit.add("page_view", 0, {"url": f"{SELLERS_SITE}/open?placement=workbench"})
    elif channel == "online":
        visit.add("page_view", 0, {"url": f"{SELLERS_SITE}/guide", "referrer": _SEARCH["CN"]})
    visit.add("contact", dice.between(30, 240, "contacts after", *who), {"channel": channel})
    if channel == "members" and dice.happens(_MEMBERS_OPEN, "opens", *who):
        shop = {"shop": f"L{dice.uuid('shop', *who).hex[:10]}"}
        visit.add("shop_open", dice.between(60, 360, "opens after", *who), shop)
    return Visitor(channel, "seller", caused=True, events=visit.events)


class _Visit:
    """Puts events one after the other; ids and moments are the same however often they are made."""

    def __init__(self, dice: Dice, who: tuple[object, ...], side: str, country: str, begins: datetime) -> None:
        self._dice, self._who, self._at = dice, who, begins
        self._shared = {"visitor": str(dice.uuid("visitor", *who)), "side": side, "country": country}
        self.events: list[dict[str, Any]] = []

    def add(self, kind: str, seconds: float, properties: dict[str, Any]) -> None:
        """What happens so many seconds after the last."""
        self._at += timedelta(seconds=seconds)
        name = self._dice.uuid("event", *self._who, len(self.events))
        moment = {"id": str(name), "kind": kind, "at": self._at.isoformat(), "properties": properties}
        self.events.append(self._shared | moment)


def _order(dice: Dice, who: tuple[object, ...]) -> dict[str, Any]:
    cents = round(dice.around(*BASKET, "basket", *who))
    return {"order": f"L{dice.uuid('order', *who).hex[:10]}", "amount_minor": cents, "currency": "USD"}


def arrival(channel: str, page: str, country: str, partner: int) -> dict[str, str]:
    """What the first page sees of how somebody came; read again by `growth/attribution/rules.py`."""
    match channel:
        case "parent_referral":
            return {"url": f"{page}?placement=home", "referrer": "https://www.alibaba.com/"}
        case "seo":
            return {"url": page, "referrer": _SEARCH.get(country, "https://www.google.com/")}
        case "paid_search":
            return {"url": f"{page}?utm_source=google&utm_medium=cpc&utm_campaign=brand", "referrer": ""}
        case "affiliates":
            return {"url": f"{page}?utm_medium=affiliate&aff=p{partner}"}
    return {"url": page}


def _awake(minute: datetime) -> dict[names.Nation, float]:
    """Who is likely to come now: by where people live, and what time it is there."""
    here = minute.astimezone(UTC)
    return {
        nation: share * AWAKE[here.astimezone(ZoneInfo(nation.zone)).hour] for nation, share in names.BUYERS.items()
    }
