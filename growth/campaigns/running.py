"""Campaigns on their way: begun when due, selected, sent in parts, gone on with after whatever interrupted them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from growth.campaigns import audience
from growth.campaigns.email import claim
from growth.campaigns.email.claim import Part
from growth.campaigns.email.provider import email_provider
from growth.campaigns.email.send import send_part
from growth.campaigns.experimenting import begin_experiment
from growth.campaigns.occasions import beginning
from growth.campaigns.records import Campaign, CampaignRun, Delivery, DeliveryBatch
from growth.campaigns.sending.parts import plan_parts, something_due
from growth.campaigns.sending.rules import rules
from growth.campaigns.states import Kind, State
from growth.errors import NotFoundError, PermanentError
from growth.locales import N_
from growth.scheduling.declare import chunk
from growth.scheduling.doing import in_words
from growth.scheduling.ending import why_parts_failed
from growth.scheduling.firing import fire
from growth.scheduling.records import JobRun as JobRunRecord
from growth.scheduling.run import ChunkRun, JobRun, Step

SENDING_JOB = "send_campaign"
_OPEN = ("selecting", "sending", "paused")
_CANCELLED_AT_ONCE = 100_000
_CHOSEN_AT_ONCE = 4_000


def begin_due(session: Session, now: datetime) -> tuple[int, list[str]]:
    """Begin every campaign whose time has come; one found too late asks instead.

    Gives how many were begun, and the names of those that ask. Two callers at once begin a campaign once.
    """
    found = beginning.due(session, now)
    late = [campaign for campaign in found if beginning.too_late(campaign, now)]
    for campaign in late:
        campaign.state = State.ASKS
    for campaign in found:
        if campaign not in late:
            _begin(session, campaign, now)
    session.flush()
    return len(found) - len(late), [campaign.name for campaign in late]


def _begin(session: Session, campaign: Campaign, now: datetime) -> None:
    """Have its run selected; one of a triggered campaign is made when somebody sets it off."""
    campaign.state = State.SENDING
    begin_experiment(session, campaign.id, now)
    if campaign.kind != Kind.RECURRING:
        beginning.settle_message(session, campaign)
    if campaign.kind != Kind.TRIGGERED:
        run = beginning.run_at(session, campaign, campaign.scheduled_at or now, now, selected=False)
        beginning.copy_seeds(session, run, now)
        go_on(session, run, now)


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

    `unfinished`: messages are planned, claimed or in doubt. `unbegun`: some are due, or aren't selected yet, and
    sending isn't halted.
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
    halted = rules(session).halted_at is not None
    for run, campaign in session.execute(locked).all():
        job = session.scalar(select(JobRunRecord.state).where(JobRunRecord.id == run.job_run_id))
        unbegun = not halted and (run.selected_at is None or something_due(session, run.id, now))
        unfinished = unbegun or run.selected_at is None or left(session, run.id)
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
        pause(session, run.id, _why(session, run.job_run_id))


def end(session: Session, run_id: int, now: datetime) -> None:
    """End a run that is selected and of which nothing is left to send or to settle, and go on with its campaign."""
    run = session.get_one(CampaignRun, run_id)
    campaign = session.get_one(Campaign, run.campaign_id, populate_existing=True)
    if left(session, run_id) or not beginning.over(campaign, run, now):
        return
    open_still = update(CampaignRun).where(CampaignRun.id == run_id, CampaignRun.state.in_(_OPEN))
    ended = open_still.where(CampaignRun.selected_at.is_not(None)).values(state="sent", finished_at=now)
    if session.scalar(ended.returning(CampaignRun.id)) is not None:
        beginning.go_on_after(session, run.campaign_id, now)


def left(session: Session, run_id: int) -> bool:
    """Whether a run has deliveries that are still to be handed over, or of which nobody knows whether they were."""
    # The last first: of those sent already, which come first, the index knows for a while yet.
    newest = select(Delivery.id).where(Delivery.campaign_run_id == run_id).order_by(Delivery.id.desc()).limit(1)
    filed = (newest.where(Delivery.filed == state).exists() for state in ("planned", "in_doubt"))
    open_batch = claim.under_way().where(DeliveryBatch.campaign_run_id == run_id).exists()
    return bool(session.scalar(select(or_(*filed, open_batch))))


def pause(session: Session, run_id: int, because: Mapping[str, Any] | None = None) -> None:
    """Pause a campaign since somebody has to look: the other parts of the run then leave off.

    `because` (message, remedy, values) is what its page says.
    """
    paused = update(CampaignRun).where(CampaignRun.id == run_id, CampaignRun.state.in_(_OPEN)).values(state="paused")
    campaign = session.scalar(paused.returning(CampaignRun.campaign_id))
    if campaign is not None:
        beginning.stop(session, campaign, because)


def _why(session: Session, job_run: int | None) -> Mapping[str, Any] | None:
    """The words with which a run of the job failed: those of its first failed part, where it has parts."""
    return why_parts_failed(session, job_run) or session.scalar(
        select(JobRunRecord.words).where(JobRunRecord.id == job_run)
    )


def _call_off(session: Session, run: CampaignRun, now: datetime) -> None:
    """Call off what is planned of a cancelled run; it ends when nothing is left to settle."""
    some = select(Delivery.id).where(Delivery.campaign_run_id == run.id, Delivery.filed == "planned")
    some = some.order_by(Delivery.id).limit(_CANCELLED_AT_ONCE).with_for_update(skip_locked=True)
    session.execute(update(Delivery).where(Delivery.id.in_(some)).values(state="cancelled"))
    if not left(session, run.id):
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


def run_campaign(job: JobRun) -> None:
    """The walk of one run: select its audience, then send it in parts that any worker may do."""
    run_id = int(job.args["campaign_run"])
    try:
        _plan(job, run_id)
    except (PermanentError, NotFoundError) as error:
        with job.transaction() as session:
            pause(session, run_id, in_words(error))
        raise


def _plan(job: JobRun, run_id: int) -> None:
    job.in_chunks(select_next, _CHOSEN_AT_ONCE, run_id)
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
        swept = send_part(work, email_provider(), part)
    except PermanentError as error:
        with work.transaction() as session:
            pause(session, part.run, in_words(error))
        raise
    with work.transaction() as session:
        plan_anew(session, part, work.run_id, work.now())
        end(session, part.run, work.now())
        return messages - claim.left_in(session, part, work.now(), swept=swept)


def plan_anew(session: Session, part: Part, job_run: int, now: datetime) -> None:
    """Go on at once with a campaign that was changed for the rest: the first of its old parts to end sees to that."""
    run = session.get_one(CampaignRun, part.run, with_for_update={"key_share": True}, populate_existing=True)
    campaign = session.get_one(Campaign, run.campaign_id, populate_existing=True)
    changed = part.edition is not None and part.edition != campaign.version
    if changed and campaign.state == State.SENDING and run.job_run_id == job_run:
        go_on(session, run, now)
