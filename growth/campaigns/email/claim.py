"""Claims: which deliveries a worker is about to hand over, written down before it does, and the answer after."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, text, update
from sqlalchemy.orm import Session

from growth.campaigns.audience import WITHOUT, Addressee, addresses, may
from growth.campaigns.records import Delivery, DeliveryBatch


@dataclass(frozen=True)
class Part:
    """Deliveries of one run and locale, by the range of their ids."""

    run: int
    locale: str
    version: int
    first: int
    last: int


@dataclass(frozen=True)
class Claimed:
    """A batch whose claim is to be committed before anything is sent."""

    batch: UUID
    at: datetime
    recipients: list[Addressee]


# Who may no longer be written to is taken out in the same statement. A delivery that was in doubt once keeps its row,
# since a late event may still say that it went out.
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

_CLAIM = text(f"""
    with candidate as materialized (
        select delivery.id, delivery.person_id, campaign.purpose
        from delivery join campaign_run on campaign_run.id = delivery.campaign_run_id
        join campaign on campaign.id = campaign_run.campaign_id
        where delivery.campaign_run_id = :run and delivery.state = 'planned' and delivery.locale = :locale
            and delivery.id between :first and :last and campaign.state = 'sending'
        order by delivery.id limit :size for update of delivery skip locked),
    judged as materialized (
        select candidate.id, address.identity_id, {WITHOUT} as reason
        from candidate join person on person.id = candidate.person_id {may("candidate")}
    ), {OUT},
    batch as (
        insert into delivery_batch (id, campaign_run_id, state, claimed_at)
        select :batch, :run, 'claimed', :now where exists (select from judged where reason is null)),
    claimed as (
        update delivery set state = 'claimed', batch_id = :batch, claimed_at = :now, email_version_id = :version,
            identity_id = judged.identity_id
        from judged where delivery.id = judged.id and judged.reason is null
        returning delivery.id)
    select id from claimed
""")  # noqa: S608 - the parts stand above and in the audience


def claim(session: Session, part: Part, size: int, now: datetime) -> Claimed | None:
    """Claim the next `size` planned deliveries of a part; None when there are none, or the campaign isn't sending.

    The caller commits before it sends.
    """
    batch = uuid4()
    asked = {"run": part.run, "locale": part.locale, "first": part.first, "last": part.last, "version": part.version}
    claimed = session.scalars(_CLAIM, asked | {"batch": batch, "now": now, "size": size}).all()
    if not claimed:
        return None
    recipients = addresses(session, claimed)
    if len(recipients) < len(claimed):
        # Permission ended between the two statements; the next claim takes them out.
        _plan_again(session, Delivery.id.in_(set(claimed) - {one.delivery_id for one in recipients}))
    return Claimed(batch, now, recipients)


def accept(session: Session, batch: UUID, now: datetime, provider_id: str | None = None) -> None:
    """The provider has the batch: its answer, or a trace of it. Also after the batch was given up as lost."""
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
            where id in (
                select id from delivery
                where batch_id = :batch and state in ('planned', 'claimed', 'in_doubt') order by id for update)
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


def left_in(session: Session, part: Part) -> int:
    """How many deliveries of a part still have to be handed over or settled."""
    asked = {"run": part.run, "locale": part.locale, "first": part.first, "last": part.last}
    number: int = session.scalars(
        text("""
            select count(*) from delivery
            where campaign_run_id = :run and state in ('planned', 'claimed', 'in_doubt') and locale = :locale
                and id between :first and :last
        """),
        asked,
    ).one()
    return number


def _answered(session: Session, batch: UUID, state: str, answer: dict[str, Any], now: datetime) -> bool:
    """Write the answer down, unless a trace has told meanwhile that the provider has the batch."""
    open_still = update(DeliveryBatch).where(DeliveryBatch.id == batch, DeliveryBatch.state == "claimed")
    answered = open_still.values(state=state, answered_at=now, answer=answer).returning(DeliveryBatch.id)
    return session.scalar(answered) is not None


def _plan_again(session: Session, which: ColumnElement[bool]) -> None:
    free = {"state": "planned", "batch_id": None, "claimed_at": None}
    session.execute(update(Delivery).where(which, Delivery.state == "claimed").values(free))
