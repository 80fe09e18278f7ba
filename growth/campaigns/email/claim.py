"""Claims: which deliveries a worker is about to hand over, written down before it does, and the answer after."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import Row, Select, bindparam, exists, func, select, text
from sqlalchemy.orm import Session, aliased

from growth.campaigns.choosing.addressing import Addressee, addressee
from growth.campaigns.choosing.judging import ends_at
from growth.campaigns.email.claiming import claim_statement
from growth.campaigns.messages.words import NOTHING, Words
from growth.campaigns.records import Campaign, CampaignRun, DeliveryBatch
from growth.campaigns.sending import pace
from growth.campaigns.sending.records import SendingRules
from growth.campaigns.sending.rules import rules
from growth.campaigns.sending.timing import full_minute, quiet_now, quiet_of, timing_of
from growth.campaigns.states import Kind
from growth.database.workspace import workspace
from growth.people.permission.noticing import RELIED_ON


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
    words: Words = NOTHING
    """What is put into each message."""


class Stopped:
    """Nothing may be sent of it now: its campaign isn't sending, or was changed."""


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
        insert into exclusion (campaign_run_id, person_id, reason, taken_out_at)
        select left_out.*, cast(:now as timestamptz) from left_out order by 1, 2 on conflict do nothing),
    kept as (
        update delivery set state = 'refused', refusal = judged.reason from judged
        where delivery.id = judged.id and judged.reason is not null and delivery.batch_id is not null)
"""
"""Parts of a statement that has `judged` (id of a planned, locked delivery, reason), and `:now`."""

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
_WHO, _SEALED = slice(4), 3
"""Of its columns."""
_MINE = 7310_0002
_ALONE = text("select pg_advisory_xact_lock(:key)")
_OTHER = aliased(Campaign)
_OTHER_RUN = aliased(CampaignRun)
# By run, since the batches of the same run are far more than there are runs that go on.
_LATER_BATCH = exists().where(
    DeliveryBatch.campaign_run_id == _OTHER_RUN.id, DeliveryBatch.xid >= CampaignRun.judged_from
)
_COUNTS_MOVED = exists().where(
    _OTHER_RUN.id != CampaignRun.id,
    _OTHER_RUN.finished_at.is_(None) | (_OTHER_RUN.finished_at >= CampaignRun.selected_at - RELIED_ON),
    _LATER_BATCH,
)
# One plan for all claims: to plan this statement each time takes as long as a tenth of it.
_PLAN_ONCE = func.set_config("plan_cache_mode", "force_generic_plan", True)
_WHOSE = (
    select(
        CampaignRun,
        Campaign,
        exists().where(_OTHER.state == "sending", _OTHER.id != Campaign.id).label("others"),
        _COUNTS_MOVED.label("counts_moved"),
        _PLAN_ONCE,
    )
    .join(Campaign, Campaign.id == CampaignRun.campaign_id)
    .where(CampaignRun.id == bindparam("run"))
    .execution_options(populate_existing=True)
)
"""A run, its campaign, whether another campaign is sent at the same time, and whether another has had a batch since the
run was selected, so that somebody may have had as much as they want."""


def claim(session: Session, part: Part, size: int, now: datetime) -> Claimed | Later | Stopped | None:
    """Claim the next `size` planned deliveries of a part that are due.

    None when there are none; Later when the speed doesn't allow any now. The caller commits before it sends.
    """
    run, campaign, others, counts_moved, _ = session.execute(_WHOSE, {"run": part.run}).one()
    held = rules(session)
    if held.halted_at is not None or not _goes_on(part, campaign):
        return Stopped()
    if others:  # one after the other, so that together they keep to what people allow
        session.execute(_ALONE, {"key": _MINE})
    allowed = pace.allowance(session, held, campaign.id, campaign.per_hour, now)
    if allowed.total == 0:
        return Later(allowed.again_at or now) if waits(session, part, now) else None
    asked = _asked(part, campaign, run, _quiet(session, held, now), now) | {
        "judged_from": run.judged_from if not counts_moved and _lately(run, now) else None,
        "size": min(size, allowed.total or size),
        "by_receiver": orjson.dumps(dict(allowed.by_receiver)).decode(),
        "exhausted": allowed.exhausted,
    }
    while True:
        batch = uuid4()
        found = session.execute(_CLAIM[bool(allowed.by_receiver)], asked | {"batch": batch}).all()
        # Taken apart at once: to ask each row for a column by its name takes as long as all the rest.
        taken = [row for row in found if row[_SEALED] is not None]
        if len(taken) < len(found):
            _set_aside(session, [row for row in found if row[_SEALED] is None], now)
        if taken:
            if allowed.scopes:
                pace.use(session, allowed, Counter(row.receiver for row in taken))
            return Claimed(batch, now, [addressee(*row[_WHO]) for row in taken])
        if not found:
            if allowed.again_at is not None and waits(session, part, now):
                return Later(allowed.again_at)
            session.refresh(campaign)  # the statement claims nothing either when it was stopped this moment
            return None if _goes_on(part, campaign) else Stopped()


def _goes_on(part: Part, campaign: Campaign) -> bool:
    """Whether a campaign is sending, and is what the part was planned by."""
    return campaign.state == "sending" and part.edition in {None, campaign.version}


def _set_aside(session: Session, found: Sequence[Row[Any]], now: datetime) -> None:
    """Who may no longer be written to is taken out of the run; where it is quiet now, it waits for the morning."""
    out = [row for row in found if row.reason is not None]
    if out:
        gone = {"ids": [row.id for row in out], "reasons": [row.reason for row in out], "now": now}
        session.execute(_LEAVE_OUT, gone)
    later = [row for row in found if row.reason is None and row.quiet_until is not None]
    if later:
        session.execute(_PUT_OFF, {"ids": [row.id for row in later], "until": [row.quiet_until for row in later]})


def _lately(run: CampaignRun, now: datetime) -> bool:
    return run.selected_at is not None and abs(now - run.selected_at) < RELIED_ON


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
    delivery.campaign_run_id = :run and locale = :locale and arm is not distinct from cast(:arm as text)
    and delivery.id between :first and :last and (due_at is null or due_at <= :now)
"""


