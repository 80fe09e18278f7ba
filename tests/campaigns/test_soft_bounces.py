"""Soft bounces: in a row, over a week, of the address itself; only then is an address given up."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from growth.campaigns.email import feedback
from growth.campaigns.records import Delivery
from growth.campaigns.sending.rules import rules, save_rules
from growth.events.ingest import NewEvent
from growth.people.consent import may_write
from growth.people.records import Identity, Suppression
from tests.campaigns.sending import add_campaign, add_people
from tests.campaigns.test_audience import start
from tests.conftest import NOON

MAILBOX = {"hard": False, "class": "mailbox", "reason": "452 mailbox full"}


def somebody(session: Session) -> int:
    (person,) = add_people(session, 1, NOON - timedelta(days=99), prefix=f"soft{uuid4().hex[:6]}")
    return person


def had(session: Session, person: int, days: int, kind: str = "email_bounce", **told: object) -> int:
    """A message `days` days after noon and what came of it; gives its delivery."""
    at = NOON + timedelta(days=days)
    run = start(session, add_campaign(session, NOON, name=f"soft {uuid4()}", state="sending"))
    identity = session.scalar(select(Identity.id).where(Identity.person_id == person).order_by(Identity.id.desc()))
    sent = Delivery(
        campaign_run_id=run.id,
        person_id=person,
        locale="en",
        state="accepted",
        identity_id=identity,
        claimed_at=at,
        accepted_at=at,
    )
    session.add(sent)
    session.flush()
    tell(session, sent.id, days, kind, **(told or MAILBOX))
    return sent.id


def tell(session: Session, delivery: int, days: int, kind: str, **told: object) -> None:
    at = NOON + timedelta(days=days)
    event = NewEvent(
        occurred_at=at,
        event_id=uuid4(),
        kind=kind,
        source="sendgrid",
        side="buyer",
        delivery_id=delivery,
        properties=dict(told),
    )
    feedback.apply(session, [event], at)


def given_up(session: Session, person: int) -> list[str]:
    hashes = select(Identity.hash).where(Identity.person_id == person)
    return list(session.scalars(select(Suppression.reason).where(Suppression.hash.in_(hashes))))


def test_five_in_a_row_over_a_week_are_enough_and_say_nothing_of_permission(session: Session) -> None:
    person = somebody(session)
    for days in (0, 2, 4, 6):
        had(session, person, days)
    assert given_up(session, person) == []
    last = had(session, person, 7)
    assert given_up(session, person) == ["soft_bounce"]
    assert may_write(session, person, "marketing", "email")
    tell(session, last, 8, "email_bounce", **MAILBOX)
    assert given_up(session, person) == ["soft_bounce"]


def test_five_within_a_week_are_not_and_the_eighth_day_is(session: Session) -> None:
    person = somebody(session)
    for days in range(7):
        had(session, person, days)
        assert given_up(session, person) == []
    had(session, person, 7)
    assert given_up(session, person) == ["soft_bounce"]


def test_one_that_arrives_between_begins_anew(session: Session) -> None:
    person = somebody(session)
    for days in (0, 3, 6, 8):
        had(session, person, days)
    had(session, person, 9, "email_delivered", x=1)
    for days in (10, 12, 14, 16):
        had(session, person, days)
    assert given_up(session, person) == []
    had(session, person, 17)
    assert given_up(session, person) == ["soft_bounce"]


@pytest.mark.parametrize("of_sender", ["reputation", "content", "volume", "technical"])
def test_a_receiver_that_blocks_us_costs_nobody_their_subscription(session: Session, of_sender: str) -> None:
    person = somebody(session)
    for days in range(0, 30, 3):
        had(session, person, days, hard=False, **{"class": of_sender})
    assert given_up(session, person) == []


def test_what_the_provider_drops_counts_too(session: Session) -> None:
    person = somebody(session)
    for days in range(0, 15, 3):
        had(session, person, days, "email_dropped", reason="Bounced Address")
    assert given_up(session, person) == ["soft_bounce"]


def test_bounces_of_another_address_are_another_matter(session: Session) -> None:
    person = somebody(session)
    for days in (0, 2, 4, 6):
        had(session, person, days)
    session.add(Identity(kind="email", hash=uuid4().bytes * 2, sealed=b"x", person_id=person, created_at=NOON))
    session.flush()
    had(session, person, 9)
    assert given_up(session, person) == []


def test_how_many_is_a_rule(session: Session) -> None:
    save_rules(session, {"soft_bounces": 2}, version=rules(session).version, actor="x", now=NOON)
    person = somebody(session)
    had(session, person, 0)
    had(session, person, 8)
    assert given_up(session, person) == ["soft_bounce"]


def test_a_hard_bounce_is_kept_as_one(session: Session) -> None:
    person = somebody(session)
    for days in (0, 3, 5, 6, 8):
        had(session, person, days)
    session.execute(update(Delivery).where(Delivery.person_id == person).values(state="accepted"))
    had(session, person, 20, hard=True, **{"class": "invalid"})
    assert given_up(session, person) == ["hard_bounce"]
