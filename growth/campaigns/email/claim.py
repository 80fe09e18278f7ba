"""Claims: which deliveries a worker is about to hand over, written down before it does, and the answer after."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import ColumnElement, Row, bindparam, delete, exists, select, text, update
from sqlalchemy.orm import Session, aliased

from growth.campaigns.choosing.addressing import Addressee, addressee
from growth.campaigns.choosing.judging import ends_at
from growth.campaigns.email.claiming import claim_statement
from growth.campaigns.records import Campaign, CampaignRun, Delivery, DeliveryBatch
from growth.campaigns.sending import pace
from growth.campaigns.sending.records import SendingRules
from growth.campaigns.sending.rules import rules
from growth.campaigns.sending.timing import full_minute, quiet_now, quiet_of, timing_of
from growth.campaigns.states import Kind
from growth.database.workspace import workspace


@dataclass(frozen=True)
class Part:
    """Deliveries of one run, locale and arm, by the range of their ids."""

    run: int
    locale: str
    version: int
    first: int
    last: int
    arm: str | None = None
    edition: int | None = None
    """The campaign's version that it was planned by; after a change the rest is planned anew. None for any."""


@dataclass(frozen=True)
class Claimed:
    """A batch whose claim is to be committed before anything is sent."""

    batch: UUID
    at: datetime
    recipients: list[Addressee]
    words: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """What is put into each message, by delivery."""


@dataclass(frozen=True)
class Later:
    """There is something to send, but the speed that was set allows it only from a moment on."""

    at: datetime


# A delivery that was in doubt once keeps its row, since a late event may still say that it went out.
OUT = """
    left_out as (
        delete from delivery using judged
        where delivery.id = judged.id and judged.reason is not null and delivery.batch_id is null
        returning delivery.campaign_run_id, delivery.person_id, judged.reason),
    excluded as (
        insert into exclusion (campaign_run_id, person_id, reason) select * from left_out order by 1, 2
        on conflict do nothing),
    kept as (
        update delivery set state = 'refused', refusal = judged.reason from judged
        where delivery.id = judged.id and judged.reason is not null and delivery.batch_id is not null)
"""
"""Parts of a statement that has `judged` (id of a planned, locked delivery, reason)."""

_LEAVE_OUT = text(f"""
    with judged as materialized (
        select id, reason from unnest(cast(:ids as bigint[]), cast(:reasons as text[])) given (id, reason)), {OUT}
    select
""")  # noqa: S608 - the parts stand above
_PUT_OFF = text("""
    update delivery set due_at = given.until
    from unnest(cast(:ids as bigint[]), cast(:until as timestamptz[])) given (id, until) where delivery.id = given.id
""")
_CLAIM = {limited: claim_statement(by_receiver=limited) for limited in (False, True)}
_MINE = 7310_0002
_ALONE = text("select pg_advisory_xact_lock(:key)")
_OTHER = aliased(Campaign)
_WHOSE = (
    select(CampaignRun, Campaign, exists().where(_OTHER.state == "sending", _OTHER.id != Campaign.id))
    .join(Campaign, Campaign.id == CampaignRun.campaign_id)
    .where(CampaignRun.id == bindparam("run"))
    .execution_options(populate_existing=True)
)
"""A run, its campaign, and whether another campaign is sent at the same time."""


