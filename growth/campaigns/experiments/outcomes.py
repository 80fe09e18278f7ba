"""Who did what counts, in SQL over whole runs: by arm since each message, and beside those held out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.campaigns.records import CampaignRun
from growth.experiments.proportions import Share
from growth.money import exponent
from growth.spend.currencies import base_currency, rates_on

KINDS = {"order": ("order", "first_order"), "registration": ("registration",), "shop_open": ("shop_open",)}
"""Conversions by outcome; a click is of the message, and a visit an event."""

# Who did it and when, of a time that is known, so that it is read once and joined to the people by hash: asking for
# each person costs minutes for a large campaign. Visitors who became known count as the person they are.
_DEEDS = {
    "visit": """
        select coalesce(event.person_id, known.person_id) as person_id, occurred_at
        from event left join visitor_identity known on known.visitor = event.visitor and known.undone_at is null
        where kind = 'page_view' and occurred_at >= :first and occurred_at < :last
    """,
    "conversion": """
        select person_id, occurred_at from conversion
        where side = :side and kind = any(:kinds) and occurred_at >= :first and occurred_at < :last
    """,
}


def _deeds(outcome: str) -> str:
    return _DEEDS["visit" if outcome == "visit" else "conversion"]


@dataclass(frozen=True)
class Sent:
    """How far the messages of an experiment are."""

    open: bool
    """Whether some may still go out."""
    last: datetime | None
    """When the last one went out."""


# Those who wait for the winner are no part of the comparison.
_TESTED = """
    from delivery join campaign_run run on run.id = delivery.campaign_run_id
    where run.campaign_id = :campaign and delivery.arm = any(:arms) and delivery.due_at is distinct from 'infinity'
"""
_SENT = text(f"""
    select coalesce(bool_or(delivery.state in ('planned', 'in_doubt')), false) or exists (
            select from delivery_batch under_way join campaign_run on campaign_run.id = under_way.campaign_run_id
            where under_way.state = 'claimed' and campaign_run.campaign_id = :campaign),
        max(delivery.accepted_at)
    {_TESTED}
""")  # noqa: S608 - the part stands above


def sent(session: Session, campaign_id: int, arms: Sequence[str]) -> Sent:
    """Of those who are compared."""
    return Sent(*session.execute(_SENT, {"campaign": campaign_id, "arms": list(arms)}).one())


@dataclass(frozen=True)
class Watched:
    """What is counted of each person: an outcome, for so long after their message."""

    campaign_id: int
    side: str
    arms: Sequence[str]
    outcome: str
    length: timedelta
    sent_before: datetime | None = None
    """Only those whose message went out by then; None for all, whatever became of their message."""


def by_arm(session: Session, watched: Watched) -> dict[str, Share]:
    """People and how many did it, of each arm; a person counts once, from their first message on."""
    asked = {
        "campaign": watched.campaign_id,
        "side": watched.side,
        "arms": list(watched.arms),
        "kinds": list(KINDS.get(watched.outcome, ())),
        "length": watched.length,
        "sent_before": watched.sent_before,
    }
    if watched.outcome == "click":
        counted = session.execute(_CLICKED, asked)
    else:
        first, last = session.execute(_SPAN, asked).one()
        asked |= {"first": first, "last": (last or first) + watched.length if first else None}
        counted = session.execute(text(_done(watched.outcome)), asked)
    found = {arm: Share(people, did) for arm, people, did in counted}
    return {arm: found.get(arm, Share(0, 0)) for arm in watched.arms}


_EACH = f"""
    tested as (
        select delivery.person_id, delivery.arm, min(coalesce(delivery.accepted_at, run.due_at)) as since,
            min(delivery.clicked_at) as clicked_at
        {_TESTED} and (cast(:sent_before as timestamptz) is null or delivery.accepted_at <= :sent_before)
        group by 1, 2)
"""
_SPAN = text(f"with {_EACH} select min(since), max(since) from tested")  # noqa: S608 - the parts are ours
_CLICKED = text(f"""
    with {_EACH} select arm, count(*), count(*) filter (where clicked_at < since + :length) from tested group by arm
