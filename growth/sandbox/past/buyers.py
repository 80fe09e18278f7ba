"""Buyers of the last months: where they came from, when they registered, what they ordered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from growth.events.ingest import NewEvent
from growth.ids import event_id
from growth.sandbox.dice import Dice
from growth.sandbox.past import names
from growth.sandbox.past.people import NewPerson
from growth.sandbox.past.truth import (
    BASKET,
    BUYER_SOURCES,
    DAYS,
    FIRST_ORDER_AFTER,
    GROWTH_A_DAY,
    NEXT_ORDER_AFTER,
    WEEK,
    Source,
)

SITE = "https://market.example"
_PATHS = {"ru": "/ru/sumki", "pt_BR": "/pt/bolsas", "zh_CN": "/zh/bags", "en": "/en/bags"}
_SEARCH = {"RU": "https://yandex.ru/", "KZ": "https://yandex.kz/"}
_WORDING = {
    "ru": "Да, присылайте мне письма о новых товарах и скидках.",
    "en": "Yes, write to me about new goods and discounts.",
    "pt_BR": "Sim, quero receber e-mails sobre novidades e descontos.",
    "zh_CN": "是的，请向我发送新品和优惠邮件。",
}
_SAY_YES = 0.72
_CAME_BEFORE = 0.3


@dataclass
class Buyer:
    """A visitor and what became of them."""

    number: int
    nation: names.Nation
    visitor: UUID
    visits: list[tuple[datetime, str]]
    """When, and by which channel; the last is the one that counts for the registration."""
    name: str = ""
    email: str = ""
    registered: datetime | None = None
    said_yes: datetime | None = None
    orders: list[tuple[datetime, int]] = field(default_factory=list)
    """When, and US cents."""

    def known(self) -> NewPerson:
        """As the shop's own database would tell."""
        language = self.nation.locale
        return NewPerson(
            email=self.email,
            name=self.name,
            country=self.nation.country,
            locale=language,
            time_zone=self.nation.zone,
            said_yes=self.said_yes,
            source="registration form",
            wording=_WORDING[language],
        )


def invent(now: datetime, dice: Dice) -> list[Buyer]:
    """Everybody who visited in the last `DAYS` days, in no order; the same seed and day give the same people."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    buyers: list[Buyer] = []
    for back in range(DAYS, -1, -1):
        day = today - timedelta(days=back)
        for channel, source in BUYER_SOURCES.items():
            for _ in range(_visits(source, day, back, channel, dice)):
                buyer = _visitor(len(buyers), channel, day, dice)
                if buyer.visits[-1][0] <= now:
                    buyers.append(_told(buyer, source, now, dice))
    return buyers


def _visits(source: Source, day: datetime, back: int, channel: str, dice: Dice) -> int:
    usual = source.visits * WEEK[day.weekday()] * (1 + GROWTH_A_DAY * (DAYS - back))
    return round(dice.around(usual, 0.09, "visits", channel, day.date()))


def _visitor(number: int, channel: str, day: datetime, dice: Dice) -> Buyer:
    nation = dice.pick(names.BUYERS, "nation", number)
    moment = day + timedelta(hours=dice.between(0, 24, "hour", number))
    visits = [(moment, channel)]
    if dice.happens(_CAME_BEFORE, "came before", number):
        other = dice.one_of(list(BUYER_SOURCES), "first channel", number)
        visits.insert(0, (moment - timedelta(days=dice.between(1, 12, "first visit", number)), other))
    return Buyer(number, nation, dice.uuid("visitor", number), visits)


def _told(buyer: Buyer, source: Source, now: datetime, dice: Dice) -> Buyer:
    """Whether and when this visitor registered and ordered."""
    number = buyer.number
    registered = buyer.visits[-1][0] + timedelta(minutes=dice.between(2, 25, "registers in", number))
    if not dice.happens(source.registers, "registers", number) or registered > now:
        return buyer
    buyer.name, buyer.email = names.person(buyer.nation, dice, number)
    buyer.registered = registered
    buyer.said_yes = registered if dice.happens(_SAY_YES, "says yes", number) else None
    if dice.happens(source.orders, "orders", number):
        buyer.orders = list(_orders(registered, now, number, dice))
    return buyer


def _orders(registered: datetime, now: datetime, number: int, dice: Dice) -> Iterator[tuple[datetime, int]]:
    moment, wait = registered, FIRST_ORDER_AFTER
    for place in range(8):
        moment += timedelta(seconds=dice.waiting(wait.total_seconds(), 60 * 86_400, "order after", number, place))
        if moment > now:
            return
        yield moment, round(dice.around(*BASKET, "basket", number, place))
        wait = NEXT_ORDER_AFTER


def events(buyers: Sequence[Buyer], people: dict[str, int]) -> Iterator[NewEvent]:
    """What our sites saw of them; `people` has the person of each address."""
    for buyer in buyers:
        person = people.get(buyer.email)
        for place, (moment, channel) in enumerate(buyer.visits):
            yield _event(buyer, "page_view", f"visit {place}", moment, person=person, properties=_came(buyer, channel))
        if buyer.registered is not None:
            yield _event(buyer, "registration", "registration", buyer.registered, person=person, properties={})
        for place, (moment, cents) in enumerate(buyer.orders):
            sold = {"order": f"M{buyer.number:06}-{place + 1}", "amount_minor": cents, "currency": "USD"}
            yield _event(buyer, "order", f"order {place}", moment, person=person, properties=sold)


def _event(
    buyer: Buyer, kind: str, key: str, moment: datetime, *, person: int | None, properties: dict[str, object]
) -> NewEvent:
    return NewEvent(
        occurred_at=moment,
        event_id=event_id("sandbox past", f"{buyer.visitor} {key}"),
        kind=kind,
        source="sandbox",
        side="buyer",
        person_id=person,
        visitor=buyer.visitor,
        country=buyer.nation.country,
        properties=properties,
    )


def _came(buyer: Buyer, channel: str) -> dict[str, object]:
    page = SITE + _PATHS[buyer.nation.locale]
    match channel:
        case "parent_referral":
            return {"url": f"{page}?placement=home", "referrer": "https://www.alibaba.com/"}
        case "seo":
            return {"url": page, "referrer": _SEARCH.get(buyer.nation.country, "https://www.google.com/")}
        case "paid_search":
            return {"url": f"{page}?utm_source=google&utm_medium=cpc&gclid=s{buyer.number}"}
        case "affiliates":
            return {"url": f"{page}?utm_medium=affiliate&aff=p{buyer.number % 40}"}
        case "email":
            return {"url": f"{page}?utm_medium=email&utm_campaign=weekly"}
    return {"url": page}