def _of(part: Part, now: datetime) -> dict[str, Any]:
    place_of_part = {"run": part.run, "locale": part.locale, "arm": part.arm, "first": part.first, "last": part.last}
    return place_of_part | {"now": now}


_WAITS = text(f"select exists (select from delivery where filed = 'planned' and {_OF_PART})")  # noqa: S608 - above


def waits(session: Session, part: Part, now: datetime) -> bool:
    """Whether something of a part is due that nobody has claimed."""
    return bool(session.scalar(_WAITS, _of(part, now)))


_LEFT_IN = {
    "planned": text(f"select count(*) from delivery where filed = 'planned' and {_OF_PART}"),  # noqa: S608 - above
    "in doubt": text(f"select count(*) from delivery where filed = 'in_doubt' and {_OF_PART}"),  # noqa: S608 - above
    "under way": text(f"""
        select count(*) from delivery_batch open join delivery on delivery.batch_id = open.id
        where open.campaign_run_id = :run and open.state = 'claimed' and delivery.state = 'accepted' and {_OF_PART}
            and (open.first_delivery <= :last and open.last_delivery >= :first) is not false
    """),  # noqa: S608 - likewise
}


def left_in(session: Session, part: Part, now: datetime, *, swept: bool = False) -> int:
    """How many deliveries of a part still have to be handed over or settled, of those that are due.

    With `swept` the caller has just found that none is planned: to look again takes as long as for a claim.
    """
    asked = [statement for state, statement in _LEFT_IN.items() if not (swept and state == "planned")]
    return sum(session.scalars(statement, _of(part, now)).one() for statement in asked)


def under_way() -> Select[UUID]:
    """The batches that nobody has answered yet, which are few."""
    return select(DeliveryBatch.id).where(DeliveryBatch.state == "claimed")
