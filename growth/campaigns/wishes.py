"""What recipients' wishes do beyond their own record: to messages already planned, and the letters they cause."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from growth.campaigns.choosing.judging import served_in
from growth.campaigns.email import feedback
from growth.campaigns.experimenting import experiment_of
from growth.campaigns.letters.posting import post
from growth.campaigns.records import Campaign, CampaignRun, Delivery
from growth.events.links import sign_preferences
from growth.people.identity import normalise_email
from growth.people.permission import confirming, leaving, moving, preferences
from growth.people.permission.confirming import Outcome, Wish
from growth.people.permission.records import Confirmation
from growth.people.records import Person
from growth.settings import settings


def choose_language(session: Session, person_id: int, locale: str, *, now: datetime) -> bool:
    """The language of e-mails from now on, also of those planned, where their message has it; whether it is new.

    A message that is being handed over at this moment goes as it is. Raises as `preferences.choose_language` does.
    """
    if not preferences.choose_language(session, person_id, locale, now=now):
        return False
    planned = (Delivery.person_id == person_id, Delivery.state == "planned", Delivery.locale != locale)
    theirs = select(Delivery.id, Campaign)
    theirs = theirs.join(CampaignRun, CampaignRun.id == Delivery.campaign_run_id)
    theirs = theirs.join(Campaign, Campaign.id == CampaignRun.campaign_id).where(*planned).order_by(Delivery.id)
    found = session.execute(theirs.with_for_update(of=Delivery)).all()
    served = [delivery for delivery, campaign in found if locale in _languages(session, campaign)]
    session.execute(update(Delivery).where(Delivery.id.in_(served)).values(locale=locale))
    return True


def _languages(session: Session, campaign: Campaign) -> list[str]:
    """Those in which whoever is planned can get it, whichever arm of an experiment is theirs."""
    return served_in(session, campaign, experiment_of(session, campaign.id))


def leave_everything(session: Session, person_id: int, delivery_id: int | None, *, now: datetime) -> None:
    """Unsubscribe from everything; what is planned is taken out, at once where the wish came by a message's link."""
    leaving.leave_everything(session, person_id, now=now)
    if delivery_id is not None:
        feedback.unsubscribe(session, delivery_id, now=now, source=leaving.SOURCE)


def ask_new_address(
    session: Session, person_id: int, email: str, *, locale: str, evidence: Mapping[str, Any], now: datetime
) -> None:
    """Have a new address confirmed by a letter to it; whatever the address is, the asker sees no difference.

    One that is somebody else's gets a letter that explains, and nothing is changed. Raises InvalidError, field
    `email`, for what is no address, and as `preferences.recipient` does.
    """
    person, address = preferences.recipient(session, person_id, lock=True), normalise_email(email)
    if moving.belongs_to_another(session, person_id, address):
        _explain(session, address, locale, now)
        return
    wish = Wish(
        kind=confirming.ADDRESS,
        email=address,
        locale=locale,
        country=person.country,
        person_id=person_id,
        evidence=evidence,
    )
    asked = confirming.ask(session, wish, now)
    if asked.outcome is Outcome.LETTER and asked.confirmation is not None:
        post_confirmation(session, asked.confirmation, now)


def post_confirmation(session: Session, found: Confirmation, now: datetime) -> None:
    """Post the letter by which a new address is confirmed."""
    post(
        session,
        kind="address_change",
        message="confirm_address",
        locale=found.locale,
        email=confirming.open_address(found),
        values={"confirm": settings().public_url + confirming.sign(found)},
        posted_by=preferences.ACTOR,
        now=now,
    )


def confirm_new_address(session: Session, found: Confirmation, *, ip_prefix: str | None, now: datetime) -> bool:
    """Take the yes to a new address, and tell the old ones; False when the address is somebody else's by now.

    Messages already planned go to the new address, since it is looked up when they are handed over. The caller holds
    the confirmation's row. Raises as `moving.confirm` does.
    """
    old = moving.confirm(session, found, ip_prefix=ip_prefix, now=now)
    for address in old or ():
        if not confirming.is_barred(session, address):
            _notify(session, found, address, now)
    return old is not None


def _notify(session: Session, found: Confirmation, address: str, now: datetime) -> None:
    person = session.get_one(Person, found.person_id)
    post(
        session,
        kind="notice",
        message="address_changed",
        locale=preferences.closest_locale(person),
        email=address,
        values={"preferences": settings().public_url + sign_preferences(person.id)},
        posted_by=preferences.ACTOR,
        now=now,
        key=f"address changed {found.id} {moving.digest_of(address).hex()[:16]}",
    )


def _explain(session: Session, address: str, locale: str, now: datetime) -> None:
    """At most one such letter an hour to an address, since anybody with a link can ask for it."""
    digest = moving.digest_of(address)
    if confirming.is_barred(session, address):
        return
    post(
        session,
        kind="notice",
        message="address_taken",
        locale=locale,
        email=address,
        values={},
        posted_by=preferences.ACTOR,
        now=now,
        key=f"address taken {digest.hex()[:32]} {now:%Y-%m-%d %H}",
    )
