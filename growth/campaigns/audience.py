"""The audience: who is in it, who of them may be written to, and why the others are left out.

Consent is the query, not a check: the only way to an address for sending is `addresses` below, and it asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from growth.campaigns.email.catalogue import locales_of
from growth.campaigns.records import Campaign, CampaignRun
from growth.keyring import keyring
from growth.scheduling.run import Step

REASONS = ("erased", "no_address", "suppressed", "no_consent", "no_language", "holdout")
"""Why somebody in the audience gets nothing; the first that is true counts."""

MOST_REVIEWED = 250_000
"""People a review looks at; beyond, it says that it is capped."""

# `growth.locales.closest`, in SQL.
_LOCALE = """
    case lower(split_part(replace(person.locale, '-', '_'), '_', 1))
        when 'en' then 'en' when 'ru' then 'ru' when 'pt' then 'pt_BR' when 'zh' then 'zh_CN' end
"""


# Of one person's addresses: the one for sending, and what stands against it.
_ADDRESS = """
    min(identity.id) filter (where bounce.id is null) as identity_id, count(identity.id) as addresses,
    bool_or(wish.reason <> 'unsubscribe') as own_will,
    max(wish.at) filter (where wish.reason = 'unsubscribe') as unsubscribed_at
"""


def _of_address(listed: str, purpose: str) -> str:
    """Whether a suppression is one of an address: as `listed`, a `bounce` or a `wish`, which is any other."""
    reason = {"bounce": "= 'hard_bounce'", "wish": "<> 'hard_bounce'"}[listed]
    return f"""
        {listed}.channel = 'email' and {listed}.hash = identity.hash and {listed}.scope in ('all', {purpose})
        and {listed}.reason {reason}
    """


def may(people: str) -> str:
    """To be joined to a set of people: their permission, and for each the one address for sending.

    `people` is a part of the statement with `person_id` and `purpose`. An address that bounced says nothing about a
    person's other addresses; any other reason is the person's own will. A permission that is younger than an
    unsubscription counts more.
    """
    # By person and, with `offset 0`, by address: before a table's first ANALYZE the planner expects few suppressions,
    # and would go through all of them for each person.
    return f"""
    left join consent on consent.person_id = {people}.person_id and consent.purpose = {people}.purpose
        and consent.channel = 'email'
    cross join lateral (
        select {_ADDRESS} from identity
        left join lateral (
            select * from suppression bounce where {_of_address("bounce", f"{people}.purpose")} offset 0) bounce on true
        left join lateral (
            select * from suppression wish where {_of_address("wish", f"{people}.purpose")} offset 0) wish on true
        where identity.person_id = {people}.person_id and identity.kind = 'email' and identity.sealed is not null
    ) address
    """  # noqa: S608 - the names are ours


WITHOUT = """
    case
        when person.erased_at is not null then 'erased'
        when address.addresses = 0 then 'no_address'
        when address.own_will or address.identity_id is null then 'suppressed'
        when address.unsubscribed_at >= case when consent.granted then consent.at else '-infinity' end then 'suppressed'
        when consent.granted is not true then 'no_consent'
    end
"""
"""Why a person may not be written to at all; null when nothing stands against it."""

# Three bytes of a hash are as good as equal for percents, and the same on every server.
_HELD_OUT = """
    (get_byte(digest, 0) * 65536 + get_byte(digest, 1) * 256 + get_byte(digest, 2)) % 100 < :holdout
"""

_REASON = f"""
    coalesce({WITHOUT}, case
        when not coalesce({_LOCALE} = any(:served), false) then 'no_language'
        when {_HELD_OUT} then 'holdout'
    end)
"""
_HASHED = """
    cross join lateral (select sha256(convert_to(cast(:campaign as text) || ':' || person.id, 'UTF8')) as digest) hashed
"""
_JUDGED = f"""
    select person.id, {_LOCALE} as locale, {_REASON} as reason
    from members join person on person.id = members.person_id {may("members")} {_HASHED}
"""  # noqa: S608 - the parts stand above, values are bound

_ASKED_FOR = f"""
    person.id > :after
        and (cast(:locales as text[]) is null or {_LOCALE} = any(:locales))
        and (cast(:countries as text[]) is null or person.country = any(:countries))
        and (cast(:joined_after as timestamptz) is null or person.created_at >= :joined_after)
"""
_MEMBERS = f"""
    select person.id as person_id, cast(:purpose as text) as purpose from person
    where {_ASKED_FOR} order by person.id limit :size
"""  # noqa: S608 - likewise


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


_LAST = text(f"select max(person_id) from ({_MEMBERS}) member")  # noqa: S608 - the parts stand above

# By ranges of whole tables, in half the time of asking for each person; by the same rules and with the same answer.
_REVIEW = text(f"""
    with found as (
        select person.id, person.locale, person.erased_at, consent.granted, consent.at, {_ADDRESS}
        from person
        left join consent on consent.person_id = person.id and consent.purpose = :purpose and consent.channel = 'email'
            and consent.person_id > :after and consent.person_id <= :last
        left join identity on identity.person_id = person.id and identity.kind = 'email' and identity.sealed is not null
            and identity.person_id > :after and identity.person_id <= :last
        left join suppression bounce on {_of_address("bounce", ":purpose")}
        left join suppression wish on {_of_address("wish", ":purpose")}
        where {_ASKED_FOR} and person.id <= :last
        group by person.id, consent.granted, consent.at
    ), judged as (
        select {_LOCALE} as locale, {_REASON} as reason
        from found person {_HASHED}
        cross join lateral (select person.granted, person.at) consent
        cross join lateral (
            select person.identity_id, person.addresses, person.own_will, person.unsubscribed_at) address
    )
    select reason, case when reason is null then locale end as locale, count(*) as people
    from judged group by 1, 2
