"""A campaign's message as one person would get it: for its review, and for letters to colleagues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from growth.campaigns.audiences.compiling import compiled
from growth.campaigns.choosing.permission import LOCALE
from growth.campaigns.email import personal
from growth.campaigns.email.catalogue import Compiled, compile_message, fill, filled_in
from growth.campaigns.experimenting import experiment_of
from growth.campaigns.messages.facts import facts_of
from growth.campaigns.messages.sources import sample_of, source_of
from growth.campaigns.messages.words import own_words
from growth.campaigns.pinning import conditions_of
from growth.campaigns.records import Campaign
from growth.database.workspace import Workspace, workspace
from growth.errors import NotFoundError
from growth.keyring import keyring
from growth.locales import N_
from growth.people.reading import names_of
from growth.people.records import Person

MOST_READERS = 8
_LONGEST_LOOK = "700ms"
"""For finding some people of an audience; a rare condition over a million people takes longer, and isn't worth it."""


@dataclass(frozen=True)
class Reader:
    """Somebody a message can be shown as."""

    person_id: int
    name: str | None
    country: str | None


@dataclass(frozen=True)
class Wording:
    """Which message, of which version, with what an experiment's arm says otherwise in one locale."""

    message: str
    version: int | None
    arm: str = ""
    changes: dict[str, str] = field(default_factory=dict)


def wordings(session: Session, campaign: Campaign, locale: str) -> list[Wording]:
    """What a campaign says in a locale: once, or once for each arm of its experiment that says something else."""
    experiment = experiment_of(session, campaign.id)
    found: list[Wording] = []
    for arm in experiment.arms if experiment else ():
        other = arm.message not in {None, campaign.message}
        wording = Wording(
            arm.message or campaign.message, None if other else campaign.message_version, arm.name, arm.words_in(locale)
        )
        same = [(one.message, one.version, one.changes) for one in found]
        if (wording.message, wording.version, wording.changes) not in same:
            found.append(wording)
    return found or [Wording(campaign.message, campaign.message_version)]


_SOME = """
    select person.id, person.country from person
    where person.id > :after and person.erased_at is null and {locale} = :locale and {where}
        and exists (select from consent where consent.person_id = person.id and consent.purpose = :purpose
            and consent.channel = 'email' and consent.granted)
    order by person.id limit :most
"""


def readers(session: Session, campaign: Campaign, locale: str, now: datetime) -> list[Reader]:
    """Some people of the audience who read a language; none when finding them takes too long."""
    found = some_readers(session, campaign, locale, now, most=MOST_READERS)
    names = names_of(session, [person for person, _ in found])
    return [Reader(person, names.get(person), country) for person, country in found]


def some_readers(
    session: Session, campaign: Campaign, locale: str, now: datetime, *, after: int = 0, most: int
) -> list[tuple[int, str | None]]:
    """The next people with permission in a campaign's audience who read a language, with their countries."""
    audience = compiled(conditions_of(session, campaign))
    asked = {"locale": locale, "purpose": campaign.purpose, "after": after, "most": most, "now": now}
    found = quickly(session, _SOME.format(locale=LOCALE, where=audience.where), asked | audience.values)
    return [(person, country) for person, country in found or []]


def quickly(session: Session, statement: str, values: Mapping[str, Any]) -> Sequence[Row[*tuple[Any, ...]]] | None:
    """What a statement finds; None when that takes longer than a page may wait for."""
    try:
        with session.begin_nested():
            session.execute(text(f"set local statement_timeout = '{_LONGEST_LOOK}'"))
            found = session.execute(text(statement), values).all()
            session.execute(text("set local statement_timeout to default"))
    except OperationalError:
        return None
    return found


def reader(session: Session, person_id: int) -> Reader:
    """One person. Raises NotFoundError for one who isn't there, or who asked to be erased."""
    person = session.get(Person, person_id)
    if person is None or person.erased_at is not None:
        raise NotFoundError(N_("There is no such person."), remedy=N_("Look for them by their exact e-mail address."))
    name = keyring().unseal(person.name_sealed) if person.name_sealed else None
    return Reader(person.id, name, person.country)


def made_of(session: Session, wording: Wording, locale: str) -> Compiled:
    """The message with its personal places open. Raises NotFoundError, or MessageError."""
    changes = wording.changes or None
    return compile_message(session, wording.message, locale, version=wording.version, changes=changes)


def as_sample(session: Session, wording: Wording, made: Compiled) -> Compiled:
    """A made message as somebody like its sample gets it."""
    sample = sample_of(source_of(session, wording.message, wording.version)).get("values", {})
    return filled_in(made, dict(sample) | _sender(workspace(session)))


def as_seen(session: Session, made: Compiled, who: Reader, now: datetime) -> Compiled:
    """A made message as a person would get it, its links leading where they end.

    Raises UnsaidError when something it says of them isn't known.
    """
    sender = _sender(workspace(session))
    names = personal.in_words(made.locale, who.name, sender.get("sender_name", ""), sender.get("postal_address", ""))
    fixed = names | personal.shown_addresses(made.links)
    used = sorted({str(place["of"]) for place in made.places.values()})
    facts = facts_of(session, used, [who.person_id], now, {who.person_id: who.name})[who.person_id]
    own = own_words(made, facts, fixed)
    if own is None:
        raise UnsaidError(N_("Something this message says isn't known of them, so they would get nothing."))
    return fill(made, fixed | own)


class UnsaidError(NotFoundError):
    """A message can't be put together for this person."""


def _sender(place: Workspace | None) -> dict[str, str]:
    return {"sender_name": place.sender_name, "postal_address": place.postal_address} if place else {}
