"""Settling what is in doubt: batches whose worker is gone, or whose answer was lost."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from growth.campaigns.email import claim
from growth.campaigns.email.send import patience
from growth.campaigns.records import Delivery, DeliveryBatch
from growth.locales import N_
from growth.settings import settings

_AT_ONCE = 200

NO_FEED = N_("%(batches)s batches stay in doubt, since no event webhook is set that could tell whether they arrived.")

# A batch goes as a whole or not at all, so one trace is enough. Feedback marks deliveries as it comes; events are
# looked at as well, by person, since they have no index by delivery.
_TRACED = text("""
    select distinct delivery.batch_id from delivery join delivery_batch on delivery_batch.id = delivery.batch_id
    where delivery.batch_id = any(:batches) and (
        greatest(delivery.delivered_at, delivery.opened_at, delivery.clicked_at) >= delivery_batch.claimed_at
        or delivery.state in ('accepted', 'delivered', 'bounced', 'complained')
        or exists (
            select from event
            where event.person_id = delivery.person_id
                and event.occurred_at >= delivery_batch.claimed_at - interval '1 second'
                and event.delivery_id = delivery.id and event.source = 'sendgrid'
                and event.properties->>'batch' = delivery.batch_id::text))
""")


@dataclass(frozen=True)
class Settled:
    """What became of batches in doubt."""

    found: int = 0
    """The provider had them after all."""
    released: int = 0
    """No trace in the set time: to be sent again."""
    open: int = 0
    """Older than that, but there is no event feed that could have told."""


def settle(session: Session, now: datetime) -> Settled:
    """Settle the batches that have been without an answer for longer than the set time.

    Without an event webhook nothing could have told that a batch arrived: then it stays in doubt rather than be sent
    a second time.
    """
    old = select(DeliveryBatch.id).where(
        DeliveryBatch.state.in_(("claimed", "in_doubt")), DeliveryBatch.claimed_at < now - patience()
    )
    held = old.order_by(DeliveryBatch.id).limit(_AT_ONCE).with_for_update(skip_locked=True)
    batches = list(session.scalars(held))
    traced = set(session.scalars(_TRACED, {"batches": batches})) if batches else set()
    for batch in traced:
        claim.accept(session, batch, now)
    lost = [batch for batch in batches if batch not in traced]
    if settings().sendgrid_webhook_key is None:
        _move(session, lost, "in_doubt", "in_doubt", now)
        return Settled(found=len(traced), open=len(lost))
    _move(session, lost, "released", "planned", now)
    return Settled(found=len(traced), released=len(lost))


def _move(session: Session, batches: list[UUID], batch_state: str, delivery_state: str, now: datetime) -> None:
    """Deliveries keep their batch's id when they are planned again, so that a late trace of it still finds them."""
    session.execute(
        update(DeliveryBatch).where(DeliveryBatch.id.in_(batches)).values(state=batch_state, answered_at=now)
    )
    open_still = Delivery.batch_id.in_(batches), Delivery.state.in_(("claimed", "in_doubt"))
    session.execute(update(Delivery).where(*open_still).values(state=delivery_state))
