"""What comes back: delivered, opened, clicked, bounced, complained, unsubscribed; set-based, and never backwards."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.campaigns.audience import WITHOUT, may
from growth.campaigns.email import answers, claim
from growth.campaigns.email.soft_bounces import given_up
from growth.campaigns.records import Delivery, DeliveryBatch
from growth.database.audit import audit
from growth.errors import NotFoundError
from growth.events.ingest import NewEvent
from growth.locales import N_
from growth.people.suppression import EVERYTHING, STRONGER, strength

_MARKS = {
    "email_sent": ("accepted", ("accepted_at",)),
    "email_deferred": ("accepted", ("accepted_at", "deferred_at")),
    "email_delivered": ("delivered", ("delivered_at",)),
    "email_open": ("delivered", ("delivered_at", "opened_at")),
    "email_click": ("delivered", ("delivered_at", "clicked_at")),
    "email_machine_open": ("delivered", ("delivered_at", "machine_opened_at")),
    "email_machine_click": ("delivered", ("delivered_at", "scanner_clicked_at")),
    "email_bounce": ("bounced", ()),
    "email_dropped": ("bounced", ()),
    "email_complaint": ("complained", ()),
    "unsubscribe": ("delivered", ("unsubscribed_at",)),
}
"""What each kind of event says of its delivery: how far it is at least, and which moments have come by then."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a permission or of an address, and the delivery it came with."""

    delivery_id: int
    reason: str
    """A reason of `growth.people.suppression`: unsubscribe, complaint, hard_bounce or soft_bounce."""
    source: str
    at: datetime


def apply(session: Session, events: Sequence[NewEvent], now: datetime) -> None:
    """Take in what happened to deliveries, in the transaction that stores the events; the same again changes nothing.

    Events of other kinds, or of no delivery, are left aside. Batches come before deliveries, and those in the order of
    their ids, so that two hooks at once wait for each other rather than deadlock.
    """
    told = [event for event in events if event.delivery_id is not None and event.kind in _MARKS]
    if not told:
        return
    for batch in _untold(session, told):
        answers.accept(session, batch, now)
    session.execute(_HOLD, {"ids": list({event.delivery_id for event in told})})
    session.execute(_APPLY, {"marks": orjson.dumps([_mark(event, now) for event in told]).decode()})
    endings = [ending for event in told if (ending := ending_of(event, now))]
    _end(session, endings + [Ending(one, "soft_bounce", "bounces", now) for one in given_up(session, told)], now)


def unsubscribe(session: Session, delivery_id: int, *, now: datetime, source: str) -> None:
    """End the permission that a message rests on, for its recipient; again changes nothing.

    `source` says where: `page`, `one-click`. Raises NotFoundError when there is no such delivery.
    """
    marked = session.scalar(
        text("""
            update delivery set unsubscribed_at = coalesce(unsubscribed_at, :now) where id = :id returning id
        """),
        {"id": delivery_id, "now": now},
    )
    if marked is None:
        raise NotFoundError(N_("The message that this link came with is gone."))
    # What somebody says now comes after all they said before, also where a clock was ahead when that was stored.
    said = session.scalar(_SAID, {"id": delivery_id})
    _end(session, [Ending(delivery_id, "unsubscribe", source, max(now, said or now))], now)


_SAID = text("""
    select consent.at from delivery join campaign_run on campaign_run.id = delivery.campaign_run_id
    join campaign on campaign.id = campaign_run.campaign_id
    join consent on consent.person_id = delivery.person_id and consent.purpose = campaign.purpose
        and consent.channel = 'email'
    where delivery.id = :id
""")


def ending_of(event: NewEvent, now: datetime) -> Ending | None:
    """What an event ends: a hard bounce the address, a complaint everything, an unsubscription the permission."""
    reasons = {"email_complaint": "complaint", "unsubscribe": "unsubscribe"}
    hard = event.kind == "email_bounce" and event.properties.get("hard") is True
    reason = "hard_bounce" if hard else reasons.get(event.kind)
    if reason is None or event.delivery_id is None:
        return None
    return Ending(event.delivery_id, reason, event.source, min(event.occurred_at, now))


