"""What becomes of a claimed batch: put into words, accepted, in doubt, put back, or refused."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from growth.campaigns.records import Delivery, DeliveryBatch


def leave_out(session: Session, batch: UUID, deliveries: Collection[int], reason: str) -> None:
    """Take claimed deliveries out of their batch, and out of the run."""
    gone = {"batch": batch, "deliveries": sorted(deliveries), "reason": reason}
    session.execute(
        text("""
            with gone as (
                delete from delivery where id = any(:deliveries) and batch_id = :batch and state = 'accepted'
                returning campaign_run_id, person_id, claimed_at),
            fewer as (
                update delivery_batch set messages = messages - (select count(*) from gone) where id = :batch)
            insert into exclusion (campaign_run_id, person_id, reason, taken_out_at)
            select campaign_run_id, person_id, :reason, claimed_at from gone order by 1, 2 on conflict do nothing
        """),
        gone,
    )


def keep_words(session: Session, batch: UUID, sealed: bytes | None) -> None:
    """Keep what is put into a batch's messages; one that nobody is left in goes nowhere."""
    if sealed is None:
        session.execute(text("delete from delivery_batch where id = :batch"), {"batch": batch})
    else:
        kept = text("update delivery_batch set words_sealed = :sealed where id = :batch")
        session.execute(kept, {"batch": batch, "sealed": sealed})


_ACCEPT = text("""
    with was as (select id, state from delivery_batch where id = :batch for update)
    update delivery_batch set state = 'accepted', answered_at = coalesce(answered_at, :now),
        provider_id = coalesce(:provider_id, provider_id)
    from was where delivery_batch.id = was.id
    returning was.state
""")
_ACCEPT_AGAIN = text("""
    update delivery set state = 'accepted', accepted_at = coalesce(accepted_at, :now), refusal = null
    where batch_id = :batch and state in ('planned', 'in_doubt')
""")


def accept(session: Session, batch: UUID, now: datetime, provider_id: str | None = None) -> None:
    """The provider has the batch: its answer, or a trace of it. Also after the batch was given up as lost.

    Who writes of a batch's deliveries before it is accepted holds the batch's row, so none waits for another's.
    """
    answered = {"batch": batch, "now": now, "provider_id": provider_id}
    if session.scalar(_ACCEPT, answered) != "claimed":  # its deliveries were moved elsewhere meanwhile
        session.execute(_ACCEPT_AGAIN, answered)


def doubt(session: Session, batch: UUID, answer: dict[str, Any], now: datetime) -> None:
    """Nobody knows whether the provider has the batch, unless a trace has told meanwhile."""
    if _answered(session, batch, "in_doubt", answer, now):
        move(session, [batch], "in_doubt")


def put_back(session: Session, batch: UUID, answer: dict[str, Any], now: datetime) -> None:
    """The provider took nothing of the batch: its deliveries are planned again, as if they had never been claimed."""
    if _answered(session, batch, "refused", answer, now):
        free = {"state": "planned", "batch_id": None, "claimed_at": None, "accepted_at": None}
        session.execute(update(Delivery).where(Delivery.batch_id == batch, Delivery.state == "accepted").values(free))


def move(session: Session, batches: Collection[UUID], state: str) -> None:
    """Have what is open of batches in doubt, or planned again.

    Deliveries keep their batch's id when they are planned again, so that a late trace of it still finds them.
    """
    open_still = Delivery.batch_id.in_(batches), Delivery.state.in_(("accepted", "in_doubt"))
    session.execute(update(Delivery).where(*open_still).values(state=state, accepted_at=None))


def refuse(session: Session, deliveries: Collection[int], words: str) -> None:
    """The provider will never take these deliveries."""
    session.execute(
        text("""
            update delivery set state = 'refused', refusal = :words
            where id = any(:deliveries) and state = 'planned'
        """),
        {"deliveries": sorted(deliveries), "words": words},
    )


def _answered(session: Session, batch: UUID, state: str, answer: dict[str, Any], now: datetime) -> bool:
    """Write the answer down, unless a trace has told meanwhile that the provider has the batch."""
    open_still = update(DeliveryBatch).where(DeliveryBatch.id == batch, DeliveryBatch.state == "claimed")
    answered = open_still.values(state=state, answered_at=now, answer=answer).returning(DeliveryBatch.id)
    return session.scalar(answered) is not None
