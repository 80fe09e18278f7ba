"""Looking at experiments, deciding them by their declared rule, and sending the winner to those who waited."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.campaigns.experimenting import CAMPAIGN, ENDED, Setup, experiment_of
from growth.campaigns.experiments.outcomes import Sent, Watched, by_arm, sent
from growth.campaigns.planning import locked, send_soon
from growth.campaigns.records import Campaign, CampaignRun
from growth.campaigns.sending.rules import rules
from growth.campaigns.sending.timing import AT_ONCE, Timing, moments, place, quiet_of, timing_of
from growth.campaigns.sending.usual import usual_hours
from growth.campaigns.states import Kind, State
from growth.database.audit import audit
from growth.database.workspace import workspace
from growth.errors import ConflictError, InvalidError
from growth.experiments import sequential
from growth.experiments.deciding import Declared, Ending, Rule, Verdict, decide
from growth.experiments.proportions import Effect, Share
from growth.experiments.records import Experiment
from growth.locales import N_
from growth.scheduling.run import Step

ACTOR = "decide_experiments"
_DAY = timedelta(days=1)


def look_at_next(session: Session, now: datetime, after: int | None, _size: int) -> Step:
    """Look at the next experiment that isn't decided; a step each, since one may take seconds."""
    undecided = select(Experiment).where(
        Experiment.subject_kind == CAMPAIGN, Experiment.state.in_(("planned", "running")), Experiment.id > (after or 0)
    )
    one = session.scalar(undecided.order_by(Experiment.id).limit(1).with_for_update(skip_locked=True))
    if one is None:
        return Step(done=0)
    decided = look(session, one, now)
    return Step(done=int(decided), next=one.id)


def look(session: Session, one: Experiment, now: datetime) -> bool:
    """Count, and decide if its rule says so; gives whether it is over. The caller holds its row."""
    campaign = session.get_one(Campaign, one.subject_id)
    first = session.scalar(
        select(CampaignRun.due_at)
        .where(CampaignRun.campaign_id == campaign.id, CampaignRun.selected_at.is_not(None))
        .order_by(CampaignRun.due_at)
        .limit(1)
    )
    setup = experiment_of(session, campaign.id)
    if setup is None or (first is None and campaign.state != State.CANCELLED):
        return False
    one.started_at = one.started_at or first
    one.state = "running"
    counted = count(session, setup, campaign, now)
    one.ends_at, one.result = counted.ends_at, counted.told(now)
    if campaign.state == State.CANCELLED:
        _end(session, one, campaign, End("stopped", None, ACTOR, now))
    elif counted.verdict.ending is not Ending.RUNNING:
        _end(session, one, campaign, End("decided", counted.verdict.winner, ACTOR, now))
    return one.state in ENDED


@dataclass(frozen=True)
class Counted:
    """An experiment at a moment: counts by arm, and what they say."""

    counts: Mapping[str, Share]
    verdict: Verdict
    ends_at: datetime | None
    """When all outcomes will be in; None while that isn't known."""
    length: timedelta
    """How long after their message everybody was watched."""

    def told(self, now: datetime) -> dict[str, Any]:
        """As it is kept and shown."""
        effects = {
            name: asdict(effect) | {"corrected": self.verdict.corrected[name]}
            for name, effect in self.verdict.effects.items()
            if effect is not None
        }
        return {
            "at": now.isoformat(),
            "ending": self.verdict.ending,
            "hours": self.length.total_seconds() / 3600,
            "counts": {name: {"people": share.people, "did": share.did} for name, share in self.counts.items()},
            "effects": effects,
            "mismatch": asdict(self.verdict.mismatch) | {"found": self.verdict.mismatch.found},
        }


def count(session: Session, setup: Setup, campaign: Campaign, now: datetime) -> Counted:
    """What is known now. Everybody is watched for as long after their message as everybody else."""
    horizon = timedelta(days=setup.horizon_days)
    names = [arm.name for arm in setup.arms]
    so_far = sent(session, campaign.id, names)
    once = campaign.kind == Kind.ONCE
    length = watched_for(setup, so_far, horizon, now) if once else horizon
    watched = Watched(
        campaign.id, campaign.side, names, setup.outcome, length, sent_before=None if once else now - horizon
    )
    counts = by_arm(session, watched)
    # Of a campaign that is sent again and again, the size that was worked out is the end.
    enough = min(share.people for share in counts.values()) >= (setup.planned_size or 1)
    complete = length >= horizon and not so_far.open if once else enough
    verdict = decide(counts, declared(setup), complete=complete)
    ends_at = so_far.last + horizon if once and so_far.last and not so_far.open else None
    return Counted(counts, verdict, ends_at, length)


def watched_for(setup: Setup, so_far: Sent, horizon: timedelta, now: datetime) -> timedelta:
    """Nothing while messages go out, then the time since the last; whole days where arms go out at other hours.

    Otherwise the arm that went out first would seem the better one. Pure.
    """
    if so_far.open:
        return timedelta(0)
    if so_far.last is None:
        return horizon
    since = min(max(now - so_far.last, timedelta(0)), horizon)
    return since // _DAY * _DAY if any(arm.hour is not None for arm in setup.arms) else since


def declared(setup: Setup) -> Declared:
    """The rule in the form in which it is decided."""
    rate = (setup.base_rate or 100) / 10_000
    variance = sequential.planned_variance(setup.planned_size or 1_000, rate)
    return Declared(Rule(setup.rule), {arm.name: arm.share for arm in setup.arms}, variance)


