"""Triggered campaigns: what people did is noted once as a cause, and after its delay becomes a message to them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from growth.campaigns.choosing.selecting import select_among
from growth.campaigns.occasions import beginning
from growth.campaigns.occasions.records import TriggerEntry
from growth.campaigns.records import Campaign, CampaignRun
from growth.campaigns.states import Kind, State
from growth.database.among import among
from growth.events.reading import EventRead, pass_over, read_new
from growth.events.records import VisitorIdentity
from growth.scheduling.records import JobRun
from growth.scheduling.run import Step

READER = "triggered_campaigns"
JOB = "pull_triggers"
PATIENCE = timedelta(days=1)
"""A message that is later than this comes no more: nobody was there to send it, and it would be out of place."""
_OVERLAP = timedelta(hours=1)
_LIVE = (State.SENDING, State.PAUSED)


def take_events(session: Session, now: datetime, _after: None, size: int) -> Step:
    """Note the causes among the next `size` events; each event is read once, in the transaction of its causes."""
    campaigns = _watching(session)
    if not campaigns:
        pass_over(session, READER)
        return Step(done=0)
    events = read_new(session, READER, size)
    wanted = [event for event in events if any(_fits(event, one) for one in campaigns)]
    people = _people(session, wanted)
    rows = [row for one in campaigns for row in causes(one, wanted, people, now)]
    return Step(done=_note(session, rows), next=True if len(events) == size else None)


def _watching(session: Session) -> Sequence[Campaign]:
    """Campaigns that events set off; also while they are paused or wait for approval again, so that nobody is lost."""
    begun = exists().where(CampaignRun.campaign_id == Campaign.id)
    live = Campaign.state.in_(_LIVE) | ((Campaign.state == State.AWAITS) & begun)
    found = select(Campaign).where(live, Campaign.kind == Kind.TRIGGERED)
    return [one for one in session.scalars(found) if (one.trigger or {}).get("event")]


def _fits(event: EventRead, campaign: Campaign) -> bool:
    trigger = campaign.trigger or {}
    named = trigger["event"] != "custom" or event.properties.get("name") == trigger["name"]
    return event.kind == trigger["event"] and event.side == campaign.side and named


def causes(
    campaign: Campaign, events: Iterable[EventRead], people: dict[UUID, int], now: datetime
) -> list[dict[str, Any]]:
    """What sets a campaign off among events, as rows. Pure.

    Nothing from before it was started, and nothing whose time has long passed; a moment ahead of ours counts as now.
    """
    delay = timedelta(minutes=(campaign.trigger or {})["delay_minutes"])
    rows = []
    for event in events:
        person = event.person_id or people.get(event.visitor) if event.visitor else event.person_id
        at = min(event.occurred_at, now)
        started = campaign.scheduled_at is not None and at >= campaign.scheduled_at
        if person is None or not started or at + delay < now - PATIENCE or not _fits(event, campaign):
            continue
        cause = {"campaign_id": campaign.id, "person_id": person, "cause": f"event:{event.event_id}"}
        rows.append(cause | {"caused_at": at, "due_at": at + delay})
    return rows


def _people(session: Session, events: Iterable[EventRead]) -> dict[UUID, int]:
    visitors = {event.visitor for event in events if event.person_id is None and event.visitor is not None}
    known = select(VisitorIdentity.visitor, VisitorIdentity.person_id).where(
        among(VisitorIdentity.visitor, visitors), VisitorIdentity.undone_at.is_(None)
    )
    return dict(session.execute(known).all()) if visitors else {}


_NOTE = text("""
    insert into trigger_entry (campaign_id, person_id, cause, caused_at, due_at, state)
    select campaign_id, person_id, cause, caused_at, due_at, 'waiting'
    from jsonb_to_recordset(cast(:rows as jsonb)) as given (
        campaign_id bigint, person_id bigint, cause text, caused_at timestamptz, due_at timestamptz)
    where exists (select from person where person.id = given.person_id)
    on conflict do nothing returning id
