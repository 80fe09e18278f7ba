"""Messages as they were received: what was put into each is kept with its batch, sealed, and put together again."""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.email import personal
from growth.campaigns.messages import words
from growth.campaigns.records import CampaignRun, Delivery, DeliveryBatch, EmailVersion
from growth.errors import NotFoundError
from growth.keyring import keyring
from growth.locales import N_
from growth.people.records import Identity, Person


class Sender(words.Sender, Protocol):
    """Who a batch comes from."""

    @property
    def sender_email(self) -> str:
        """Its address."""


@dataclass(frozen=True)
class Received:
    """A message as it reached somebody, but for its links: they lead where they end, and count nobody."""

    delivery_id: int
    campaign_id: int
    person_id: int
    locale: str
    to: str | None
    """The address it went to; None when it is known no more."""
    sender: str
    subject: str
    html: str
    text: str
    handed_over_at: datetime | None
    headers: dict[str, str]


def pack(put_in: words.Words, *, sender: Sender) -> bytes:
    """What was put into the messages of a batch, for `delivery_batch.words_sealed`: by delivery, by place.

    Signed addresses aren't kept: nobody may follow another's link.
    """
    kept = {
        "sender": {"name": sender.sender_name, "email": sender.sender_email, "postal_address": sender.postal_address},
        "deliveries": {str(delivery): _kept(put_in, delivery) for delivery in put_in.own},
    }
    return keyring().seal(b64encode(zlib.compress(orjson.dumps(kept), 1)).decode())


def _kept(put_in: words.Words, delivery: int) -> Mapping[str, str]:
    """One's own texts, with the tags of links in the place of their signed addresses, as they are in product grids."""
    own = put_in.own[delivery]
    if not any("/c/" in text for text in own.values()):
        return own
    signed = personal.addresses_of(put_in.base_url, delivery, put_in.links)
    return {tag: _unsigned(text, signed) for tag, text in own.items()}


def _unsigned(text: str, signed: Mapping[str, str]) -> str:
    for tag, address in signed.items():
        text = text.replace(address, tag) if tag.startswith("[[link") else text
    return text


def unpack(sealed: bytes) -> tuple[dict[str, str], dict[int, dict[str, str]]]:
    """The sender, and by delivery what was put in. Raises PermanentError under another root key."""
    kept = orjson.loads(zlib.decompress(b64decode(keyring().unseal(sealed))))
    return kept["sender"], {int(delivery): places for delivery, places in kept["deliveries"].items()}


def as_received(session: Session, delivery_id: int) -> Received:
    """A message as one person received it. Raises NotFoundError when it wasn't sent, or is known no more."""
    found = session.execute(
        select(Delivery, EmailVersion, DeliveryBatch, CampaignRun.campaign_id, Identity.sealed)
        .join(EmailVersion, EmailVersion.id == Delivery.email_version_id)
        .join(DeliveryBatch, DeliveryBatch.id == Delivery.batch_id)
        .join(CampaignRun, CampaignRun.id == Delivery.campaign_run_id)
        .join(Person, Person.id == Delivery.person_id)
        .outerjoin(Identity, Identity.id == Delivery.identity_id)
        .where(Delivery.id == delivery_id, Person.erased_at.is_(None))
    ).one_or_none()
    if found is None or (sealed := found[2].words_sealed) is None:
        raise _gone()
    delivery, version, batch, campaign_id, address = found
    sender, put_in = unpack(sealed)
    if delivery.id not in put_in:
        raise _gone()
    places = _places(version, sender, put_in[delivery.id])
    return Received(
        delivery_id=delivery.id,
        campaign_id=campaign_id,
        person_id=delivery.person_id,
        locale=version.locale,
        to=keyring().unseal(address) if address else None,
        sender=f"{sender['name']} <{sender['email']}>",
        subject=personal.fill(version.subject, places),
        html=personal.fill(version.html, places),
        text=personal.fill(version.text, places),
        handed_over_at=delivery.claimed_at,
        headers={
            "List-Unsubscribe": "<…>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "custom_args": f"batch={batch.id} delivery={delivery.id}",
            "X-Message-Id": batch.provider_id or "",
        },
    )


def _places(version: EmailVersion, sender: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The places as they were, addresses aside: links lead where they end, nothing counts or unsubscribes."""
    fixed = personal.in_words(version.locale, None, sender["name"], sender["postal_address"])
    ends = personal.shown_addresses(version.links)
    return fixed | {tag: personal.fill(text, ends) for tag, text in own.items()} | ends


def _gone() -> NotFoundError:
    return NotFoundError(
        N_("This message can't be shown."), remedy=N_("It was not sent, or its recipient asked to be erased.")
    )