def claim(session: Session, part: Part, size: int, now: datetime) -> Claimed | Later | None:
    """Claim the next `size` planned deliveries of a part that are due.

    None when there are none, or the campaign isn't sending; Later when the speed doesn't allow any now. The caller
    commits before it sends.
    """
    run, campaign, others = session.execute(_WHOSE, {"run": part.run}).one()
    held = rules(session)
    stopped = campaign.state != "sending" or held.halted_at is not None
    if stopped or part.edition not in {None, campaign.version}:
        return None
    if others:  # one after the other, so that together they keep to what people allow
        session.execute(_ALONE, {"key": _MINE})
    allowed = pace.allowance(session, held, campaign.id, campaign.per_hour, now)
    if allowed.total == 0:
        return Later(allowed.again_at or now) if waits(session, part, now) else None
    asked = _asked(part, campaign, run, _quiet(session, held, now), now) | {
        "size": min(size, allowed.total or size),
        "by_receiver": orjson.dumps(dict(allowed.by_receiver)).decode(),
        "exhausted": allowed.exhausted,
    }
    while True:
        batch = uuid4()
        found = session.execute(_CLAIM[bool(allowed.by_receiver)], asked | {"batch": batch}).all()
        _set_aside(session, found)
        taken = [row for row in found if row.sealed is not None]
        if taken:
            pace.use(session, allowed, Counter(row.receiver for row in taken))
            return Claimed(batch, now, [addressee(row.id, row.person_id, row.sealed, row.name_sealed) for row in taken])
        if not found:
            blocked = allowed.again_at is not None and waits(session, part, now)
            return Later(allowed.again_at) if blocked and allowed.again_at else None


def _set_aside(session: Session, found: Sequence[Row[Any]]) -> None:
    """Who may no longer be written to is taken out of the run; where it is quiet now, it waits for the morning."""
    out = [row for row in found if row.reason is not None]
    if out:
        session.execute(_LEAVE_OUT, {"ids": [row.id for row in out], "reasons": [row.reason for row in out]})
    later = [row for row in found if row.reason is None and row.quiet_until is not None]
    if later:
        session.execute(_PUT_OFF, {"ids": [row.id for row in later], "until": [row.quiet_until for row in later]})


def _quiet(session: Session, held: SendingRules, now: datetime) -> str:
    """Where it is quiet now, as JSON."""
    hours = quiet_of(held)
    home = workspace(session) if hours else None
    quiet = quiet_now(full_minute(now), hours, home.time_zone if home else "UTC")
    return orjson.dumps(dict(quiet)).decode()


def _asked(part: Part, campaign: Campaign, run: CampaignRun, quiet: str, now: datetime) -> dict[str, Any]:
    # Of a triggered campaign, whose run is a day's, the end was asked when somebody set it off.
    timing = timing_of({} if campaign.kind == Kind.TRIGGERED else campaign.timing)
    return {
        "run": part.run,
        "locale": part.locale,
        "arm": part.arm,
        "first": part.first,
        "last": part.last,
        "version": part.version,
        "edition": part.edition,
        "purpose": campaign.purpose,
        "topic": campaign.list_id,
        "now": now,
        "ends": ends_at(timing, run.due_at),
        "quiet": quiet,
    }


_OF_PART = """
    campaign_run_id = :run and locale = :locale and arm is not distinct from cast(:arm as text)
    and id between :first and :last and (due_at is null or due_at <= :now)
"""


def _of(part: Part, now: datetime) -> dict[str, Any]:
    place_of_part = {"run": part.run, "locale": part.locale, "arm": part.arm, "first": part.first, "last": part.last}
    return place_of_part | {"now": now}


_WAITS = text(f"select exists (select from delivery where filed = 'planned' and {_OF_PART})")  # noqa: S608 - above


def waits(session: Session, part: Part, now: datetime) -> bool:
    """Whether something of a part is due that nobody has claimed."""
    return bool(session.scalar(_WAITS, _of(part, now)))


def leave_out(session: Session, batch: UUID, deliveries: Collection[int], reason: str) -> None:
    """Take claimed deliveries out of their batch, and out of the run."""
    gone = {"batch": batch, "deliveries": sorted(deliveries), "reason": reason}
    session.execute(
        text("""
            with gone as (
                delete from delivery where id = any(:deliveries) and batch_id = :batch and state = 'claimed'
                returning campaign_run_id, person_id)
            insert into exclusion (campaign_run_id, person_id, reason)
            select campaign_run_id, person_id, :reason from gone order by 1, 2 on conflict do nothing
        """),
        gone,
    )