def _untold(session: Session, events: Sequence[NewEvent]) -> Sequence[UUID]:
    """Batches that the provider has, as these events show, though nobody has told us; locked, in order.

    A provider's event names its batch. What a recipient did shows that the delivery's own one went out.
    """
    named = {batch for event in events if (batch := batch_of(event))}
    unnamed = {event.delivery_id for event in events if batch_of(event) is None}
    own = select(Delivery.batch_id).where(Delivery.id.in_(unnamed), Delivery.batch_id.is_not(None))
    found = select(DeliveryBatch.id).where(
        DeliveryBatch.id.in_(named | set(session.scalars(own))),
        DeliveryBatch.state.in_(("claimed", "in_doubt", "released")),
    )
    return session.scalars(found.order_by(DeliveryBatch.id).with_for_update()).all()


def batch_of(event: NewEvent) -> UUID | None:
    """The batch an event names, if it names one."""
    try:
        return UUID(str(event.properties["batch"]))
    except (KeyError, ValueError):
        return None


def _mark(event: NewEvent, now: datetime) -> dict[str, Any]:
    state, moments = _MARKS[event.kind]
    at = min(event.occurred_at, now)
    mark = {"id": event.delivery_id, "state": state} | dict.fromkeys(moments, at)
    if state == "bounced":
        mark |= {"refusal": event.properties.get("reason"), "bounce_class": event.properties.get("class")}
    return mark


# States are ranked, so that events may come in any order: the furthest stays, and of each moment the earliest.
_STATES = ("planned", "in_doubt", "cancelled", "refused", "accepted", "delivered", "bounced", "complained")
_RANK = f"array_position(array{list(_STATES)}, {{}})"
_FURTHER = f"{_RANK.format('given.state')} > {_RANK.format('delivery.state')}"
_MOMENTS = (
    *("accepted_at", "deferred_at", "delivered_at", "opened_at", "machine_opened_at"),
    *("clicked_at", "scanner_clicked_at", "unsubscribed_at"),
)

_HOLD = text("select from delivery where id = any(:ids) order by id for update")
_APPLY = text(f"""
    with given as (
        select id, (array_agg(state order by {_RANK.format("state")} desc))[1] as state, max(refusal) as refusal,
            max(bounce_class) as bounce_class,
            {", ".join(f"min({moment}) as {moment}" for moment in _MOMENTS)}
        from jsonb_to_recordset(cast(:marks as jsonb)) as mark (id bigint, state text, refusal text, bounce_class text,
            {", ".join(f"{moment} timestamptz" for moment in _MOMENTS)})
        group by id
    )
    update delivery set
        state = case when {_FURTHER} then given.state else delivery.state end,
        refusal = case when {_FURTHER} then given.refusal else delivery.refusal end,
        bounce_class = case when {_FURTHER} then given.bounce_class else delivery.bounce_class end,
        {", ".join(f"{moment} = least(delivery.{moment}, given.{moment})" for moment in _MOMENTS)}
    from given where given.id = delivery.id
""")  # noqa: S608 - the names stand above


def _end(session: Session, endings: Collection[Ending], now: datetime) -> None:
    """Withdraw and suppress, then take the people out of what is still planned for them."""
    if not endings:
        return
    given = {"endings": orjson.dumps(list(endings)).decode(), "now": now}
    people = session.scalars(_FACTS, given).all()
    for statement in (_CONSENTS, _SUPPRESSIONS, _TAKE_OUT):
        session.execute(statement, given)
    for person in people:  # last, since others who write the log wait for the end of this transaction
        detail = {"granted": False, "channel": "email"}
        audit(session, actor="recipient", action="consent", subject=f"person {person}", detail=detail, now=now)


