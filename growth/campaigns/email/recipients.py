"""Whose message a delivery was, and of which campaign: for links and for what the provider tells."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.email.machines import BURST_SECONDS
from growth.campaigns.records import Campaign, CampaignRun, Delivery, EmailVersion
from growth.events.records import Event
from growth.people.records import Person


@dataclass(frozen=True, slots=True)
class Recipient:
    """One message and who got it."""

    delivery_id: int
    person_id: int | None
    """None when they asked to be erased."""
    side: str
    campaign: str
    purpose: str
    locale: str
    email_version_id: int | None
    identity_id: int | None
    """The address it was sent to."""


def recipients(session: Session, deliveries: Collection[int]) -> dict[int, Recipient]:
    """By delivery, of those that exist."""
    found = (
        select(Delivery, Campaign, Person.erased_at)
        .join(CampaignRun, CampaignRun.id == Delivery.campaign_run_id)
        .join(Campaign, Campaign.id == CampaignRun.campaign_id)
        .join(Person, Person.id == Delivery.person_id)
        .where(Delivery.id.in_(deliveries))
    )
    return {
        delivery.id: Recipient(
            delivery_id=delivery.id,
            person_id=None if erased_at else delivery.person_id,
            side=campaign.side,
            campaign=campaign.name,
            purpose=campaign.purpose,
            locale=delivery.locale,
            email_version_id=delivery.email_version_id,
            identity_id=delivery.identity_id,
        )
        for delivery, campaign, erased_at in session.execute(found)
    }


def link_of(session: Session, recipient: Recipient, position: int) -> str | None:
    """Where a message's link leads, counted from 0; None when it has no such link."""
    links = session.scalar(select(EmailVersion.links).where(EmailVersion.id == recipient.email_version_id)) or []
    return str(links[position]) if 0 <= position < len(links) else None


def links_followed(session: Session, recipient: Recipient, now: datetime) -> set[int]:
    """Positions of the message's links that were followed in the last moments, by whatever it was."""
    if recipient.person_id is None:
        return set()
    lately = Event.occurred_at > now - timedelta(seconds=BURST_SECONDS), Event.occurred_at <= now
    found = select(Event.properties["position"].as_integer()).where(
        Event.person_id == recipient.person_id,
        *lately,
        Event.delivery_id == recipient.delivery_id,
        Event.kind.in_(("email_click", "email_machine_click")),
    )
    return set(session.scalars(found))