""")


def _note(session: Session, rows: list[dict[str, Any]]) -> int:
    return len(session.scalars(_NOTE, {"rows": orjson.dumps(rows).decode()}).all()) if rows else 0


_STAGES = text("""
    insert into trigger_entry (campaign_id, person_id, cause, caused_at, due_at, state)
    select campaign.id, lead.person_id, 'stage:' || change.id, least(change.at, :now), least(change.at, :now) + wait,
        'waiting'
    from campaign
    cross join lateral (select make_interval(mins => cast(campaign.trigger->>'delay_minutes' as int)) as wait) given
    join stage_change change on change.recorded_at >= greatest(campaign.scheduled_at, :since)
        and change.stage = campaign.trigger->>'stage' and change.at >= campaign.scheduled_at
    join lead on lead.id = change.lead_id and lead.side = campaign.side and lead.person_id is not null
    where campaign.kind = 'triggered' and (campaign.state in ('sending', 'paused') or campaign.state = 'awaits'
            and exists (select from campaign_run where campaign_id = campaign.id))
        and least(change.at, :now) + wait >= :now - :patience
    on conflict do nothing returning id
""")


def take_stages(session: Session, now: datetime, _after: None, _size: int) -> Step:
    """Note the stage changes since the last run that set something off; one that is seen twice counts once.

    Changes are told apart by the moment they were recorded, which is a little before they are seen: so an hour more is
    looked at each time.
    """
    done = select(JobRun.due_at).where(JobRun.job == JOB, JobRun.state == "succeeded")
    last = session.scalar(done.order_by(JobRun.due_at.desc()).limit(1))
    # A run of a clock that was ahead is no reason to look at nothing until then.
    since = min(last, now) - _OVERLAP if last else datetime.min.replace(year=1970, tzinfo=now.tzinfo)
    found = session.scalars(_STAGES, {"now": now, "since": since, "patience": PATIENCE})
    return Step(done=len(found.all()))


_DECIDE = text("""
    with mine as materialized (
        select id, person_id, caused_at, due_at from trigger_entry
        where campaign_id = :campaign and state = 'waiting' and due_at <= :now
        order by due_at, id limit :size for update skip locked),
    judged as (
        select mine.*,
            due_at < :now - :patience
            or row_number() over (partition by person_id order by caused_at, id) > 1
            or exists (
                select from trigger_entry earlier
                where earlier.campaign_id = :campaign and earlier.person_id = mine.person_id
                    and earlier.caused_at > mine.caused_at - :rest and earlier.state = 'planned') as out
        from mine),
    dropped as (update trigger_entry set state = 'dropped' from judged where trigger_entry.id = judged.id and out)
    select id, person_id, out from judged
""")


def admit(session: Session, now: datetime, _after: None, size: int) -> Step:
    """Decide about the next causes whose delay has passed, of one campaign; the messages go into its run of the day."""
    waiting = exists().where(
        TriggerEntry.campaign_id == Campaign.id, TriggerEntry.state == "waiting", TriggerEntry.due_at <= now
    )
    found = select(Campaign).where(Campaign.state == State.SENDING, Campaign.kind == Kind.TRIGGERED, waiting)
    campaign = session.scalar(found.order_by(Campaign.id).limit(1).with_for_update(key_share=True))
    if campaign is None:
        return Step(done=0)
    rest = timedelta(days=(campaign.trigger or {})["again_after_days"])
    asked = {"campaign": campaign.id, "now": now, "size": size, "patience": PATIENCE, "rest": rest}
    kept = {person: entry for entry, person, out in session.execute(_DECIDE, asked).all() if not out}
    chosen = _choose(session, campaign, sorted(kept), now) if kept else set()
    _settle(session, {entry: person in chosen for person, entry in kept.items()})
    return Step(done=len(chosen), next=True)


def _choose(session: Session, campaign: Campaign, people: list[int], now: datetime) -> set[int]:
    """Those of them who match the audience and may be written to; each has a message in the run of the day then."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    run = beginning.run_at(session, campaign, day, now, selected=True)
    if run.selected_at == now:  # it was made just now
        beginning.copy_seeds(session, run, now)
    return select_among(session, run, people, now)


def _settle(session: Session, planned: dict[int, bool]) -> None:
    session.execute(
        text("""
            update trigger_entry set state = case when planned then 'planned' else 'dropped' end
            from unnest(cast(:ids as bigint[]), cast(:planned as boolean[])) as given (entry, planned)
            where trigger_entry.id = given.entry
        """),
        {"ids": list(planned), "planned": list(planned.values())},
    )
