"""Seller leads of the last year and more: who they are, how they were reached, how it went."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from growth.events.ingest import NewEvent
from growth.ids import event_id
from growth.sandbox.dice import Dice
from growth.sandbox.past import names
from growth.sandbox.past.people import NewPerson
from growth.sandbox.past.truth import (
    GIVEN_UP_AFTER,
    LEAD_DAYS,
    LEADS_A_DAY,
    MEMBERSHIP,
    ORIGINS,
    WEEK,
    WON_AFTER,
    seller_odds,
)

_LANDINGS = {"free-opening": 0.4, "guide": 0.25, "webinar": 0.2, "pricing": 0.15}
_ON_THE_WAY = ("qualified", "applied", "verified")
_KINDS = {"trading": 0.52, "soho": 0.32, "manufacturer": 0.16}
_SIDES = {"members": 0.55, "online": 0.5, "competitors": 0.25, "offline": 0.6}
"""Share that agreed to e-mails."""


@dataclass(frozen=True)
class Seller:
    """One lead. `ended` is when it was given up; a lead with neither that nor `won` is open."""

    number: int
    name: str
    contact: str
    email: str
    channel: str
    facts: dict[str, str]
    town: str
    contacted: datetime
    stages: tuple[tuple[str, datetime], ...]
    """Reached between the first contact and the end."""
    won: datetime | None
    ended: datetime | None
    said_yes: datetime | None

    def known(self) -> NewPerson:
        """Whom to talk to there."""
        return NewPerson(
            email=self.email,
            name=self.contact,
            country="CN",
            locale="zh_CN",
            time_zone=names.SELLERS.zone,
            said_yes=self.said_yes,
            source="seller contact form",
            wording="同意接收开店指南和活动通知。",
        )


def invent(now: datetime, dice: Dice) -> list[Seller]:
    """The leads of the last `LEAD_DAYS` days, oldest first."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    sellers: list[Seller] = []
    for back in range(LEAD_DAYS, -1, -1):
        day = today - timedelta(days=back)
        for channel, usual in LEADS_A_DAY.items():
            for _ in range(_leads(usual, channel, day, dice)):  # contacted in China's office hours
                moment = day + timedelta(hours=dice.between(1, 10, "seller hour", len(sellers)))
                if moment <= now:
                    sellers.append(_seller(len(sellers), channel, moment, now, dice))
    return sellers


def _leads(usual: float, channel: str, day: datetime, dice: Dice) -> int:
    expected = usual * WEEK[day.weekday()]
    whole = int(expected)
    return whole + dice.happens(expected - whole, "one more lead", channel, day.date())


def _seller(number: int, channel: str, moment: datetime, now: datetime, dice: Dice) -> Seller:
    origin = dice.pick(ORIGINS[channel], "origin", number)
    landing = dice.pick(_LANDINGS, "landing", number)
    kind = dice.pick(_KINDS, "kind", number)
    segment = dice.one_of(list(names.SEGMENTS), "segment", number)
    province, _, towns = dice.pick(names.PROVINCES, "province", number)
    town = dice.one_of(towns.split(), "town", number)
    contact, email = names.person(names.SELLERS, dice, 500_000 + number)
    odds = seller_odds(channel, origin, landing, kind, segment)
    won, ended = _how_it_goes(odds, moment, number, dice)
    facts = {"origin": origin, "landing_page": landing, "segment": segment, "company_type": kind}
    return Seller(
        number=number,
        name=names.company(town, segment, kind, dice, number),
        contact=contact,
        email=email,
        channel=channel,
        facts=facts | {"country": "CN", "province": province, "language": "zh"},
        town=town,
        contacted=moment,
        stages=tuple((stage, at) for stage, at in _stages(moment, won, number, dice) if at <= now),
        won=won if won and won <= now else None,
        ended=ended if ended and ended <= now else None,
        said_yes=moment if dice.happens(_SIDES[channel], "seller says yes", number) else None,
    )


def _how_it_goes(odds: float, moment: datetime, number: int, dice: Dice) -> tuple[datetime | None, datetime | None]:
    """When it opens a shop, or when it is given up; one of the two, perhaps still to come."""
    if dice.happens(1 / (1 + math.exp(-odds)), "is won", number):
        longest = timedelta(days=85).total_seconds()
        return moment + timedelta(seconds=dice.waiting(WON_AFTER.total_seconds(), longest, "won after", number)), None
    return None, moment + GIVEN_UP_AFTER + timedelta(days=dice.between(0, 40, "given up after", number))


def _stages(moment: datetime, won: datetime | None, number: int, dice: Dice) -> Iterator[tuple[str, datetime]]:
    """In even steps up to the open shop; of those given up, some come a part of the way."""
    length = won - moment if won else timedelta(days=dice.between(4, 40, "stages take", number))
    reached = 3 if won else dice.pick({0: 0.6, 1: 0.28, 2: 0.09, 3: 0.03}, "stages", number)
    for place, stage in enumerate(_ON_THE_WAY[:reached], 1):
        yield stage, moment + length * place / (len(_ON_THE_WAY) + 1)


def events(sellers: Sequence[Seller], people: dict[str, int]) -> Iterator[NewEvent]:
    """The first contact of each, the shop it opened, and what it paid: existing members open free of charge."""
    for seller in sellers:
        person = people.get(seller.email)
        yield _event(seller, "contact", seller.contacted, person, {"channel": seller.channel})
        if seller.won is None:
            continue
        yield _event(seller, "shop_open", seller.won, person, {"shop": f"S{seller.number:06}"})
        if seller.channel != "members":
            fee = {"order": f"F{seller.number:06}", "amount_minor": MEMBERSHIP, "currency": "CNY"}
            yield _event(seller, "order", seller.won, person, fee)


def _event(seller: Seller, kind: str, moment: datetime, person: int | None, properties: dict[str, object]) -> NewEvent:
    return NewEvent(
        occurred_at=moment,
        event_id=event_id("sandbox past", f"seller {seller.number} {kind}"),
        kind=kind,
        source="sandbox",
        side="seller",
        person_id=person,
        country="CN",
        properties=properties,
    )
