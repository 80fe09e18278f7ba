"""What our sites see of buyers, as `POST /e` takes it: visits, pages, registrations, orders, refunds. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from growth.sandbox.dice import Dice
from growth.sandbox.market.lives import Life, Order
from growth.sandbox.past import names

SITE = "https://market.example"
_HOME = {"ru": "/ru/", "pt_BR": "/pt/", "zh_CN": "/zh/", "en": "/"}
_SEARCH = {
    "RU": "https://yandex.ru/",
    "KZ": "https://yandex.kz/",
    "BY": "https://yandex.by/",
}
_PARTNERS = 40
_EVER = datetime.max.replace(tzinfo=UTC)
_LOOKS_ON = 0.6
"""Share of visits with a second page."""

Seen = dict[str, Any]


def seen(life: Life, dice: Dice, *, until: datetime = _EVER, looks_on: bool = False) -> Iterator[Seen]:
    """What is seen of one buyer until a moment, in no order; `looks_on` adds the pages after a visit's first."""
    number, told = life.shopper.number, _Told(life, dice)
    for place, (moment, channel) in enumerate(life.visits):
        if moment <= until:
            yield from _visit(life, place, channel, told, looks_on=looks_on)
    if life.subscribed is not None and life.subscribed <= until:
        yield told("subscribe", "", life.subscribed, {"list": "product_news"})
    if life.registered is not None and life.registered <= until:
        yield told("registration", "", life.registered, {})
    for order in life.orders:
        if order.at <= until:
            yield from _sold(order, f"M{number}-{order.key}", told, until)


def _visit(life: Life, place: int, channel: str, told: "_Told", *, looks_on: bool) -> Iterator[Seen]:
    number, nation, moment = life.shopper.number, life.shopper.nation, life.visits[place][0]
    came = arrival(channel, nation, number)
    yield told("page_view", place, moment, came)
    if looks_on and told.dice.happens(_LOOKS_ON, "looks on", number, place):
        later = moment + timedelta(seconds=told.dice.between(10, 60, "looks after", number, place))
        inside = {"url": f"{came['url'].partition('?')[0]}bags", "referrer": SITE + _HOME[nation.locale]}
        yield told("page_view", f"{place} inside", later, inside)


def visitor_of(number: int, dice: Dice) -> UUID:
    """The id under which our sites know this shopper's browser."""
    return dice.uuid("visitor", number)


def _sold(order: Order, name: str, told: "_Told", until: datetime) -> Iterator[Seen]:
    sold = {"order": name, "amount_minor": order.cents, "currency": "USD"}
    yield told("order", order.key, order.at, sold)
    if order.refund is not None and order.refund[0] <= until:
        at, cents = order.refund
        yield told("refund", order.key, at, sold | {"amount_minor": cents, "refund": f"{name}-R"})


class _Told:
    """Makes the events of one shopper."""

    def __init__(self, life: Life, dice: Dice) -> None:
        self._number, self.dice = life.shopper.number, dice
        visitor = str(visitor_of(self._number, dice))
        self._shared = {"visitor": visitor, "side": "buyer", "country": life.shopper.nation.country}

    def __call__(self, kind: str, key: object, moment: datetime, properties: dict[str, Any]) -> Seen:
        name = str(self.dice.uuid("event", self._number, kind, key))
        return self._shared | {"id": name, "kind": kind, "at": moment.isoformat(), "properties": properties}


def arrival(channel: str, nation: names.Nation, number: int) -> dict[str, str]:
    """What the first page sees of how somebody came; read again by the channel rules."""
    page = SITE + _HOME[nation.locale]
    match channel:
        case "parent_referral":
            return {"url": f"{page}?placement=home", "referrer": "https://www.alibaba.com/"}
        case "seo":
            return {"url": page, "referrer": _SEARCH.get(nation.country, "https://www.google.com/")}
        case "paid_search":
            return {"url": f"{page}?utm_source=google&utm_medium=cpc&utm_campaign=brand&gclid=sandbox"}
        case "affiliates":
            return {"url": f"{page}?utm_medium=affiliate&aff=p{number % _PARTNERS + 1}"}
        case "email":
            return {"url": f"{page}?utm_medium=email&utm_campaign=weekly"}
    return {"url": page}
