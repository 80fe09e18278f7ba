"""Signed links in messages: click, open, unsubscribe, and the token by which a site knows who came."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from growth.errors import RefusedError
from growth.ids import DeliveryId, PersonId
from growth.keyring import NOT_OURS, WHOLE_LINK, keyring
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


@dataclass(frozen=True, slots=True)
class PreferencesLink:
    """Who says what they want: a person, or whoever a message was sent to."""

    person_id: PersonId | None = None
    delivery_id: DeliveryId | None = None


@dataclass(frozen=True, slots=True)
class DeliveryLinks:
    """The paths of one message's signed links."""

    clicks: Sequence[str]
    open: str
    unsubscribe: str
    preferences: str


def links_of(delivery_id: int, clicks: int) -> DeliveryLinks:
    """All signed links of a message with so many personal ones."""
    return links_with(delivery_id, marks_of(delivery_id, clicks), clicks)


def links_with(delivery: int | str, marks: Sequence[str], clicks: int) -> DeliveryLinks:
    """Links that are signed with these marks."""
    opened, left, *clicked = marks
    return DeliveryLinks(
        [f"/c/{delivery}.{position}.{clicked[position]}" for position in range(clicks)],
        f"/o/{delivery}.{opened}.gif",
        f"/p/unsubscribe?t={delivery}.{left}",
        f"/p/preferences?t={delivery}.{left}",
    )


def marks_of(delivery_id: int, clicks: int) -> Sequence[str]:
    """What signs the links of a message, by few hashes, since thousands are signed a second.

    That of the picture, that of the pages for leaving and for preferences, then those of the clicks, and maybe more.
    """
    return keyring().marks(_OF_DELIVERY, str(delivery_id), range((_BEFORE + clicks + 3) // 4))


_OF_DELIVERY = "delivery"
_BEFORE = 2
"""Marks before those of the clicks: the picture's, and that of the pages for leaving and for preferences."""
_MOST_DIGITS = 19


def sign_click(delivery_id: int, position: int) -> str:
    """Path of the personal link number `position`, counted from 0."""
    block, place = divmod(_BEFORE + position, 4)
    return f"/c/{delivery_id}.{position}.{keyring().marks(_OF_DELIVERY, str(delivery_id), [block])[place]}"


def read_click(signed: str) -> ClickLink:
    """What was signed. Raises RefusedError."""
    delivery, position = _numbers(signed, 2)
    if _same(f"/c/{signed}", sign_click(delivery, position)):
        return ClickLink(DeliveryId(delivery), position)
    raise _refused()


def sign_open(delivery_id: int) -> str:
    """Path of the picture that tells us a message was opened."""
    return links_of(delivery_id, 0).open


def read_open(signed: str) -> DeliveryId:
    """Whose message was opened; without the `.gif`. Raises RefusedError."""
    (delivery,) = _numbers(signed, 1)
    if _same(f"/o/{signed}.gif", sign_open(delivery)):
        return DeliveryId(delivery)
    raise _refused()


def sign_unsubscribe(delivery_id: int) -> str:
    """Path of the page on which a recipient ends the messages; the one of List-Unsubscribe too (RFC 8058)."""
    return links_of(delivery_id, 0).unsubscribe


def read_unsubscribe(signed: str) -> DeliveryId:
    """Whose message it came with. Raises RefusedError."""
    (delivery,) = _numbers(signed, 1)
    if _same(f"/p/unsubscribe?t={signed}", sign_unsubscribe(delivery)):
        return DeliveryId(delivery)
    raise _refused()


def _numbers(signed: str, number: int) -> list[int]:
    """The numbers before a signature. Raises RefusedError when there are others than so many."""
    *texts, _ = signed.split(".")
    if len(texts) != number or not all(text.isascii() and text.isdecimal() for text in texts):
        raise _refused()
    if any(len(text) > _MOST_DIGITS for text in texts):
        raise _refused()
    return [int(text) for text in texts]


def _same(given: str, ours: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), ours.encode())


def _refused() -> RefusedError:
    return RefusedError(NOT_OURS, remedy=WHOLE_LINK)


def sign_preferences(person_id: int) -> str:
    """Path of the page on which a person says what they want; for those who have got no message of a campaign."""
    return f"/p/preferences?t={keyring().sign('preferences', str(person_id))}"


def delivery_preferences(delivery_id: int) -> str:
    """Path of the same page for the recipient of a message, by the token of `sign_unsubscribe`."""
    return links_of(delivery_id, 0).preferences


def read_preferences(signed: str) -> PreferencesLink:
    """Whom, or whose message, a token of that page is for. Raises RefusedError."""
    try:
        return PreferencesLink(person_id=PersonId(int(keyring().verify("preferences", signed))))
    except RefusedError:
        return PreferencesLink(delivery_id=read_unsubscribe(signed))


def sign_person(person_id: int, now: datetime) -> str:
    """A token that says who came by a click, for our own sites to hand back with their events."""
    return keyring().sign("person", f"{person_id}.{int(now.timestamp())}")


def read_person(signed: str, now: datetime) -> PersonId:
    """Who it was made for. Raises RefusedError when it is none of ours or older than 30 days."""
    person, _, made = keyring().verify("person", signed).partition(".")
    if now - datetime.fromtimestamp(int(made), UTC) > timedelta(days=_PERSON_DAYS):
        raise RefusedError(N_("This token is older than 30 days."))
    return PersonId(int(person))
