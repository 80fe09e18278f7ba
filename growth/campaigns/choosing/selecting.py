"""Deciding about an audience, once for each run: a delivery or an exclusion for each person, never both."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select as select_rows
from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.campaigns.choosing.judging import PERMITTED, Question, question
from growth.campaigns.choosing.permission import LIVE, may
from growth.campaigns.records import Campaign, CampaignRun, Delivery
from growth.campaigns.sending.timing import full_minute
from growth.scheduling.run import Step

# Somebody decided on before, by a run of the job that failed later, stays as decided. Of the people who share a
# mailbox the first who may be written to counts, also when that one was decided on in an earlier step.
_TWICE = f"""
    keyed as materialized (
        select permitted.id, coalesce(chosen.mailbox, chosen.hash) as mailbox
        from permitted join identity chosen on chosen.id = permitted.identity_id where permitted.without is null),
    twice as materialized (
        select keyed.id from keyed cross join lateral (
            select person_id from identity where identity.mailbox = keyed.mailbox and {LIVE}
            union all
            select person_id from identity where identity.hash = keyed.mailbox and identity.mailbox is null and {LIVE}
        ) other
        where other.person_id < keyed.id and (
            exists (select from keyed before where before.id = other.person_id)
            or exists (select from delivery where campaign_run_id = :run and delivery.person_id = other.person_id)
            or exists (
                select from exclusion where campaign_run_id = :run and exclusion.person_id = other.person_id
                    and reason in ('frequency_cap', 'quiet_hours', 'holdout', 'no_value'))))
"""  # noqa: S608 - the parts are ours


_UNSEEN = text("select cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint)")
"""The first transaction that isn't over yet: what those before it did, the next statement sees."""


def _select(asked: Question) -> str:
    return f"""
    with members as materialized (
        select person.id as person_id, cast(:purpose as text) as purpose, cast(:topic as bigint) as list_id from person
        where person.id > :after and {asked.where} order by person.id limit :size),
    permitted as materialized (
        select {PERMITTED}
        from members join person on person.id = members.person_id {may("members")}
        where not exists (select from delivery where campaign_run_id = :run and person_id = person.id)
            and not exists (select from exclusion where campaign_run_id = :run and person_id = person.id)),
    {_TWICE}, {asked.judged},
    planned as (
        insert into delivery (campaign_run_id, person_id, locale, arm, due_at, receiver, identity_id)
        select :run, judged.id, locale, arm, due_at, chosen.receiver, chosen.id
        from judged join identity chosen on chosen.id = judged.identity_id where reason is null order by judged.id),
    left_out as (
        insert into exclusion (campaign_run_id, person_id, reason)
        select :run, id, reason from judged where reason is not null)
    select count(*), max(person_id) from members
    """  # noqa: S608 - likewise, values are bound


def select(session: Session, run: CampaignRun, now: datetime, after: int | None, size: int) -> Step:
    """Decide about the next `size` people of the audience.

    The caller holds the run's row. `done` stays 0, since nothing is sent yet.
    """
    if run.judged_from is None:
        run.judged_from = session.scalar(_UNSEEN)
    asked = question(session, session.get_one(Campaign, run.campaign_id), run.due_at, now)
    found, last = session.execute(text(_select(asked)), asked.asked(run=run.id, after=after or 0, size=size)).one()
    return Step(done=0, next=last if found == size else None)


def select_among(session: Session, run: CampaignRun, people: Sequence[int], now: datetime) -> set[int]:
    """Decide about these people, who aren't the whole audience, and gives those who get a message by it.

    Who isn't in the audience gets neither a delivery nor an exclusion; whoever was decided on in this run stays so.
    """
    asked = question(session, session.get_one(Campaign, run.campaign_id), full_minute(now), now)
    only = replace(asked, where=f"{asked.where} and person.id = any(:people)")
    mine = (Delivery.campaign_run_id == run.id) & Delivery.person_id.in_(people)
    before = set(session.scalars(select_rows(Delivery.person_id).where(mine)))
    session.execute(text(_select(only)), only.asked(run=run.id, after=0, size=len(people), people=list(people)))
    return set(session.scalars(select_rows(Delivery.person_id).where(mine))) - before
