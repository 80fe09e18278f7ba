"""Events as our sites and servers send them: each is read into one of ours, or refused in words."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.errors import InvalidError, RefusedError
from growth.events.ingest import NewEvent, first_seen, ingest
from growth.events.links import read_person
from growth.events.records import VisitorIdentity
from growth.ids import PersonId, event_id
from growth.keyring import keyring
from growth.locales import N_
from growth.people.records import Person
from growth.settings import settings

BROWSER_KINDS = frozenset({"page_view", "click", "contact", "custom", "subscribe", "registration"})
"""What anybody's browser may tell."""

SERVER_KINDS = frozenset({"order", "refund", "shop_open"})
"""What moves money and credit, so that only a server with the collector's key may tell it."""

LARGEST_BATCH = 1_000

_SOURCE = "collector"
_LONGEST_ID = 200
_LARGEST_AMOUNT = 10**13
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Collected:
    """What became of a batch."""

    accepted: int
    repeated: int
    refused: list[tuple[int, InvalidError]]
    """Position in the batch and what is wrong."""
    unknown_tokens: int
    """Events that were taken, but whose token names nobody: too old, cut short, or of an erased person."""


def collector_key() -> str:
    """What a server shows to be believed about orders; of this installation's root key unless it is set."""
    chosen = settings().collector_key
    return keyring().derived("collector").hex() if chosen is None else chosen.get_secret_value()


def collect(session: Session, sent: Sequence[object], now: datetime, *, trusted: bool) -> Collected:
    """Store what can be read of a batch, in the caller's transaction; sent again it changes nothing.

    `sent` is the JSON as it came; `trusted` tells whether it came with the key. Raises InvalidError when there are
    more than `LARGEST_BATCH`.
    """
    if len(sent) > LARGEST_BATCH:
        raise InvalidError(
            "events",
            N_("There are more than %(limit)s events."),
            remedy=N_("Send them in several requests."),
            limit=LARGEST_BATCH,
        )
    read, refused = _read(sent, _people(session, sent, now), now, trusted=trusted)
    _give_moments(session, read, sent, now)
    stored = ingest(session, list(read.values()), now)
    _join_visitors(session, stored.accepted)
    places = list(read)
    refused += [(places[index], problem) for index, problem in stored.refused]
    unknown = sum(event.person_id is None and _has(sent[place], "token") for place, event in read.items())
    return Collected(len(stored.accepted), stored.repeated, sorted(refused, key=lambda one: one[0]), unknown)


def _read(
    sent: Sequence[object], people: Mapping[str, PersonId], now: datetime, *, trusted: bool
) -> tuple[dict[int, NewEvent], list[tuple[int, InvalidError]]]:
    """What can be read, by its position in the batch, and what can't."""
    read: dict[int, NewEvent] = {}
    refused: list[tuple[int, InvalidError]] = []
    for place, one in enumerate(sent):
        try:
            read[place] = read_event(one, people, now, trusted=trusted)
        except InvalidError as problem:
            refused.append((place, problem))
    return read, refused


def read_event(sent: object, people: Mapping[str, PersonId], now: datetime, *, trusted: bool) -> NewEvent:
    """One event, at `now` when it names no moment. `people` are those whom the batch's tokens name.

    Raises InvalidError naming the field.
    """
    if not isinstance(sent, dict):
        raise InvalidError("event", N_("An event is an object with an id and a kind."))
    kind = _kind(sent.get("kind"), trusted=trusted)
    properties = sent.get("properties") or {}
    if not isinstance(properties, dict):
        raise InvalidError("properties", N_("Properties are an object."))
    if kind in _CHECKS:
        _CHECKS[kind](properties)
    at, token = sent.get("at"), sent.get("token")
    return NewEvent(
        occurred_at=now if at is None else _moment(at),
        event_id=_id(sent.get("id")),
        kind=kind,
        source=_SOURCE,
        side=_side(sent.get("side")),
        person_id=people.get(token) if isinstance(token, str) else None,
        visitor=_visitor(sent.get("visitor")),
        country=_country(sent.get("country")),
        properties=properties,
    )


def _kind(kind: object, *, trusted: bool) -> str:
    known = kind if isinstance(kind, str) else ""
    if known in BROWSER_KINDS or (trusted and known in SERVER_KINDS):
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


def _id(given: object) -> UUID:
    if not isinstance(given, str) or not 0 < len(given) <= _LONGEST_ID:
        raise InvalidError(
            "id",
            N_("Each event needs an id of its own, a text of at most %(limit)s characters."),
            remedy=N_("A UUID is best; sent again with the same one it is stored once."),
            limit=_LONGEST_ID,
        )
    return _uuid(given) or event_id(_SOURCE, given)


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


def _check_money(properties: Mapping[str, Any]) -> None:
    amount, currency, order = (properties.get(name) for name in ("amount_minor", "currency", "order"))
    if not isinstance(order, str | int) or order == "":
        raise InvalidError("properties.order", N_("The order's own number is missing."))
    if type(amount) is not int or not 0 <= amount <= _LARGEST_AMOUNT:
        raise InvalidError("properties.amount_minor", N_("The amount is a whole number of minor units, such as cents."))
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        raise InvalidError("properties.currency", N_("A currency is written as three letters, such as USD."))


def _check_name(properties: Mapping[str, Any]) -> None:
    if not isinstance(properties.get("name"), str):
        raise InvalidError("properties.name", N_("An event of your own kind needs a name."))


_CHECKS = {"order": _check_money, "refund": _check_money, "custom": _check_name}


def _has(sent: object, field: str) -> bool:
    return isinstance(sent, dict) and sent.get(field) is not None


def _give_moments(session: Session, read: dict[int, NewEvent], sent: Sequence[object], now: datetime) -> None:
    """An event without a moment gets the one at which it was first seen."""
    lacking = {place: event for place, event in read.items() if not _has(sent[place], "at")}
    if lacking:
        seen = first_seen(session, [event.event_id for event in lacking.values()], now)
        read |= {place: replace(event, occurred_at=seen[event.event_id]) for place, event in lacking.items()}


def _people(session: Session, sent: Iterable[object], now: datetime) -> dict[str, PersonId]:
    """Whom the tokens of a batch name; tokens that name nobody, or somebody erased, are left out."""
    texts = {token for one in sent if isinstance(one, dict) and isinstance(token := one.get("token"), str)}
    named = {text: person for text in texts if (person := _named(text, now))}
    if not named:
        return {}
    living = select(Person.id).where(Person.id.in_(named.values()), Person.erased_at.is_(None))
    found = set(session.scalars(living))
    return {text: person for text, person in named.items() if person in found}


def _named(token: str, now: datetime) -> PersonId | None:
    try:
        return read_person(token, now)
    except RefusedError:
        return None


def _join_visitors(session: Session, events: Iterable[NewEvent]) -> None:
    """A visitor who came with a token is known from then on; the first join stays."""
    joins: dict[UUID, NewEvent] = {}
    for event in events:
        if event.visitor is not None and event.person_id is not None:
            joins.setdefault(event.visitor, event)
    if not joins:
        return
    # Always in one order, so that two batches with the same visitors wait for each other rather than deadlock.
    rows = [
        {"visitor": visitor, "person_id": event.person_id, "rests_on": "token", "at": event.occurred_at}
        for visitor, event in sorted(joins.items(), key=lambda join: join[0])
    ]
    session.execute(insert(VisitorIdentity).on_conflict_do_nothing(), rows)
