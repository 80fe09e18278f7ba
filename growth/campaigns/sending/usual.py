"""The hour at which each person usually opens, learned from what people opened and never from their mail's machines."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.campaigns.sending.records import UsualHourOfCountry
from growth.campaigns.sending.timing import places, zone_named
from growth.database.workspace import workspace
from growth.scheduling.run import Step

LATELY = timedelta(days=3)
"""Reports of an open come late; whoever opened in so many days is looked at anew, which changes nothing twice."""

_LAST_OPENS = 20
_FEWEST = 3
"""Opens from which on somebody's hour counts as known."""
_ORDINARY = 10
"""The hour for everybody while nothing is known."""


def usual_hour(hours: Sequence[int]) -> int:
    """The hour around which most of these lie; the hours beside one count half, and midnight parts nothing.

    Of several alike the earliest. `hours` is not empty.
    """
    counts = [hours.count(hour) for hour in range(24)]

    def weight(hour: int) -> int:
        return 2 * counts[hour] + counts[hour - 1] + counts[(hour + 1) % 24]

    return max(range(24), key=lambda hour: (weight(hour), counts[hour], -hour))


def usual_hours(session: Session) -> dict[str, int]:
    """The hour by country for those whose own isn't known; '' for any other country."""
    known = session.execute(select(UsualHourOfCountry.country, UsualHourOfCountry.hour)).all()
    return {"": _ORDINARY} | {row.country: row.hour for row in known}


_WHO = text("""
    select distinct person_id from delivery
    where opened_at >= :since and person_id > :after order by person_id limit :size
""")

_OPENS = text("""
    select person.id, person.time_zone, person.country, array(
        select opened_at from delivery
        where delivery.person_id = person.id and opened_at is not null order by delivery.claimed_at desc limit :last)
    from person where person.id = any(:people)
""")

_KEEP = text("""
    insert into usual_hour (person_id, hour, opens)
    select * from unnest(cast(:people as bigint[]), cast(:hours as bigint[]), cast(:opens as bigint[]))
    on conflict (person_id) do update set hour = excluded.hour, opens = excluded.opens
    where (usual_hour.hour, usual_hour.opens) is distinct from (excluded.hour, excluded.opens)
""")


def learn(session: Session, now: datetime, after: int | None, size: int) -> Step:
    """Learn anew the hours of the next `size` people who opened something lately."""
    people = session.scalars(_WHO, {"since": now - LATELY, "after": after or 0, "size": size}).all()
    home = workspace(session)
    found = session.execute(_OPENS, {"people": list(people), "last": _LAST_OPENS}).all()
    learned = []
    for person, zone, country, opened in found:
        hours = hours_of(opened, zone, country, home.time_zone if home else "UTC")
        if len(hours) >= _FEWEST:
            learned.append((person, usual_hour(hours), len(hours)))
    columns = list(zip(*learned, strict=True)) or [(), (), ()]
    names = ("people", "hours", "opens")
    session.execute(_KEEP, {name: list(column) for name, column in zip(names, columns, strict=True)})
    return Step(done=len(people), next=people[-1] if len(people) == size else None)


def hours_of(opened: Sequence[datetime], zone: str | None, country: str | None, home: str) -> list[int]:
    """The hours that a person's own clock showed at these moments."""
    known: Mapping[str, str] = places()
    name = known.get(zone or "") or known.get(f"country {country}") or home
    return [moment.astimezone(zone_named(name)).hour for moment in opened]


_BY_COUNTRY = text("""
    insert into usual_hour_of_country (country, hour, people)
    select country, mode() within group (order by hour), count(*)
    from (
        select coalesce(person.country, '') as country, hour from usual_hour
        join person on person.id = usual_hour.person_id where person.country is not null
        union all select '', hour from usual_hour) each
    group by country having count(*) >= :fewest
    on conflict (country) do update set hour = excluded.hour, people = excluded.people
""")
_ENOUGH_PEOPLE = 20


def sum_up(session: Session) -> int:
    """Bring up to date the hour of each country in which enough people's is known; gives how many there are."""
    session.execute(_BY_COUNTRY, {"fewest": _ENOUGH_PEOPLE})
    return len(usual_hours(session)) - 1
