"""Whose an event is: visitors who became known, and what they did before, which is theirs from then on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.database.among import among
from growth.events.countries import guessed
from growth.events.reading import EventRead
from growth.events.records import VisitorIdentity
from growth.people.records import Person

# In one order, so that it and the collector wait for each other rather than deadlock; the first join stays.
_JOIN = text("""
    insert into visitor_identity (visitor, person_id, rests_on, at)
    select told.visitor, told.person_id, 'event', told.at
    from unnest(cast(:visitors as uuid[]), cast(:people as bigint[]), cast(:moments as timestamptz[]))
        with ordinality as told (visitor, person_id, at, place)
    where exists (select from person where person.id = told.person_id)
    order by told.place on conflict do nothing
""")
_ADOPT_TOUCHES = text("""
    update touch set person_id = known.person_id, country = coalesce(touch.country, person.country)
    from visitor_identity as known join person on person.id = known.person_id
    where known.visitor = any(cast(:visitors as uuid[])) and known.undone_at is null
        and touch.visitor = known.visitor and touch.person_id is null
    returning touch.id
""")
_ADOPT_CONVERSIONS = text("""
    update conversion set person_id = known.person_id, country = coalesce(conversion.country, person.country)
    from visitor_identity as known join person on person.id = known.person_id
    where known.visitor = any(cast(:visitors as uuid[])) and known.undone_at is null
        and conversion.visitor = known.visitor and conversion.person_id is null
    returning conversion.id
""")


@dataclass(frozen=True)
class Whose:
    """Who is behind a batch of events, and where they live."""

    people: Mapping[UUID, int]
    """Person by visitor, of the visitors who are known."""
    countries: Mapping[int, str]
    """Country by person, where we know it."""

    def person(self, event: EventRead) -> int | None:
        """The person of an event, by itself or by its visitor."""
        if event.person_id is not None or event.visitor is None:
            return event.person_id
        return self.people.get(event.visitor)

    def country(self, event: EventRead) -> str | None:
        """Where it happened, as far as is known or can be guessed, or else where the person lives."""
        person = self.person(event)
        lives = self.countries.get(person) if person is not None else None
        return event.country or guessed(event.properties) or lives


@dataclass(frozen=True)
class Adopted:
    """Ids of touches and conversions that were a visitor's and are a person's now."""

    touches: Sequence[int]
    conversions: Sequence[int]


def find_whose(session: Session, events: Sequence[EventRead]) -> Whose:
    """Who the visitors of these events are; from an event that names both visitor and person it is known for good."""
    both = {one.visitor: one for one in reversed(events) if one.visitor is not None and one.person_id is not None}
    told = [both[visitor] for visitor in sorted(both)]
    if told:
        session.execute(
            _JOIN,
            {
                "visitors": [one.visitor for one in told],
                "people": [one.person_id for one in told],
                "moments": [one.occurred_at for one in told],
            },
        )
    return known_whose(session, events)


def known_whose(session: Session, events: Sequence[EventRead]) -> Whose:
    """Who the visitors of these events are, by what is known already. Nothing is written."""
    visitors = {event.visitor for event in events if event.visitor is not None}
    if not visitors and all(event.person_id is None for event in events):
        return Whose({}, {})
    joined = select(VisitorIdentity.visitor, VisitorIdentity.person_id).where(
        among(VisitorIdentity.visitor, visitors), VisitorIdentity.undone_at.is_(None)
    )
    people = dict(session.execute(joined).all())
    everybody = {event.person_id for event in events if event.person_id is not None} | set(people.values())
    lives = select(Person.id, Person.country).where(among(Person.id, everybody), Person.country.is_not(None))
    return Whose(people, {person: country for person, country in session.execute(lives) if country})


def adopt(session: Session, whose: Whose) -> Adopted:
    """Give what these visitors did while nobody knew them to the people they turned out to be."""
    if not whose.people:
        return Adopted((), ())
    known = {"visitors": list(whose.people)}
    touches = session.scalars(_ADOPT_TOUCHES, known).all()
    return Adopted(touches, session.scalars(_ADOPT_CONVERSIONS, known).all())