_ENDED = """
    ended as materialized (
        select distinct on (delivery.person_id, campaign.purpose, reason)
            delivery.id as delivery_id, delivery.person_id, delivery.identity_id, campaign.purpose, reason, source, at
        from jsonb_to_recordset(cast(:endings as jsonb)) as ending
            (delivery_id bigint, reason text, source text, at timestamptz)
        join delivery on delivery.id = ending.delivery_id
        join campaign_run on campaign_run.id = delivery.campaign_run_id
        join campaign on campaign.id = campaign_run.campaign_id
        order by delivery.person_id, campaign.purpose, reason, at
    )
"""

_FACTS = text(f"""
    with {_ENDED}
    insert into consent_fact
        (person_id, purpose, channel, granted, basis, jurisdiction, source, wording, evidence, at, recorded_at)
    select person_id, ended.purpose, 'email', false, 'withdrawal', coalesce(person.country, ''), source, '',
        jsonb_build_object('delivery', delivery_id, 'reason', reason), ended.at, :now
    from ended join person on person.id = ended.person_id
    where reason not in ('hard_bounce', 'soft_bounce') and not exists (
        select from consent where consent.person_id = ended.person_id and consent.purpose = ended.purpose
            and consent.channel = 'email' and not consent.granted)
    on conflict do nothing
    returning person_id
""")  # noqa: S608 - likewise

_CONSENTS = text(f"""
    with {_ENDED}
    insert into consent (person_id, purpose, channel, granted, basis, at)
    select person_id, purpose, 'email', false, 'withdrawal', max(at) from ended
    where reason not in ('hard_bounce', 'soft_bounce')
    group by 1, 2 order by 1, 2
    on conflict (person_id, purpose, channel) do update set granted = false, basis = excluded.basis,
        at = excluded.at
    where consent.granted and excluded.at >= consent.at
""")  # noqa: S608 - likewise

# A bounce is of the address that was written to; the other reasons are the person's, with whatever address, and what
# ends everything is the mailbox's, however and for whomever else it is written.
_SUPPRESSIONS = text(f"""
    with {_ENDED},
    listed as (
    select identity.hash, coalesce(identity.mailbox, identity.hash) as mailbox, scope, reason, source, at
    from ended cross join lateral (
        select case reason when 'unsubscribe' then purpose else '{EVERYTHING}' end as scope) narrowed
    join identity on identity.person_id = ended.person_id and identity.kind = 'email'
        and (reason not in ('hard_bounce', 'soft_bounce') or identity.id = ended.identity_id)),
    widened as (
        select hash, scope, reason, source, at from listed
        union
        select way.hash, scope, reason, source, at from listed cross join lateral (
            select listed.mailbox as hash
            union select other.hash from identity other where other.kind = 'email' and other.mailbox = listed.mailbox
        ) way where scope = '{EVERYTHING}' and reason not in ('hard_bounce', 'soft_bounce'))
    insert into suppression (channel, hash, scope, reason, source, at)
    select distinct on (hash, scope) 'email', hash, scope, reason, source, at from widened
    order by hash, scope, {strength("reason")} desc, at desc
    on conflict (channel, hash, scope) do update set reason = excluded.reason, source = excluded.source,
        at = excluded.at
    where {STRONGER}
""")  # noqa: S608 - likewise

_TAKE_OUT = text(f"""
    with {_ENDED}, candidate as materialized (
        select delivery.id, delivery.person_id, campaign.purpose, campaign.list_id
        from delivery join campaign_run on campaign_run.id = delivery.campaign_run_id
        join campaign on campaign.id = campaign_run.campaign_id
        where delivery.person_id in (
            select person_id from ended
            union select twin.person_id from ended join identity own on own.person_id = ended.person_id
                and own.kind = 'email'
            join identity twin on twin.kind = 'email' and twin.person_id is not null
                and (twin.mailbox = coalesce(own.mailbox, own.hash) or twin.hash = own.mailbox))
            and delivery.state = 'planned'
        order by delivery.id for update of delivery),
    judged as materialized (
        select candidate.id, {WITHOUT} as reason
        from candidate join person on person.id = candidate.person_id {may("candidate")}
    ), {claim.OUT}
    select
""")  # noqa: S608 - likewise
