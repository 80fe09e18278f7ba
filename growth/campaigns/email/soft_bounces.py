"""Soft bounces: a single one means nothing, but an address that takes none for a week and more is given up."""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.events.ingest import NewEvent

ADDRESS_CLASSES = ("invalid", "mailbox", "unclassified")
"""Classes of bounces that tell of the address. The others tell of the sender, the message or the servers between, so
that a receiver who blocks us for a week costs nobody their subscription."""

# The run of bounces since the last message that arrived; a message nobody has heard of is neither.
_GIVEN_UP = text("""
    with told as (
        select distinct on (person_id, identity_id) id, person_id, identity_id from delivery
        where id = any(:deliveries) and state = 'bounced' and identity_id is not null
        order by person_id, identity_id, id desc)
    select told.id from told cross join lateral (
        select count(*) as bounces,
            max(coalesce(accepted_at, claimed_at)) - min(coalesce(accepted_at, claimed_at)) as lasted
        from delivery one
        where one.person_id = told.person_id and one.identity_id = told.identity_id and one.state = 'bounced'
            and coalesce(one.bounce_class, 'unclassified') = any(:classes)
            and one.id > coalesce((
                select max(arrived.id) from delivery arrived
                where arrived.person_id = told.person_id and arrived.identity_id = told.identity_id
                    and arrived.state in ('delivered', 'complained')), 0)) streak
    where bounces >= coalesce((select soft_bounces from sending_rules), 5) and lasted >= interval '7 days'
    order by told.id
""")


def given_up(session: Session, events: Collection[NewEvent]) -> set[int]:
    """Deliveries, of those these events are about, whose bounce is one too many for their address.

    To be asked after the events were applied to the deliveries. The rule of sending says how many are in a row.
    """
    soft = {event.delivery_id for event in events if event.delivery_id is not None and _is_soft(event)}
    if not soft:
        return set()
    asked = {"deliveries": sorted(soft), "classes": list(ADDRESS_CLASSES)}
    return set(session.scalars(_GIVEN_UP, asked))


def _is_soft(event: NewEvent) -> bool:
    bounced = event.kind == "email_bounce" and event.properties.get("hard") is not True
    return bounced or event.kind == "email_dropped"
