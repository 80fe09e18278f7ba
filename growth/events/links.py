"""Signed links in messages: click, open, unsubscribe, and the token by which a site knows who came."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from growth.errors import RefusedError
from growth.ids import DeliveryId, PersonId
from growth.keyring import keyring
from growth.locales import N_

TOKEN_PARAMETER = "growth_token"  # noqa: S105 - a name in an address
"""By which a link to our own sites says who came; they hand it back as an event's `token`."""

_PERSON_DAYS = 30
"""How long a person token serves: long enough for an order after a click, short for an address that is passed on."""


@dataclass(frozen=True, slots=True)
class ClickLink:
    """Which message a click comes from, and which of its links it was, counted from 0."""

    delivery_id: DeliveryId
    position: int


def sign_click(delivery_id: int, position: int) -> str:
    """Path of the personal link number `position`, counted from 0."""
    return f"/c/{keyring().sign('click', f'{delivery_id}.{position}')}"


def read_click(signed: str) -> ClickLink:
    """What was signed. Raises RefusedError."""
    delivery, _, position = keyring().verify("click", signed).partition(".")
    return ClickLink(DeliveryId(int(delivery)), int(position))


def sign_open(delivery_id: int) -> str:
    """Path of the picture that tells us a message was opened."""
    return f"/o/{keyring().sign('open', str(delivery_id))}.gif"


def read_open(signed: str) -> DeliveryId:
    """Whose message was opened; without the `.gif`. Raises RefusedError."""
    return DeliveryId(int(keyring().verify("open", signed)))


def sign_unsubscribe(delivery_id: int) -> str:
    """Path of the page on which a recipient ends the messages; the one of List-Unsubscribe too (RFC 8058)."""
    return f"/p/unsubscribe?t={keyring().sign('unsubscribe', str(delivery_id))}"


def read_unsubscribe(signed: str) -> DeliveryId:
    """Whose message it came with. Raises RefusedError."""
    return DeliveryId(int(keyring().verify("unsubscribe", signed)))


def sign_person(person_id: int, now: datetime) -> str:
    """A token that says who came by a click, for our own sites to hand back with their events."""
    return keyring().sign("person", f"{person_id}.{int(now.timestamp())}")


def read_person(signed: str, now: datetime) -> PersonId:
    """Who it was made for. Raises RefusedError when it is none of ours or older than 30 days."""
    person, _, made = keyring().verify("person", signed).partition(".")
    if now - datetime.fromtimestamp(int(made), UTC) > timedelta(days=_PERSON_DAYS):
        raise RefusedError(N_("This token is older than 30 days."))
    return PersonId(int(person))
