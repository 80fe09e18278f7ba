"""What would become of an audience if it were selected now; nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from growth.campaigns.choosing.judging import PERMITTED, Question, question
from growth.campaigns.choosing.permission import ADDRESS, LIVE, of_address
from growth.campaigns.records import Campaign

MOST_REVIEWED = 250_000
"""People a review looks at; beyond, it says that it is capped."""


@dataclass(frozen=True)
class Review:
    """What would become of an audience if it were selected now."""

    total: int
    reached: int
    excluded: dict[str, int]
    """People by reason; only reasons that occur."""
    by_locale: dict[str, int]
    """Of those reached."""
    capped: bool
    """Whether there are more people than were looked at."""


def _last(asked: Question) -> str:
    return f"""
        select max(id) from (
            select person.id from person where {asked.where} order by person.id limit :size) member
    """  # noqa: S608 - the parts are ours, values are bound


def _found(asked: Question) -> str:
    """Everybody of the audience, with all that is asked of them."""
    return f"""
        select person.id, person.locale, person.country, person.time_zone, person.erased_at,
            consent.granted, consent.at, consent.basis, topic.state, preference.paused_until, preference.most_per_week,
            preference.most_per_month, {ADDRESS}
        from person
        left join sending_rules rules on true
        left join consent on consent.person_id = person.id and consent.purpose = :purpose and consent.channel = 'email'
            and consent.person_id <= :last
        left join list_member topic on topic.person_id = person.id and topic.list_id = :topic
        left join preference on preference.person_id = person.id and preference.person_id <= :last
        left join identity on identity.person_id = person.id and {LIVE} and identity.person_id <= :last
        left join suppression bounce on {of_address("bounce", ":purpose")}
        left join suppression wish on {of_address("wish", ":purpose")}
        where {asked.where} and person.id <= :last
        group by person.id, consent.granted, consent.at, consent.basis, topic.state, preference.paused_until,
            preference.most_per_week, preference.most_per_month
    """  # noqa: S608 - the parts are ours, values are bound


def _judged(asked: Question) -> str:
    """By ranges of whole tables, in half the time of asking for each person; by the same rules as a selection."""
    return f"""
    with found as ({_found(asked)}), permitted as materialized (
        select {PERMITTED}
        from found person left join sending_rules rules on true
        cross join lateral (select person.granted, person.at, person.basis) consent
        cross join lateral (select person.state) topic
        cross join lateral (select person.paused_until, person.most_per_week, person.most_per_month) preference
        cross join lateral (
            select person.identity_id, person.addresses, person.unbounced, person.own_will, person.unsubscribed_at
        ) address
    ), mailbox as materialized (
        select distinct mailbox from identity where mailbox is not null and {LIVE} and person_id <= :last
    ), shared as materialized (
        select id as identity_id, person_id, coalesce(mailbox, hash) as mailbox from identity
        where {LIVE} and person_id <= :last and coalesce(mailbox, hash) in (select mailbox from mailbox)
    ), first as (
        select mailbox, min(person_id) as person_id
        from shared join permitted on permitted.id = shared.person_id where permitted.without is null group by mailbox
    ), twice as materialized (
        select permitted.id from permitted join shared on shared.identity_id = permitted.identity_id
        join first on first.mailbox = shared.mailbox and first.person_id < permitted.id
    ), {asked.judged}
    """  # noqa: S608 - likewise


def _ask(
    session: Session, campaign: Campaign, now: datetime, wanted: str, **more: Any
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Ask something of the judged people. Empty when nobody is in the audience.

    Without nested loops, which get quadratic before the tables' first ANALYZE, when the planner expects few rows.
    """
    asked = question(session, campaign, campaign.scheduled_at or now, now, whole=True)
    values: Mapping[str, Any] = asked.asked(size=MOST_REVIEWED, **more)
    last = session.scalar(text(_last(asked)), values)
    if last is None:
        return []
    session.execute(text("set local enable_nestloop = off"))
    found = session.execute(text(f"{_judged(asked)} {wanted}"), dict(values) | {"last": last}).all()
    session.execute(text("set local enable_nestloop to default"))
    return found


_COUNTED = """
    select reason, case when reason is null then locale end as locale, count(*) as people from judged group by 1, 2
"""


def review(session: Session, campaign: Campaign, now: datetime) -> Review:
    """Who would get a campaign and who not; nothing is written. At most `MOST_REVIEWED` people are looked at."""
    excluded: dict[str, int] = {}
    by_locale: dict[str, int] = {}
    for reason, locale, people in _ask(session, campaign, now, _COUNTED):
        (by_locale if reason is None else excluded)[locale if reason is None else reason] = people
    reached, left_out = sum(by_locale.values()), sum(excluded.values())
    return Review(reached + left_out, reached, excluded, by_locale, capped=reached + left_out >= MOST_REVIEWED)


_FORESEEN = "select id from judged where reason = :reason and id > :after order by id limit :most"


def foreseen(
    session: Session, campaign: Campaign, *, reason: str, after: int | None, size: int, now: datetime
) -> list[int]:
    """The next `size` people after the person `after` whom a campaign would leave out for a reason now.

    As many are looked at as for a review.
    """
    found = _ask(session, campaign, now, _FORESEEN, reason=reason, after=after or 0, most=size)
    return [person for (person,) in found]


_SPREAD = """
    select date_trunc('hour', coalesce(due_at, greatest(:start, :now))) as hour, count(*)
    from judged where reason is null and due_at is distinct from 'infinity' group by 1 order by 1
"""


def spread(session: Session, campaign: Campaign, now: datetime) -> list[tuple[datetime, int]]:
    """How many messages would be due in each hour (by its beginning, UTC), in order; hours without any are missing.

    Of those who wait for an experiment's winner nothing is said, since nobody knows when that is.
    """
    return [(hour.astimezone(UTC), people) for hour, people in _ask(session, campaign, now, _SPREAD)]
