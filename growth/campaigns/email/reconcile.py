"""Settling what is in doubt: batches whose worker is gone, or whose answer was lost."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from growth.campaigns.email import answers
from growth.campaigns.email.send import patience
from growth.campaigns.records import DeliveryBatch
from growth.locales import N_
from growth.settings import settings

_AT_ONCE = 200

NO_FEED = N_("%(batches)s batches stay in doubt, since no event webhook is set that could tell whether they arrived.")
SILENT = N_(
    "%(batches)s batches stay in doubt, since the event webhook has told nothing of later than them: it may be down."
)

# A batch goes as a whole or not at all, so one trace is enough. Feedback marks deliveries as it comes; events are
# looked at as well, by person, since they have no index by delivery.
_TRACED = text("""
    select distinct delivery.batch_id from delivery join delivery_batch on delivery_batch.id = delivery.batch_id
    where delivery.batch_id = any(:batches) and (
        greatest(delivery.delivered_at, delivery.opened_at, delivery.clicked_at) >= delivery_batch.claimed_at
        or delivery.state in ('delivered', 'bounced', 'complained')
        or exists (
            select from event
            where event.person_id = delivery.person_id
                and event.occurred_at >= delivery_batch.claimed_at - interval '1 second'
                and event.delivery_id = delivery.id and event.source = 'sendgrid'
                and event.properties->>'batch' = delivery.batch_id::text))
""")

# The newest that the provider reported of anybody's message, by its own clock.
_NEWEST = text("""
    select max(newest.occurred_at) from unnest(cast(:kinds as text[])) kind cross join lateral (
        select occurred_at from event
        where event.kind = kind and event.person_id is not null and event.source = 'sendgrid'
        order by occurred_at desc limit 1) newest
""")
_REPORTED = ["email_sent", "email_deferred", "email_delivered", "email_bounce", "email_dropped"]

# Our clock may be moved while a batch is in doubt; how long it has been so, the reports' own clock has to say as well.
_HEARD = text("""
    update delivery_batch set answer = coalesce(answer, '{}') || jsonb_build_object('heard', cast(:newest as text))
    where id in (
        select id from delivery_batch
        where state in ('claimed', 'in_doubt') and claimed_at < :newest and not coalesce(answer, '{}') ? 'heard'
        order by id for update skip locked)
""")
_OVERTAKEN = text("""
    select id from delivery_batch where id = any(:batches)
        and greatest(claimed_at, cast(answer ->> 'heard' as timestamptz)) + :patience < :newest and answer ? 'heard'
""")


@dataclass(frozen=True)
class Settled:
    """What became of batches in doubt."""

    found: int = 0
    """The provider had them after all."""
    released: int = 0
    """No trace in the set time: to be sent again."""
    open: int = 0
    """Older than that, but nothing could have told: no event feed is set, or it has been silent since."""

    @property
    def words(self) -> str:
        """Why some stay open."""
        return SILENT if settings().sendgrid_webhook_key is not None else NO_FEED


def settle(session: Session, now: datetime) -> Settled:
    """Settle the batches that have been without an answer for longer than the set time.

    Without an event webhook nothing could have told that a batch arrived: then it stays in doubt rather than be sent
    a second time. So it does while the webhook is silent: a batch counts as lost only once something was reported
    that happened longer after the first report since its claim than its own reports would have taken.
    """
    newest = session.scalar(_NEWEST, {"kinds": _REPORTED}) if settings().sendgrid_webhook_key is not None else None
    if newest is not None:
        session.execute(_HEARD, {"newest": newest})
    old = select(DeliveryBatch.id).where(
        DeliveryBatch.state.in_(("claimed", "in_doubt")), DeliveryBatch.claimed_at < now - patience()
    )
    held = old.order_by(DeliveryBatch.id).limit(_AT_ONCE).with_for_update(skip_locked=True)
    batches = list(session.scalars(held))
    traced = set(session.scalars(_TRACED, {"batches": batches})) if batches else set()
    for batch in traced:
        answers.accept(session, batch, now)
    lost = [batch for batch in batches if batch not in traced]
    asked = {"batches": lost, "patience": patience(), "newest": newest}
    overtaken = set(session.scalars(_OVERTAKEN, asked)) if newest and lost else set()
    waiting = [batch for batch in lost if batch not in overtaken]
    _move(session, waiting, "in_doubt", "in_doubt", now)
    _move(session, list(overtaken), "released", "planned", now)
    return Settled(found=len(traced), released=len(overtaken), open=len(waiting))


def _move(session: Session, batches: list[UUID], batch_state: str, delivery_state: str, now: datetime) -> None:
    session.execute(
        update(DeliveryBatch).where(DeliveryBatch.id.in_(batches)).values(state=batch_state, answered_at=now)
    )
    answers.move(session, batches, delivery_state)
