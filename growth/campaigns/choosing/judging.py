"""What becomes of each person of a campaign's audience, in SQL: the parts that a review and a selection share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy.orm import Session

from growth.campaigns.audiences.compiling import compiled
from growth.campaigns.choosing.permission import LOCALE, WITHOUT
from growth.campaigns.email.catalogue import locales_of
from growth.campaigns.experimenting import Setup, experiment_of
from growth.campaigns.pinning import conditions_of
from growth.campaigns.records import Campaign
from growth.campaigns.sending.rules import rules
from growth.campaigns.sending.timing import AT_ONCE, Timing, moments, place, quiet_of, timing_of
from growth.campaigns.sending.usual import usual_hours
from growth.database.workspace import workspace

_FOR_EVER = timedelta(days=36_500)


def too_often(purpose: str) -> str:
    """Whether a person has had as much as the rules or they themselves allow, counted over all campaigns.

    Their own limit counts messages of every purpose: only letters that they asked for themselves are no campaign's.
    What was claimed counts, also while nobody knows whether it arrived; what came back doesn't. Which purpose messages
    had is only looked up where it matters, since that takes most of the time.
    """
    most = f"cast(rules.most_by_purpose ->> {purpose} as bigint)"
    return f"""
    (case when {most} is null
        then (select {_OFTEN} from delivery recent {_had("7 days")})
        else (select {_OFTEN} or count(*) filter (where other.purpose = {purpose}) >= {most}
            {_ALIKE} {_had("7 days")}) end
    or preference.most_per_month is not null
        and (select count(*) >= preference.most_per_month from delivery recent {_had("30 days")}))
    """  # noqa: S608 - the parts are ours


_OFTEN = """
    coalesce(count(*) filter (where recent.claimed_at > :now - interval '1 day') >= rules.most_per_day, false)
        or coalesce(count(*) >= least(rules.most_per_week, preference.most_per_week), false)
"""
_ALIKE = """
    from delivery recent join campaign_run other_run on other_run.id = recent.campaign_run_id
    join campaign other on other.id = other_run.campaign_id
"""


def _had(window: str) -> str:
    return f"""
    where recent.person_id = person.id and recent.claimed_at > :now - interval '{window}'
        and recent.claimed_at < :now + interval '1 day'
        and recent.state in ('in_doubt', 'accepted', 'delivered', 'complained')
    """


# With `person`, and what `permission.may` joins.
PERMITTED = f"""
    person.id, person.time_zone, person.country, {LOCALE} as locale, address.identity_id,
    coalesce({WITHOUT}, case when not coalesce({LOCALE} = any(:served), false) then 'no_language' end) as without,
    case when {WITHOUT} is null then {too_often(":purpose")} end as too_often
"""

# Three bytes of a hash are as good as equal for percents, and the same on every server.
_HELD_OUT = """
    (get_byte(digest, 0) * 65536 + get_byte(digest, 1) * 256 + get_byte(digest, 2)) % 100 < :holdout
"""


@dataclass(frozen=True)
class Question:
    """A campaign as a statement asks for it: the conditions, and the parts that hang on the campaign."""

    where: str
    """Whether `person` is in the audience."""
    judged: str
    """Of `permitted` and `twice` (ids of people whose mailbox another person of the run has): a reason or a message."""
    values: Mapping[str, Any]

    def asked(self, **more: Any) -> dict[str, Any]:
        """The values, with these besides."""
        return dict(self.values) | more


def question(session: Session, campaign: Campaign, start: datetime, now: datetime, *, whole: bool = False) -> Question:
    """What to ask of people for a run of a campaign that starts at `start`; `whole` when everybody is asked at once."""
    conditions = compiled(conditions_of(session, campaign), whole=whole)
    experiment = experiment_of(session, campaign.id)
    held, home = rules(session), workspace(session)
    timing = timing_of(campaign.timing)
    arm, arm_values = experiment.arm_sql() if experiment else ("cast(null as text)", {})
    table = moments(start, quiet_of(held), home.time_zone if home else "UTC", _hours(timing, experiment))
    values = {
        "now": now,
        "campaign": campaign.id,
        "purpose": campaign.purpose,
        "topic": campaign.list_id,
        "holdout": campaign.holdout_percent,
        "served": served_in(session, campaign, experiment),
        "places": orjson.dumps(table.places).decode(),
        "due": orjson.dumps(table.due).decode(),
        "start": start,
        "ends": ends_at(timing, start),
        "usual": orjson.dumps(usual_hours(session) if timing.mode == "usual_hour" else {}).decode(),
    }
    return Question(conditions.where, _judged(timing, experiment, arm), values | arm_values | dict(conditions.values))


def served_in(session: Session, campaign: Campaign, experiment: Setup | None) -> list[str]:
    """The languages that a campaign's message has, and that of every arm."""
    others = {arm.message for arm in experiment.arms if arm.message} if experiment else set()
    served = [set(locales_of(session, campaign.message, campaign.message_version))]
    served += [set(locales_of(session, message)) for message in others]
    return sorted(set.intersection(*served))


def ends_at(timing: Timing, start: datetime) -> datetime:
    """The moment after which nothing of a run is sent any more."""
    return start + (timedelta(hours=timing.within_hours) if timing.within_hours else _FOR_EVER)


def _hours(timing: Timing, experiment: Setup | None) -> tuple[int, ...]:
    """The hours at which somebody may get it."""
    modes = [timing]
    if experiment is not None:
        modes += [replace(timing, mode="local_hour", hour=arm.hour) for arm in experiment.arms if arm.hour is not None]
    each = {"at_once": (AT_ONCE,), "usual_hour": tuple(range(AT_ONCE))}
    return tuple(sorted({hour for one in modes for hour in each.get(one.mode, (one.hour or 0,))}))


def _judged(timing: Timing, experiment: Setup | None, arm: str) -> str:
    hour = {
        "at_once": str(AT_ONCE),
        "local_hour": str(timing.hour or 0),
        "usual_hour": "coalesce(usual_hour.hour, cast(coalesce(usual -> country, usual -> '') as bigint))",
    }[timing.mode]
    for one in experiment.arms if experiment else ():
        if one.hour is not None:
            hour = f"case when arm = '{one.name}' then {one.hour} else {hour} end"
    wait = "when arm is null then 'infinity'" if experiment else "when false then null"
    learned = "left join usual_hour on usual_hour.person_id = drawn.id" if timing.mode == "usual_hour" else ""
    return f"""
    given as materialized (
        select cast(:places as jsonb) as places, cast(:due as jsonb) as due, cast(:usual as jsonb) as usual),
    drawn as (
        select person.*, {arm} as arm, {_HELD_OUT} as held_out, {place("given.places")} as place, given.due, given.usual
        from permitted person cross join given
        cross join lateral (
            select sha256(convert_to(cast(:campaign as text) || ':' || person.id, 'UTF8')) as digest) hashed),
    timed as (
        select drawn.*, case {wait} else
            to_timestamp(cast(drawn.due -> cast(place as int) ->> cast({hour} as int) as float8)) end as due_at
        from drawn {learned}),
    judged as (
        select id, locale, identity_id, arm, due_at, case
            when without is not null then without
            when id in (select id from twice) then 'duplicate'
            when too_often then 'frequency_cap'
            when coalesce(due_at, greatest(:start, :now)) > :ends and due_at is distinct from 'infinity'
                then 'quiet_hours'
            when held_out then 'holdout' end as reason
        from timed)
    """  # noqa: S608 - the parts stand above, and an arm's name is a letter
