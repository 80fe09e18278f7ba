"""Campaigns on their way: begun when due, selected, sent in parts, gone on with after whatever interrupted them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import exists, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from growth.campaigns import audience
from growth.campaigns.email import claim
from growth.campaigns.email.catalogue import ensure_version
from growth.campaigns.email.claim import Part
from growth.campaigns.email.provider import MOST_RECIPIENTS, email_provider
from growth.campaigns.email.send import send_part
from growth.campaigns.records import Campaign, CampaignRun, Delivery
from growth.errors import PermanentError
from growth.locales import N_
from growth.scheduling.declare import chunk
from growth.scheduling.firing import fire
from growth.scheduling.records import JobRun as JobRunRecord
from growth.scheduling.run import ChunkRun, JobRun, Step
from growth.settings import settings

SENDING_JOB = "send_campaign"
UNFINISHED = ("planned", "claimed", "in_doubt")
_OPEN = ("selecting", "sending", "paused")
_CANCELLED_AT_ONCE = 100_000


def begin_due(session: Session, now: datetime) -> tuple[int, list[str]]:
    """Begin every campaign whose time has come; one found too late asks instead.

    Gives how many were begun, and the names of those that ask. Two callers at once begin a campaign once.
    """
    due = select(Campaign).where(Campaign.state == "scheduled", Campaign.scheduled_at <= now)
    found = session.scalars(due.order_by(Campaign.scheduled_at).limit(100).with_for_update(skip_locked=True)).all()
    late = [campaign for campaign in found if too_late(campaign.scheduled_at, now)]
    for campaign in late:
        campaign.state = "asks"
    for campaign in found:
        if campaign not in late:
            _begin(session, campaign, now)
    session.flush()
    return len(found) - len(late), [campaign.name for campaign in late]


def too_late(scheduled_at: datetime | None, now: datetime) -> bool:
    """Whether a campaign found only now must not be sent unasked."""
    return scheduled_at is not None and now - scheduled_at > timedelta(seconds=settings().late_seconds)


def _begin(session: Session, campaign: Campaign, now: datetime) -> None:
    run = upsert(CampaignRun).values(campaign_id=campaign.id, due_at=campaign.scheduled_at, state="selecting")
    session.execute(run.on_conflict_do_nothing())
    campaign.state = "sending"
    same = (CampaignRun.campaign_id == campaign.id, CampaignRun.due_at == campaign.scheduled_at)
    go_on(session, session.scalars(select(CampaignRun).where(*same)).one(), now)


def go_on(session: Session, run: CampaignRun, now: datetime) -> None:
    """Have a run selected, or the rest of it sent, by a new run of the job."""
    for attempt in range(1_000):
        # Unique for the job is the moment, and several campaigns may begin at one.
        due_at = now + timedelta(microseconds=attempt)
        job_run = fire(session, SENDING_JOB, due_at=due_at, fired_by="campaign", args={"campaign_run": run.id})
        if job_run is not None:
            run.job_run_id = job_run
            run.state = "sending" if run.selected_at else "selecting"
            return


class Move(StrEnum):
    """What is to be done about a run."""

    WAIT = "wait"
    REST = "rest"
    """Its campaign was paused: whoever works on it leaves off by itself."""
    PAUSE = "pause"
    """Its job failed: somebody has to look, so the campaign is paused; `resume` goes on."""
    GO_ON = "go on"
    END = "end"
    CALL_OFF = "call off"


def decide(campaign: str, run: str, job: str | None, *, unfinished: bool, unbegun: bool) -> Move:
    """What is to be done about an open run, by the states of its campaign, itself and its job.

    `unfinished`: messages are planned, claimed or in doubt. `unbegun`: some are planned, or aren't selected yet.
    """
    if campaign == "cancelled":
        return Move.CALL_OFF
    if campaign != "sending":
        return Move.REST
    if job in {"queued", "running"}:
        return Move.WAIT
    if job == "failed" and run != "paused":
        return Move.PAUSE
    if unbegun:
        return Move.GO_ON
    return Move.WAIT if unfinished else Move.END


def look_after(session: Session, now: datetime) -> None:
    """Bring every open run where its campaign and its job are."""
    open_runs = select(CampaignRun, Campaign).join(Campaign, Campaign.id == CampaignRun.campaign_id)
    asleep = (CampaignRun.state == "paused") & (Campaign.state == "paused")
    held = open_runs.where(CampaignRun.state.in_(_OPEN), ~asleep).order_by(CampaignRun.id).limit(500)
    locked = held.with_for_update(skip_locked=True, key_share=True).execution_options(populate_existing=True)
    for run, campaign in session.execute(locked).all():
        job = session.scalar(select(JobRunRecord.state).where(JobRunRecord.id == run.job_run_id))
        unbegun = run.selected_at is None or left(session, run.id, ("planned",))
        unfinished = unbegun or left(session, run.id, UNFINISHED)
        move = decide(campaign.state, run.state, job, unfinished=unfinished, unbegun=unbegun)
        _carry_out(session, run, move, now)
        session.flush()


def _carry_out(session: Session, run: CampaignRun, move: Move, now: datetime) -> None:
    if move is Move.GO_ON:
        go_on(session, run, now)
    elif move is Move.END:
        end(session, run.id, now)
    elif move is Move.CALL_OFF:
        _call_off(session, run, now)
    elif move is Move.REST:
        run.state = "paused"
    elif move is Move.PAUSE:
        pause(session, run.id)


def end(session: Session, run_id: int, now: datetime) -> None:
    """End a run that is selected and of which nothing is left to send or to settle; its campaign is sent."""
    if left(session, run_id, UNFINISHED):
        return
    open_still = update(CampaignRun).where(CampaignRun.id == run_id, CampaignRun.state.in_(_OPEN))
    ended = open_still.where(CampaignRun.selected_at.is_not(None)).values(state="sent", finished_at=now)
    campaign = session.scalar(ended.returning(CampaignRun.campaign_id))
    sent = update(Campaign).where(Campaign.id == campaign, Campaign.state.in_(("sending", "paused")))
    session.execute(sent.values(state="sent"))


def left(session: Session, run_id: int, states: Sequence[str]) -> bool:
    """Whether a run has deliveries in one of these states, which must be unfinished ones."""
    found = exists().where(Delivery.campaign_run_id == run_id, Delivery.state.in_(states))
    return bool(session.scalar(select(found)))


def pause(session: Session, run_id: int) -> None:
    """Pause a campaign since somebody has to look: the other parts of the run then leave off."""
    paused = update(CampaignRun).where(CampaignRun.id == run_id, CampaignRun.state.in_(_OPEN)).values(state="paused")
    campaign = session.scalar(paused.returning(CampaignRun.campaign_id))
    sending = update(Campaign).where(Campaign.id == campaign, Campaign.state == "sending")
    session.execute(sending.values(state="paused"))


def _call_off(session: Session, run: CampaignRun, now: datetime) -> None:
    """Call off what is planned of a cancelled run; it ends when nothing is left to settle."""
    some = select(Delivery.id).where(Delivery.campaign_run_id == run.id, Delivery.state == "planned")
    some = some.order_by(Delivery.id).limit(_CANCELLED_AT_ONCE).with_for_update(skip_locked=True)
    session.execute(update(Delivery).where(Delivery.id.in_(some)).values(state="cancelled"))
    if not left(session, run.id, UNFINISHED):
        run.state, run.finished_at = "cancelled", now


def select_next(session: Session, now: datetime, after: int | None, size: int, run_id: int) -> Step:
    """The selection of a run, a step of it; nothing when the run is selected, or its campaign was stopped.

    The run itself says when all are selected: the job's own place says so as well after a campaign was stopped.
    """
    run = session.get_one(CampaignRun, run_id, with_for_update={"key_share": True}, populate_existing=True)
    if run.selected_at or session.get_one(Campaign, run.campaign_id).state != "sending":
        return Step(done=0)
    step = audience.select(session, run, now, after, size)
    run.selected_at = now if step.next is None else None
    return step


def plan_parts(session: Session, run_id: int, now: datetime) -> list[dict[str, Any]]:
    """What is planned of a run, in parts of one locale and up to 1,000 messages, each with its compiled message.

    Nothing while the campaign is stopped, and nothing of a run that isn't selected to the end: `look_after` has the
    rest selected.
    """
    run = session.get_one(CampaignRun, run_id)
    campaign = session.get_one(Campaign, run.campaign_id)
    if campaign.state != "sending" or run.selected_at is None:
        return []
    parts = session.execute(_PARTS, {"run": run_id, "size": MOST_RECIPIENTS}).mappings().all()
    versions = {
        locale: ensure_version(session, campaign.message, locale, now).id
        for locale in {part["locale"] for part in parts}
    }
    run.state = "sending"
    return [dict(part) | {"run": run_id, "version": versions[part["locale"]]} for part in parts]


_PARTS = text("""
    select locale, min(id) as first, max(id) as last, count(*) as messages
    from (
        select id, locale, (row_number() over (partition by locale order by id) - 1) / :size as part
        from delivery where campaign_run_id = :run and state = 'planned'
    ) planned
    group by locale, part order by min(id)
""")


def run_campaign(job: JobRun) -> None:
    """The walk of one run: select its audience, then send it in parts that any worker may do."""
    run_id = int(job.args["campaign_run"])
    job.in_chunks(select_next, MOST_RECIPIENTS, run_id)
    with job.transaction() as session:
        parts = plan_parts(session, run_id, job.now())
        messages = sum(part["messages"] for part in parts)
        job.fan_out("send_part", parts, total=messages)
        if not parts:
            end(session, run_id, job.now())
        else:
            job.tell(N_("%(messages)s messages to send, in %(parts)s parts."), messages=messages, parts=len(parts))


@chunk("send_part")
def send_one_part(work: ChunkRun) -> int:
    """Send a part, and with the last of them end the run. What can't pass by itself pauses the campaign at once."""
    args = dict(work.args)
    messages = int(args.pop("messages"))
    part = Part(**args)
    try:
        send_part(work, email_provider(), part)
    except PermanentError:
        with work.transaction() as session:
            pause(session, part.run)
        raise
    with work.transaction() as session:
        end(session, part.run, work.now())
        return messages - claim.left_in(session, part)