""")  # noqa: S608 - likewise


def review(session: Session, campaign: Campaign, _now: datetime) -> Review:
    """Who would get a campaign and who not; nothing is written. At most `MOST_REVIEWED` people are looked at."""
    asked = _asked(campaign) | {"after": 0, "size": MOST_REVIEWED}
    excluded: dict[str, int] = {}
    by_locale: dict[str, int] = {}
    last = session.scalar(_LAST, asked)
    for reason, locale, people in _reviewed(session, asked | {"last": last}) if last else ():
        (by_locale if reason is None else excluded)[locale if reason is None else reason] = people
    reached, left_out = sum(by_locale.values()), sum(excluded.values())
    return Review(reached + left_out, reached, excluded, by_locale, capped=reached + left_out >= MOST_REVIEWED)


def _reviewed(session: Session, asked: Mapping[str, Any]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Without nested loops, which get quadratic before the tables' first ANALYZE, when the planner expects few rows."""
    session.execute(text("set local enable_nestloop = off"))
    found = session.execute(_REVIEW, asked).all()
    session.execute(text("set local enable_nestloop to default"))
    return found


_FORESEEN = text(f"""
    with members as ({_MEMBERS}), judged as ({_JUDGED})
    select id from judged where reason = :reason order by id limit :most
""")  # noqa: S608 - likewise


def foreseen(session: Session, campaign: Campaign, *, reason: str, after: int | None, size: int) -> list[int]:
    """The next `size` people after the person `after` whom a campaign would leave out for a reason now.

    As many are looked at as for a review.
    """
    asked = _asked(campaign) | {"after": after or 0, "size": MOST_REVIEWED, "reason": reason, "most": size}
    return list(session.scalars(_FORESEEN, asked))


# Somebody decided on before, by a run of the job that failed later, stays as decided.
_SELECT = text(f"""
    with members as materialized ({_MEMBERS}),
    judged as ({_JUDGED}
        where not exists (select from delivery where campaign_run_id = :run and person_id = person.id)
            and not exists (select from exclusion where campaign_run_id = :run and person_id = person.id)),
    planned as (
        insert into delivery (campaign_run_id, person_id, locale)
        select :run, id, locale from judged where reason is null order by id),
    left_out as (
        insert into exclusion (campaign_run_id, person_id, reason)
        select :run, id, reason from judged where reason is not null)
    select count(*), max(person_id) from members
""")  # noqa: S608 - likewise


def select(session: Session, run: CampaignRun, _now: datetime, after: int | None, size: int) -> Step:
    """Decide about the next `size` people of the audience: a delivery or an exclusion for each, never both.

    The caller holds the run's row. `done` stays 0, since nothing is sent yet.
    """
    campaign = session.get_one(Campaign, run.campaign_id)
    asked = _asked(campaign) | {"run": run.id, "after": after or 0, "size": size}
    found, last = session.execute(_SELECT, asked).one()
    return Step(done=0, next=last if found == size else None)


def _asked(campaign: Campaign) -> dict[str, Any]:
    """The values of a campaign's conditions; an empty condition is none."""
    conditions: Mapping[str, Any] = campaign.audience
    return {
        "campaign": campaign.id,
        "purpose": campaign.purpose,
        "holdout": campaign.holdout_percent,
        "served": locales_of(campaign.message),
        "locales": conditions.get("locales") or None,
        "countries": conditions.get("countries") or None,
        "joined_after": conditions.get("joined_after"),
    }


@dataclass(frozen=True)
class Addressee:
    """Where one delivery goes."""

    delivery_id: int
    person_id: int
    email: str
    name: str | None


_ADDRESSES = text(f"""
    with asked as materialized (
        select delivery.id, delivery.person_id, delivery.identity_id, campaign.purpose
        from delivery join campaign_run on campaign_run.id = delivery.campaign_run_id
        join campaign on campaign.id = campaign_run.campaign_id
        where delivery.id = any(:deliveries) and delivery.state = 'claimed')
    select asked.id, person.id, chosen.sealed, person.name_sealed
    from asked join person on person.id = asked.person_id {may("asked")}
    join identity chosen on chosen.id = asked.identity_id and chosen.id = address.identity_id
    where {WITHOUT} is null order by asked.id
""")  # noqa: S608 - likewise


def addresses(session: Session, deliveries: Sequence[int]) -> list[Addressee]:
    """Addresses of claimed deliveries, in the order of their ids; those who may not be written to are missing."""
    keys = keyring()
    return [
        Addressee(delivery, person, keys.unseal(sealed), keys.unseal(name) if name else None)
        for delivery, person, sealed, name in session.execute(_ADDRESSES, {"deliveries": list(deliveries)})
    ]
