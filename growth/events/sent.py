"""One event as it was sent: read into one of ours, or refused in words that name the field."""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from growth.errors import InvalidError
from growth.events.ingest import NewEvent
from growth.ids import PersonId, event_id
from growth.keyring import keyring
from growth.locales import N_
from growth.settings import settings

COLLECTOR = "collector"

BROWSER_KINDS = frozenset({"page_view", "click", "contact", "custom", "subscribe", "registration", "identify"})
"""What anybody's browser may tell."""

SERVER_KINDS = frozenset({"order", "order_change", "refund", "shop_open"})
"""What moves money and credit, so that only a server with the collector's key may tell it; of these a browser may tell
an order, with the server's proof."""

_LONGEST_ID = 200
_LARGEST_AMOUNT = 10**13
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")


def collector_key() -> str:
    """What a server shows to be believed about orders; of this installation's root key unless it is set."""
    chosen = settings().collector_key
    return keyring().derived("collector").hex() if chosen is None else chosen.get_secret_value()


def read_event(
    sent: object,
    people: Mapping[str, PersonId],
    now: datetime,
    *,
    trusted: bool,
    browser_orders: bool = False,
    source: str = COLLECTOR,
) -> NewEvent:
    """One event, at `now` when it names no moment. `people` are those whom the batch's tokens and addresses name.

    `trusted` is what came with the key; `browser_orders` believes an order of a browser without proof. Raises
    InvalidError naming the field.
    """
    if not isinstance(sent, dict):
        raise InvalidError("event", N_("An event is an object with an id and a kind."))
    kind = _kind(sent, trusted=trusted, browser_orders=browser_orders)
    properties = sent.get("properties") or {}
    if not isinstance(properties, dict):
        raise InvalidError("properties", N_("Properties are an object."))
    if kind in _CHECKS:
        _CHECKS[kind](properties)
    at, whom = sent.get("at"), sent.get("token") or (sent.get("email") if trusted else None)
    if kind == "identify" and not isinstance(whom, str):
        raise InvalidError("token", N_("Who it is, is missing: a token of ours, or with the key an address."))
    return NewEvent(
        occurred_at=now if at is None else _moment(at),
        event_id=_id(sent.get("id"), source),
        kind=kind,
        source=source,
        side=_side(sent.get("side")),
        person_id=people.get(whom) if isinstance(whom, str) else None,
        visitor=_visitor(sent.get("visitor")),
        country=_country(sent.get("country")),
        properties=properties,
    )


def _kind(sent: dict[str, Any], *, trusted: bool, browser_orders: bool) -> str:
    kind = sent.get("kind")
    known = kind if isinstance(kind, str) else ""
    if known in BROWSER_KINDS or (trusted and known in SERVER_KINDS):
        return known
    if known == "order" and (browser_orders or is_proven(sent)):
        return known
    if known in SERVER_KINDS:
        raise InvalidError(
            "kind",
            N_("This kind is taken only from a server that shows the collector's key."),
            remedy=N_("Send “Authorization: Bearer …” with what “growth events key” prints."),
        )
    raise InvalidError(
        "kind",
        N_("There is no such kind of event."),
        remedy=N_("Kinds are %(kinds)s."),
        kinds=", ".join(sorted(BROWSER_KINDS | SERVER_KINDS)),
    )


def is_proven(sent: Mapping[str, Any]) -> bool:
    """Whether an order of a browser carries the proof that only the shop's server can have made."""
    proof, properties = sent.get("proof"), sent.get("properties")
    if not isinstance(proof, str) or not isinstance(properties, dict):
        return False
    ours = order_proof(*(properties.get(name) for name in ("order", "amount_minor", "currency")))
    return hmac.compare_digest(proof.encode(errors="replace"), ours.encode())


def order_proof(order: object, amount_minor: object, currency: object) -> str:
    """HMAC-SHA256, in hexadecimal, of the three with line ends between them, under the collector's key."""
    told = f"{order}\n{amount_minor}\n{currency}".encode(errors="replace")
    return hmac.new(collector_key().encode(), told, "sha256").hexdigest()


def _id(given: object, source: str) -> UUID:
    if not isinstance(given, str) or not 0 < len(given) <= _LONGEST_ID:
        raise InvalidError(
            "id",
            N_("Each event needs an id of its own, a text of at most %(limit)s characters."),
            remedy=N_("A UUID is best; sent again with the same one it is stored once."),
            limit=_LONGEST_ID,
        )
    return _uuid(given) or event_id(source, given)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _moment(at: object) -> datetime:
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() is None:
        raise InvalidError(
            "at",
            N_("This moment can't be read, or its time zone is missing."),
            remedy=N_("Write it like 2026-11-24T12:00:00Z, or leave it out."),
        )
    return moment


def _side(side: object) -> str:
    if side is None:
        return "buyer"
    if side in ("buyer", "seller"):
        return str(side)
    raise InvalidError("side", N_("The side is buyer or seller."))


def _visitor(visitor: object) -> UUID | None:
    if visitor is None:
        return None
    if isinstance(visitor, str) and (found := _uuid(visitor)):
        return found
    raise InvalidError("visitor", N_("A visitor is named by a UUID."))


def _country(country: object) -> str | None:
    if country is None:
        return None
    if isinstance(country, str) and _COUNTRY.fullmatch(country):
        return country.upper()
    raise InvalidError("country", N_("A country is written as two letters, such as BR."))


def _check_refund(properties: Mapping[str, Any]) -> None:
    """One without an amount gives back all of its order."""
    if properties.get("amount_minor") is None:
        _check_order(properties)
    else:
        _check_money(properties)


def _check_order(properties: Mapping[str, Any]) -> None:
    order = properties.get("order")
    if isinstance(order, bool) or not isinstance(order, str | int) or order == "":
        raise InvalidError("properties.order", N_("The order's own number is missing."))


def _check_money(properties: Mapping[str, Any]) -> None:
    _check_order(properties)
    amount, currency = (properties.get(name) for name in ("amount_minor", "currency"))
    if type(amount) is not int or not 0 <= amount <= _LARGEST_AMOUNT:
        raise InvalidError("properties.amount_minor", N_("The amount is a whole number of minor units, such as cents."))
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        raise InvalidError("properties.currency", N_("A currency is written as three letters, such as USD."))


def _check_name(properties: Mapping[str, Any]) -> None:
    if not isinstance(properties.get("name"), str):
        raise InvalidError("properties.name", N_("An event of your own kind needs a name."))


_CHECKS = {
    "order": _check_money,
    "order_change": _check_money,
    "refund": _check_refund,
    "custom": _check_name,
}