def keep_words(session: Session, batch: UUID, sealed: bytes | None) -> None:
    """Keep what is put into a batch's messages; one that nobody is left in goes nowhere."""
    same = DeliveryBatch.id == batch
    if sealed is None:
        session.execute(delete(DeliveryBatch).where(same))
    else:
        session.execute(update(DeliveryBatch).where(same).values(words_sealed=sealed))


def accept(session: Session, batch: UUID, now: datetime, provider_id: str | None = None) -> None:
    """The provider has the batch: its answer, or a trace of it. Also after the batch was given up as lost.

    Who writes of a batch's deliveries before it is accepted holds the batch's row, so none waits for another's.
    """
    session.execute(
        text("""
            update delivery_batch set state = 'accepted', answered_at = coalesce(answered_at, :now),
                provider_id = coalesce(:provider_id, provider_id)
            where id = :batch
        """),
        {"batch": batch, "now": now, "provider_id": provider_id},
    )
    session.execute(
        text("""
            update delivery set state = 'accepted', accepted_at = coalesce(accepted_at, :now), refusal = null
            where batch_id = :batch and state in ('planned', 'claimed', 'in_doubt')
        """),
        {"batch": batch, "now": now},
    )


def doubt(session: Session, batch: UUID, answer: dict[str, Any], now: datetime) -> None:
    """Nobody knows whether the provider has the batch, unless a trace has told meanwhile."""
    if _answered(session, batch, "in_doubt", answer, now):
        session.execute(
            text("update delivery set state = 'in_doubt' where batch_id = :batch and state = 'claimed'"),
            {"batch": batch},
        )


def put_back(session: Session, batch: UUID, answer: dict[str, Any], now: datetime) -> None:
    """The provider took nothing of the batch: its deliveries are planned again, as if they had never been claimed."""
    if _answered(session, batch, "refused", answer, now):
        _plan_again(session, Delivery.batch_id == batch)


def refuse(session: Session, deliveries: Collection[int], words: str) -> None:
    """The provider will never take these deliveries."""
    session.execute(
        text("""
            update delivery set state = 'refused', refusal = :words
            where id = any(:deliveries) and state in ('planned', 'claimed')
        """),
        {"deliveries": sorted(deliveries), "words": words},
    )


_LEFT_IN = text(f"""
    select (select count(*) from delivery where filed in ('planned', 'in_doubt') and {_OF_PART})
        + (select count(*) from delivery where state = 'claimed' and {_OF_PART} and batch_id in (
            select id from delivery_batch where state = 'claimed'))
""")  # noqa: S608 - the part stands above


def left_in(session: Session, part: Part, now: datetime) -> int:
    """How many deliveries of a part still have to be handed over or settled, of those that are due."""
    number: int = session.scalars(_LEFT_IN, _of(part, now)).one()
    return number


def claimed_of(run: int) -> ColumnElement[bool]:
    """Which deliveries of a run are claimed: those of its open batches, which are few."""
    handed_over = select(DeliveryBatch.id).where(DeliveryBatch.campaign_run_id == run, DeliveryBatch.state == "claimed")
    return (Delivery.state == "claimed") & Delivery.batch_id.in_(handed_over)


def _answered(session: Session, batch: UUID, state: str, answer: dict[str, Any], now: datetime) -> bool:
    """Write the answer down, unless a trace has told meanwhile that the provider has the batch."""
    open_still = update(DeliveryBatch).where(DeliveryBatch.id == batch, DeliveryBatch.state == "claimed")
    answered = open_still.values(state=state, answered_at=now, answer=answer).returning(DeliveryBatch.id)
    return session.scalar(answered) is not None


def _plan_again(session: Session, which: ColumnElement[bool]) -> None:
    free = {"state": "planned", "batch_id": None, "claimed_at": None}
    session.execute(update(Delivery).where(which, Delivery.state == "claimed").values(free))
