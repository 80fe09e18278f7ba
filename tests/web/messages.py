"""A message that somebody got, for tests of what they do with it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.records import Campaign, CampaignRun, Delivery, DeliveryBatch, EmailVersion
from growth.database.engine import transaction
from growth.people.consent import record_consent
from growth.people.identity import Known, ensure_person
from growth.people.records import Identity
from tests.web.serving import Site

LINKS = ["https://shop.example/ru/?a=1#top", "https://elsewhere.example/x?b=", "mailto:hello@example.com"]


@dataclass(frozen=True)
class Message:
    """Ids of one message."""

    delivery: int
    person: int
    batch: UUID


def sent(site: Site, *, locale: str = "ru", email: str = "anna@example.com") -> Message:
    """A message of a campaign of its own, handed over to the provider, to somebody who agreed to it."""
    now = site.clock.now()
    with transaction(site.engine) as session:
        person = ensure_person(session, Known(email=email, locale=locale, country="RU"), now)
        said: dict[str, Any] = {
            "basis": "consent",
            "jurisdiction": "RU",
            "source": "form",
            "wording": "Yes",
            "evidence": {},
        }
        record_consent(
            session,
            person,
            purpose="marketing",
            channel="email",
            granted=True,
            at=now - timedelta(days=9),
            now=now,
            **said,
        )
        run, version = _campaign(session, site, locale)
        batch = DeliveryBatch(id=uuid4(), campaign_run_id=run, state="accepted", claimed_at=now)
        session.add(batch)
        session.flush()
        delivery = Delivery(
            campaign_run_id=run,
            person_id=person,
            locale=locale,
            email_version_id=version,
            identity_id=session.scalar(select(Identity.id).where(Identity.person_id == person)),
            state="accepted",
            batch_id=batch.id,
            accepted_at=now,
        )
        session.add(delivery)
        session.flush()
        return Message(delivery.id, person, batch.id)


def _campaign(session: Session, site: Site, locale: str) -> tuple[int, int]:
    now = site.clock.now()
    campaign = Campaign(
        name=f"Welcome & co {uuid4().hex[:6]}",
        side="buyer",
        purpose="marketing",
        message="welcome_buyer",
        audience={},
        state="sending",
        created_by="marketer@example.com",
        created_at=now,
    )
    session.add(campaign)
    session.flush()
    run = CampaignRun(campaign_id=campaign.id, due_at=now, state="sending")
    texts = {"subject": "", "html": "", "text": ""}
    version = EmailVersion(
        message="welcome_buyer", fingerprint=uuid4().bytes, locale=locale, links=LINKS, created_at=now, **texts
    )
    session.add_all([run, version])
    session.flush()
    return run.id, version.id