@dataclass(frozen=True)
class End:
    """How it ends, who says so, and when."""

    state: str
    winner: str | None
    actor: str
    at: datetime


def _end(session: Session, one: Experiment, campaign: Campaign, end: End) -> None:
    """Write it down, once and for good; those who waited are sent to from then on."""
    one.state, one.winner, one.decided_at = end.state, end.winner, end.at
    detail = {"campaign": campaign.id, "winner": end.winner, "result": one.result}
    action = f"{end.state} experiment"
    audit(session, actor=end.actor, action=action, subject=campaign.name, detail=detail, now=end.at)


def choose(session: Session, campaign_id: int, arm: str | None, *, actor: str, now: datetime) -> Setup:
    """Stop comparing: the rest gets this arm, or with None the first one.

    Raises ConflictError when it is decided already or hasn't begun, InvalidError for an arm that isn't there.
    """
    campaign = locked(session, campaign_id)
    mine = Experiment.subject_kind == CAMPAIGN, Experiment.subject_id == campaign_id
    one = session.scalar(select(Experiment).where(*mine).with_for_update().execution_options(populate_existing=True))
    setup = experiment_of(session, campaign_id)
    if one is None or setup is None or one.state not in {"planned", "running"} or campaign.state == State.DRAFT:
        raise ConflictError(N_("There is nothing to stop: it isn't compared now."), remedy=N_("Look at it again."))
    if arm is not None and setup.arm(arm) is None:
        raise InvalidError("arm", N_("There is no such version."))
    one.result = count(session, setup, campaign, now).told(now)
    _end(session, one, campaign, End("stopped", arm, actor, now))
    session.flush()
    send_soon(session, actor=actor, now=now)
    return replace(setup, state="stopped", winner=arm, decided_at=now)


# On an index of its own, and only of runs that aren't over.
_WAITING = text("""
    select run.id from campaign_run run
    join experiment on experiment.subject_kind = 'campaign' and experiment.subject_id = run.campaign_id
        and experiment.state in ('decided', 'stopped')
    where run.state in ('selecting', 'sending', 'paused') and exists (
        select from delivery where campaign_run_id = run.id and filed = 'planned' and due_at = 'infinity')
    order by run.id limit 1
""")


def release_next(session: Session, now: datetime, _after: object, size: int) -> Step:
    """Give the next `size` of those who waited the winner, at their hour; safe to repeat."""
    run_id = session.scalar(_WAITING)
    if run_id is None:
        return Step(done=0)
    run = session.get_one(CampaignRun, run_id)
    campaign = session.get_one(Campaign, run.campaign_id)
    setup = experiment_of(session, campaign.id)
    if setup is None or setup.serving is None:
        return Step(done=0)
    done = _release(session, run, campaign, setup, size)
    send_soon(session, actor=ACTOR, now=now)
    return Step(done=done, next="more" if done else None)


def _release(session: Session, run: CampaignRun, campaign: Campaign, setup: Setup, size: int) -> int:
    timing, arm = timing_of(campaign.timing), setup.serving
    if arm is not None and arm.hour is not None:
        timing = replace(timing, mode="local_hour", hour=arm.hour)
    home = workspace(session)
    zone, quiet = home.time_zone if home else "UTC", quiet_of(rules(session))
    # From the moment of the decision, so that repeating it gives the same hours.
    table = moments(setup.decided_at or run.due_at, quiet, zone, _hours(timing))
    asked = {
        "run": run.id,
        "size": size,
        "arm": arm.name if arm else None,
        "places": orjson.dumps(table.places).decode(),
        "due": orjson.dumps(table.due).decode(),
        "usual": orjson.dumps(usual_hours(session) if timing.mode == "usual_hour" else {}).decode(),
    }
    return len(session.execute(text(_released(timing)), asked).all())


def _hours(timing: Timing) -> tuple[int, ...]:
    every = {"at_once": (AT_ONCE,), "usual_hour": tuple(range(AT_ONCE))}
    return every.get(timing.mode, (timing.hour or 0,))


def _released(timing: Timing) -> str:
    hour = {
        "at_once": str(AT_ONCE),
        "usual_hour": "coalesce(usual_hour.hour, cast(coalesce(given.usual -> person.country, given.usual -> '') as "
        "bigint))",
    }.get(timing.mode, str(timing.hour or 0))
    return f"""
    with waiting as (
        select id, person_id from delivery where campaign_run_id = :run and filed = 'planned' and due_at = 'infinity'
        order by id limit :size for update skip locked),
    given as materialized (
        select cast(:places as jsonb) as places, cast(:due as jsonb) as due, cast(:usual as jsonb) as usual)
    update delivery set arm = :arm, due_at = to_timestamp(
        cast(given.due -> cast({place("given.places")} as int) ->> cast({hour} as int) as float8))
    from given cross join waiting join person on person.id = waiting.person_id
    left join usual_hour on usual_hour.person_id = person.id
    where delivery.id = waiting.id returning delivery.id
    """  # noqa: S608 - the parts are ours, values are bound


def effect_of(told: Mapping[str, Any]) -> Effect:
    """An effect as it was kept."""
    return Effect(**{field: told[field] for field in Effect.__dataclass_fields__})
