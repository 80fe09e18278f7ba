"""What pretend people want of e-mails: some seldom, some a rest, and a list of addresses from a former system."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.people.consent import EMAIL_CHANNEL, MARKETING
from growth.people.identity import EMAIL, email_hash
from growth.people.permission import preferences
from growth.people.records import Consent
from growth.people.suppression import suppress_many

FORMER = 40
_SOURCE = "former newsletter system"


def wish(session: Session, now: datetime) -> None:
    """Give the newest permitted people wishes, and the list its addresses; in the caller's transaction."""
    permitted = select(Consent.person_id).where(
        Consent.purpose == MARKETING, Consent.channel == EMAIL_CHANNEL, Consent.granted
    )
    people = session.scalars(permitted.order_by(Consent.person_id.desc()).limit(60)).all()
    for place, person in enumerate(people):
        if place % 6 == 0:
            preferences.pause(session, person, now=now - timedelta(days=place % 20))
        elif place % 6 == 1:
            preferences.choose_frequency(session, person, "weekly", now=now)
        elif place % 6 == 2:
            preferences.choose_frequency(session, person, "twice_a_month", now=now)
    former = [email_hash(f"former{number}@example.org") for number in range(FORMER)]
    suppress_many(session, EMAIL, former, reason="imported", source=_SOURCE, now=now - timedelta(days=90))