""")  # noqa: S608 - likewise


def _done(outcome: str) -> str:
    return f"""
        with {_EACH}, deed as materialized ({_deeds(outcome)}), done as (
            select distinct tested.person_id, tested.arm from tested join deed using (person_id)
            where deed.occurred_at >= tested.since and deed.occurred_at < tested.since + :length)
        select arm, count(*), count(done.person_id) from tested left join done using (person_id, arm) group by arm
    """  # noqa: S608 - likewise


@dataclass(frozen=True)
class Side:
    """People on one side of a campaign, how many did it, and what they ordered in the workspace's minor units."""

    people: int = 0
    did: int = 0
    minor: int = 0
    squares: Decimal = Decimal(0)


@dataclass(frozen=True)
class Beside:
    """Everybody a campaign was for, beside those held out of it."""

    mailed: Side
    held_out: Side
    unrated: tuple[str, ...] = ()


# By intention to treat: each person once, on the side they were drawn to when they were first chosen, and since then.
# Whoever left later (unsubscribed, over the cap, with a gap in their message) stays where they were drawn, since of
# those held out nobody asks that; and what a first message did to who may get the next one is left out of the
# comparison. Somebody in several runs is one person, so that the interval isn't too narrow.
_ASSIGNED = """
    drawn as (
        select person_id, true as mailed, campaign_run_id from delivery where campaign_run_id = any(:runs)
        union all
        select person_id, taken_out_at is not null, campaign_run_id from exclusion
        where campaign_run_id = any(:runs) and (reason = 'holdout' or taken_out_at is not null)),
    assigned as materialized (
        select distinct on (person_id) person_id, mailed, run.due_at as since
        from drawn join campaign_run run on run.id = drawn.campaign_run_id order by person_id, run.due_at)
"""
_ORDERED = text(f"""
    with {_ASSIGNED}, done as (
        select person_id, bool_or(kind = any(:kinds)) as did, round(sum(value_minor * coalesce(factor, 0))) as minor
        from conversion join assigned using (person_id)
        left join unnest(cast(:currencies as text[]), cast(:factors as numeric[])) as rate (currency, factor)
            using (currency)
        where occurred_at >= :first and occurred_at < :last and occurred_at >= since and side = :side
            and kind = any(array_append(cast(:kinds as text[]), 'refund'))
        group by person_id)
    select mailed, count(*), count(*) filter (where did), coalesce(sum(minor), 0), coalesce(sum(minor * minor), 0)
    from assigned left join done using (person_id) group by mailed
""")  # noqa: S608 - likewise
_CURRENCIES = text("""
    select distinct currency from conversion
    where occurred_at >= :first and occurred_at < :last and side = :side and kind = any(:kinds)
        and currency is not null and value_minor <> 0
""")


def beside(session: Session, runs: Sequence[CampaignRun], side: str, outcome: str, until: datetime) -> Beside:
    """What those a campaign was for did since they were first chosen until `until`, and those held out likewise.

    `runs` are its runs, at least one.
    """
    first = min(run.due_at for run in runs)
    asked = {
        "runs": [run.id for run in runs],
        "side": side,
        "first": first,
        "last": until,
        "kinds": list(KINDS.get(outcome, ())),
    }
    if outcome == "order":
        factors, unrated = _factors(session, asked, first)
        rows = session.execute(_ORDERED, asked | {"currencies": list(factors), "factors": list(factors.values())})
        found = {mailed: Side(people, did, int(minor), squares) for mailed, people, did, minor, squares in rows}
        return Beside(found.get(True, Side()), found.get(False, Side()), unrated)
    statement = text(f"""
        with {_ASSIGNED}, deed as materialized ({_deeds(outcome)}), done as (
            select distinct person_id from deed join assigned using (person_id) where occurred_at >= since)
        select mailed, count(*), count(done.person_id) from assigned left join done using (person_id) group by mailed
    """)  # noqa: S608 - likewise
    found = {mailed: Side(people, did) for mailed, people, did in session.execute(statement, asked)}
    return Beside(found.get(True, Side()), found.get(False, Side()))


def _factors(
    session: Session, asked: Mapping[str, object], moment: datetime
) -> tuple[dict[str, Decimal], tuple[str, ...]]:
    """What a minor unit of each currency is worth at that moment, in ours; and those nobody knows the rate of."""
    base, day = base_currency(session), moment.date()
    currencies = list(session.scalars(_CURRENCIES, asked))
    rates = rates_on(session, base, [(currency, day) for currency in currencies])
    factors = {currency: rate.scaleb(exponent(base) - exponent(currency)) for (currency, _), rate in rates.items()}
    return factors, tuple(sorted(set(currencies) - set(factors)))
