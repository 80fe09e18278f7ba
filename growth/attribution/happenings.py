"""What counts as a conversion: subscriptions, registrations, orders, refunds, opened shops, as an event tells. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from growth.attribution.whose import Whose
from growth.events.reading import EventRead

ONCE = ("subscription", "registration", "shop_open")
"""Kinds that happen once: the earliest counts."""
NO_CURRENCY = "XXX"
"""ISO 4217 for no currency: what was sent is none, so no rate will be found and the page says so."""

LARGEST = 10**13
"""Minor units. Whatever is larger is no amount."""
_LONGEST_KEY = 100
_CURRENCY = re.compile("[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Happening:
    """A conversion before it is stored; the fields are the columns of `Conversion`."""

    kind: str
    source_key: str
    side: str
    occurred_at: datetime
    person_id: int | None
    visitor: UUID | None
    country: str | None
    value_minor: int = 0
    currency: str | None = None
    of_order: str | None = None
    told_minor: int | None = None
    """What an order was at first; what a refund said it gives back, None when it said all."""


def happening_of(event: EventRead, whose: Whose, currency: str) -> Happening | None:
    """The conversion that an event tells of, if any; amounts without a currency are in `currency`."""
    read = _READ.get(event.kind)
    told = read(event, whose) if read else None
    if told is None or told.currency is not None or told.kind == "refund":
        return told
    return replace(told, currency=currency)


def _once(event: EventRead, whose: Whose) -> Happening:
    shop = _key(event.properties.get("shop")) if event.kind == "shop_open" else None
    mine = f"{event.side}:shop:{shop}" if shop else once_key(event.side, whose.person(event), event.visitor)
    return _told(event, whose, mine or f"event:{event.event_id}")


def _subscribed(event: EventRead, whose: Whose) -> Happening | None:
    """A step of a buyer's way."""
    return replace(_once(event, whose), kind="subscription") if event.side == "buyer" else None


def _order(event: EventRead, whose: Whose) -> Happening:
    told = _told(event, whose, f"{event.side}:{_key(event.properties.get('order')) or event.event_id}")
    return replace(told, told_minor=told.value_minor)


def _change(event: EventRead, whose: Whose) -> Happening | None:
    """The new amount of an order; None when it names no order."""
    return _order(event, whose) if _key(event.properties.get("order")) else None


def _refund(event: EventRead, whose: Whose) -> Happening | None:
    """One without an amount gives back all of its order; that is filled in when the order is found.

    None when it names no order, or an amount of nothing or that is none.
    """
    order = _key(event.properties.get("order"))
    whole = event.properties.get("amount_minor") is None
    if order is None or not (whole or _amount(event.properties)):
        return None
    key = f"{event.side}:{order}:{_key(event.properties.get('refund')) or event.event_id}"
    told = _told(event, whose, key)
    given = None if whole else told.value_minor
    return replace(told, value_minor=-told.value_minor, of_order=f"{event.side}:{order}", told_minor=given)


_READ: Mapping[str, Callable[[EventRead, Whose], Happening | None]] = {
    "subscribe": _subscribed,
    "registration": _once,
    "shop_open": _once,
    "order": _order,
    "order_change": _change,
    "refund": _refund,
}


def once_key(side: str, person: int | None, visitor: UUID | None) -> str | None:
    """The key under which a person, or a visitor nobody knows yet, does something once."""
    if person is not None:
        return f"{side}:person:{person}"
    return f"{side}:visitor:{visitor}" if visitor is not None else None


def _told(event: EventRead, whose: Whose, key: str) -> Happening:
    return Happening(
        kind=event.kind,
        source_key=key,
        side=event.side,
        occurred_at=event.occurred_at,
        person_id=whose.person(event),
        visitor=event.visitor,
        country=whose.country(event),
        value_minor=_amount(event.properties),
        currency=_currency(event.properties),
    )


def _key(given: Any) -> str | None:
    """An identifier as it was given, or its digest where it is too long for an index."""
    if isinstance(given, bool) or not isinstance(given, str | int) or given == "":
        return None
    text = str(given)
    return text if len(text) <= _LONGEST_KEY else sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _amount(sold: Mapping[str, Any]) -> int:
    amount = sold.get("amount_minor")
    usable = isinstance(amount, int) and not isinstance(amount, bool) and 0 <= amount <= LARGEST
    return int(amount or 0) if usable else 0


def _currency(sold: Mapping[str, Any]) -> str | None:
    given = sold.get("currency")
    if given is None:
        return None
    return given.upper() if isinstance(given, str) and _CURRENCY.fullmatch(given.upper()) else NO_CURRENCY
