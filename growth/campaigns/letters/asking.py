"""Sign-ups with what they set in motion: the letters they cause, and the event that channels and triggers see."""

from contextlib import suppress
from datetime import datetime, timedelta

from babel.dates import format_date
from sqlalchemy.orm import Session

from growth.campaigns.letters.posting import post
from growth.errors import RefusedError
from growth.events.ingest import NewEvent, ingest
from growth.events.links import sign_preferences
from growth.ids import event_id
from growth.people.identity import EMAIL, find_person, identity_hash, normalise_email
from growth.people.permission import confirming, subscribing
from growth.people.permission.confirming import Outcome, Wish
from growth.people.permission.jurisdictions import jurisdiction_of
from growth.people.permission.lists import in_words, list_by_id
from growth.people.permission.records import Confirmation, MailingList, SignUpForm
from growth.people.permission.subscribing import Subscribed
from growth.settings import settings

POSTED_BY = "form"


def sign_up(session: Session, form: SignUpForm, wish: Wish, now: datetime) -> None:
    """Take a submitted form: ask for a confirmation, subscribe at once, or tell who is on the list already.

    Nothing tells the visitor which of these it was, since the address may be another's. Raises InvalidError (field
    `email`) for what is no address.
    """
    wanted = list_by_id(session, form.list_id)
    email = normalise_email(wish.email)
    if confirming.is_barred(session, email):
        return
    if subscribing.is_subscribed(session, email, wanted):
        _tell_already(session, wanted, wish, email, now)
    elif subscribing.needs_confirming(session, form, wish):
        asked = confirming.ask(session, wish, now)
        if asked.outcome is Outcome.LETTER and asked.confirmation is not None:
            post_confirmation(session, asked.confirmation, now)
    else:
        # An organisation's address can't be a person's, and no stranger learns that it is one.
        with suppress(RefusedError):
            tell(session, subscribing.subscribe_at_once(session, wish, now), now)


def post_confirmation(session: Session, found: Confirmation, now: datetime) -> None:
    """Post the letter by which a subscription is confirmed.

    Without the name that was typed in: whoever owns the address may not have typed it, and it could say anything.
    """
    wanted = list_by_id(session, found.list_id or 0)
    until = now + timedelta(days=jurisdiction_of(found.country).confirmation_days)
    post(
        session,
        kind="confirmation",
        message="confirm_subscription",
        locale=found.locale,
        email=confirming.open_address(found),
        values={
            "confirm": settings().public_url + confirming.sign(found),
            "list_name": in_words(wanted.names, found.locale),
            "until": format_date(until, "long", locale=found.locale),
        },
        posted_by=POSTED_BY,
        now=now,
    )


def confirm(session: Session, found: Confirmation, *, ip_prefix: str | None, now: datetime) -> Subscribed | None:
    """Take the yes to a subscription, once; the caller holds the confirmation's row. None when it was given before.

    Raises RefusedError when it is too late, and what `subscribing.confirm` raises.
    """
    if found.state == confirming.CONFIRMED:
        return None
    if confirming.is_expired(found, now):
        raise RefusedError(confirming.TOO_LATE)
    done = subscribing.confirm(session, found, ip_prefix=ip_prefix, now=now)
    tell(session, done, now, key=f"confirmation {found.id}")
    return done


def tell(session: Session, done: Subscribed, now: datetime, *, key: str | None = None) -> None:
    """Store that somebody subscribed, for channels and triggers."""
    identity = event_id("form", key or f"{done.to.key} {done.person_id} {int(now.timestamp())}")
    event = NewEvent(
        occurred_at=now,
        event_id=identity,
        kind="subscribe",
        source="form",
        side=done.to.side,
        person_id=done.person_id,
        country=done.country,
        properties={"list": done.to.key} | ({"form": done.form.key} if done.form else {}),
    )
    ingest(session, [event], now)


def _tell_already(session: Session, wanted: MailingList, wish: Wish, email: str, now: datetime) -> None:
    """At most once a day to an address, whoever asks."""
    person = find_person(session, EMAIL, email)
    if person is None:
        return
    post(
        session,
        kind="notice",
        message="already_subscribed",
        locale=wish.locale,
        email=email,
        values={
            "list_name": in_words(wanted.names, wish.locale),
            "preferences": settings().public_url + sign_preferences(person),
        },
        posted_by=POSTED_BY,
        now=now,
        key=f"already {wanted.id} {identity_hash(EMAIL, email).hex()[:32]} {now:%Y-%m-%d}",
    )
