"""What comes back: in any order and any number of times it leaves the same, and it is heard before the next message."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.campaigns import audience
from growth.campaigns.email import feedback, reconcile
from growth.campaigns.email.answers import doubt
from growth.campaigns.email.claim import Claimed, Part, claim
from growth.campaigns.email.send import patience
from growth.campaigns.records import CampaignRun, Delivery, DeliveryBatch, EmailVersion, Exclusion
from growth.errors import NotFoundError
from growth.events.ingest import NewEvent, ingest
from growth.people.consent import record_by_hand, record_consent
from growth.people.identity import Known, email_hash, ensure_person
from growth.people.records import Consent, ConsentFact, Identity, Suppression
from tests.campaigns.sending import add_campaign, add_people
from tests.campaigns.test_audience import select_all, start, undone
from tests.conftest import NOON

LATER = NOON + timedelta(minutes=5)
KINDS = (
    "email_sent", "email_deferred", "email_delivered", "email_open", "email_click", "email_bounce", "email_complaint",
    "unsubscribe",
)  # fmt: skip


def told(delivery: int, kind: str, at: datetime = LATER, **properties: Any) -> NewEvent:
    return NewEvent(
        occurred_at=at,
        event_id=uuid4(),
        kind=kind,
        source="sendgrid",
        side="buyer",
        delivery_id=delivery,
        properties=properties,
    )


def planned(session: Session, people: int = 3, prefix: str = "f") -> CampaignRun:
    """A run whose messages are planned."""
    add_people(session, people, NOON, prefix=prefix)
    run = start(session, add_campaign(session, NOON, name=f"feedback {uuid4()}", state="sending"))
    select_all(session, run, 1000)
    return run


def claimed(session: Session, run: CampaignRun, size: int = 1000) -> UUID:
    """The next batch of a run, claimed at noon."""
    version = EmailVersion(
        message="m", fingerprint=uuid4().bytes, locale="en", subject="s", html="h", text="t", links=[], created_at=NOON
    )
    session.add(version)
    session.flush()
    batch = claim(session, Part(run.id, "en", version.id, 0, 2**62), size, NOON)
    assert isinstance(batch, Claimed)
    return batch.batch


def deliveries(session: Session, run: CampaignRun) -> Sequence[Delivery]:
    found = select(Delivery).where(Delivery.campaign_run_id == run.id).order_by(Delivery.id)
    return session.scalars(found.execution_options(populate_existing=True)).all()


def batch_state(session: Session, batch: UUID) -> str:
    return session.scalars(select(DeliveryBatch.state).where(DeliveryBatch.id == batch)).one()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kinds=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 3)), min_size=1, max_size=4),
    cut=st.integers(0, 4),
    order=st.randoms(use_true_random=False),
)
def test_order_and_repetition_make_no_difference(
    session: Session, kinds: list[tuple[str, int]], cut: int, order: Any
) -> None:
    ends = []
    for _ in range(2):
        with undone(session):
            run = planned(session, 1)
            claimed(session, run)
            one = deliveries(session, run)[0]
            events = [told(one.id, kind, LATER + timedelta(minutes=minute), hard=True) for kind, minute in kinds]
            order.shuffle(events)
            for part in (events[:cut], events[cut:], events[:1]):
                feedback.apply(session, part, LATER + timedelta(hours=1))
            one = deliveries(session, run)[0]
            moments = (one.delivered_at, one.opened_at, one.clicked_at, one.unsubscribed_at)
            listed = session.execute(select(Suppression.reason, Suppression.scope)).all()
            granted = session.scalars(select(Consent.granted).where(Consent.person_id == one.person_id)).one()
            ends.append((one.state, moments, set(map(tuple, listed)), granted))
    assert ends[0] == ends[1]


def test_states_never_go_back(session: Session) -> None:
    for order in permutations(["email_delivered", "email_sent", "email_bounce"]):
        with undone(session):
            run = planned(session, 1)
            claimed(session, run)
            for kind in order:
                feedback.apply(session, [told(deliveries(session, run)[0].id, kind, reason="550 no such user")], LATER)
            one = deliveries(session, run)[0]
            assert (one.state, one.refusal) == ("bounced", "550 no such user")
            assert one.delivered_at == LATER


def test_a_hard_bounce_ends_the_address_and_a_soft_one_nothing(session: Session) -> None:
    run = planned(session, 2)
    claimed(session, run)
    hard, soft = deliveries(session, run)
    events = [told(hard.id, "email_bounce", hard=True), told(soft.id, "email_bounce", hard=False)]
    feedback.apply(session, events, LATER)
    assert [(one.reason, one.scope) for one in session.scalars(select(Suppression))] == [("hard_bounce", "all")]
    assert session.scalars(select(ConsentFact)).all() == []
    review = audience.review(session, add_campaign(session, LATER, name="next"), LATER)
    assert review.excluded == {"suppressed": 1}


def test_a_complaint_ends_everything(session: Session) -> None:
    run = planned(session, 1)
    claimed(session, run)
    one = deliveries(session, run)[0]
    feedback.apply(session, [told(one.id, "email_complaint")], LATER)
    fact = session.scalars(select(ConsentFact)).one()
    assert (fact.granted, fact.basis, fact.at, fact.evidence["delivery"]) == (False, "withdrawal", LATER, one.id)
    assert [(listed.reason, listed.scope) for listed in session.scalars(select(Suppression))] == [("complaint", "all")]
    assert deliveries(session, run)[0].state == "complained"


def test_unsubscribing_is_heard_by_everything_still_planned(session: Session) -> None:
    run = planned(session, 2)
    other = start(session, add_campaign(session, NOON, name="other", state="sending"))
    select_all(session, other, 1000)
    elsewhere = start(session, add_campaign(session, NOON, name="elsewhere", state="sending", purpose="service"))
    session.execute(text("insert into consent select person_id, 'service', channel, granted, at from consent"))
    select_all(session, elsewhere, 1000)
    claimed(session, run, 1)
    one = deliveries(session, run)[0]
    for _ in range(2):
        feedback.unsubscribe(session, one.id, now=LATER, source="one-click")
    assert session.scalars(select(ConsentFact.source)).all() == ["one-click"]
    assert [(listed.reason, listed.scope) for listed in session.scalars(select(Suppression))] == [
        ("unsubscribe", "marketing")
    ]
    out = select(Exclusion.campaign_run_id, Exclusion.reason).where(Exclusion.person_id == one.person_id)
    assert session.execute(out).all() == [(other.id, "suppressed")]
    assert [left.person_id for left in deliveries(session, other)] != [one.person_id]
    assert len(deliveries(session, elsewhere)) == 2
    assert deliveries(session, run)[0].unsubscribed_at == LATER


def test_unsubscribing_counts_though_the_permission_was_stored_by_a_clock_that_was_ahead(session: Session) -> None:
    run = planned(session, 1)
    claimed(session, run)
    one = deliveries(session, run)[0]
    session.execute(text("update consent set at = :ahead"), {"ahead": LATER + timedelta(hours=1)})
    feedback.unsubscribe(session, one.id, now=LATER, source="page")
    assert not session.scalars(select(Consent.granted)).one()
    assert audience.review(session, add_campaign(session, LATER, name="next"), LATER).reached == 0


def test_unsubscribing_again_outweighs_a_permission_between_that_is_learned_of_later(session: Session) -> None:
    run = planned(session, 1)
    claimed(session, run)
    one = deliveries(session, run)[0]
    hours = [LATER + timedelta(hours=number) for number in range(6)]

    def say(granted: bool, at: datetime) -> None:
        said = {"purpose": "marketing", "channel": "email", "jurisdiction": "", "source": "call", "wording": "w"}
        record_consent(
            session, one.person_id, granted=granted, basis="consent", evidence={}, at=at, now=hours[5], **said
        )

    feedback.unsubscribe(session, one.id, now=hours[0], source="page")
    say(True, hours[1])
    say(False, hours[2])
    feedback.unsubscribe(session, one.id, now=hours[4], source="page")
    say(True, hours[3])
    assert audience.review(session, add_campaign(session, LATER, name="next"), LATER).reached == 0
    say(True, hours[5])
    assert audience.review(session, add_campaign(session, LATER, name="after"), LATER).reached == 1


@pytest.mark.parametrize("kinds", list(permutations(["email_bounce", "email_complaint"])))
def test_a_complaint_counts_whether_or_not_the_address_bounced_as_well(session: Session, kinds: Sequence[str]) -> None:
    run = planned(session, 1)
    claimed(session, run)
    one = deliveries(session, run)[0]
    for kind in kinds:
        feedback.apply(session, [told(one.id, kind, hard=True)], LATER)
    assert [listed.reason for listed in session.scalars(select(Suppression))] == ["complaint"]
    feedback.apply(session, [told(one.id, kind, hard=True) for kind in kinds], LATER)
    assert [listed.reason for listed in session.scalars(select(Suppression))] == ["complaint"]


def test_nobody_is_unsubscribed_by_a_link_of_nothing(session: Session) -> None:
    with pytest.raises(NotFoundError):
        feedback.unsubscribe(session, 2**60, now=LATER, source="page")


def test_one_trace_settles_the_whole_batch(session: Session) -> None:
    run = planned(session, 3)
    batch = claimed(session, run, 2)
    doubt(session, batch, {}, NOON)
    feedback.apply(session, [told(deliveries(session, run)[0].id, "email_delivered", batch=str(batch))], LATER)
    assert [one.state for one in deliveries(session, run)] == ["delivered", "accepted", "planned"]
    assert batch_state(session, batch) == "accepted"


def test_an_answer_in_doubt_comes_too_late_after_a_trace(session: Session) -> None:
    run = planned(session, 2)
    batch = claimed(session, run)
    feedback.apply(session, [told(deliveries(session, run)[0].id, "email_sent", batch=str(batch))], LATER)
    doubt(session, batch, {}, LATER)
    assert {one.state for one in deliveries(session, run)} == {"accepted"}


def tell_of_something(session: Session, at: datetime) -> None:
    """A report of the provider about somebody else's message."""
    (person,) = add_people(session, 1, NOON, prefix=f"other{at.timestamp()}")
    report = NewEvent(
        occurred_at=at, event_id=uuid4(), kind="email_sent", source="sendgrid", side="buyer", person_id=person
    )
    ingest(session, [report], at)


@pytest.mark.usefixtures("webhook")
def test_without_a_trace_a_batch_is_released_and_a_late_trace_still_counts(session: Session) -> None:
    run = planned(session, 3)
    batch = claimed(session, run, 2)
    assert reconcile.settle(session, NOON + patience()) == reconcile.Settled()
    after = NOON + patience() + timedelta(seconds=1)
    # While the webhook tells of nothing later than that, it may be down, and the batch may have arrived.
    silent = reconcile.settle(session, after)
    assert silent == reconcile.Settled(open=1)
    assert silent.words == reconcile.SILENT
    tell_of_something(session, NOON + timedelta(seconds=5))
    assert reconcile.settle(session, after) == reconcile.Settled(open=1)
    tell_of_something(session, NOON + patience() + timedelta(seconds=5))  # by then its own reports would have come
    assert reconcile.settle(session, after) == reconcile.Settled(open=1)
    tell_of_something(session, NOON + patience() + timedelta(seconds=6))
    assert reconcile.settle(session, after) == reconcile.Settled(released=1)
    assert [one.state for one in deliveries(session, run)] == ["planned"] * 3
    feedback.apply(session, [told(deliveries(session, run)[1].id, "email_delivered", after, batch=str(batch))], after)
    assert [one.state for one in deliveries(session, run)] == ["accepted", "delivered", "planned"]
    again = claimed(session, run)
    assert [one.state for one in deliveries(session, run) if one.batch_id == again] == ["accepted"]
    assert session.get_one(DeliveryBatch, again).state == "claimed"


@pytest.mark.usefixtures("webhook")
def test_a_clock_that_was_an_hour_behind_makes_no_batch_old(session: Session) -> None:
    run = planned(session, 2)
    batch = claimed(session, run)  # at noon by our clock, at one o'clock by theirs
    one = timedelta(hours=1)
    for seconds in (10, 20):  # ours is put right, and reports go on coming
        tell_of_something(session, NOON + one + timedelta(seconds=seconds))
        assert reconcile.settle(session, NOON + one + timedelta(seconds=seconds)) == reconcile.Settled(open=1)
    late = [told(deliveries(session, run)[0].id, "email_delivered", NOON + one, batch=str(batch))]
    feedback.apply(session, late, NOON + one + timedelta(seconds=30))
    assert batch_state(session, batch) == "accepted"


@pytest.mark.usefixtures("webhook")
def test_an_event_that_was_stored_without_being_told_is_a_trace(session: Session) -> None:
    run = planned(session, 2)
    batch = claimed(session, run)
    one = deliveries(session, run)[0]
    event = NewEvent(
        occurred_at=LATER,
        event_id=uuid4(),
        kind="email_delivered",
        source="sendgrid",
        side="buyer",
        person_id=one.person_id,
        delivery_id=one.id,
        properties={"batch": str(batch)},
    )
    ingest(session, [event], LATER)
    assert reconcile.settle(session, NOON + timedelta(hours=1)) == reconcile.Settled(found=1)
    assert {one.state for one in deliveries(session, run)} == {"accepted"}


@pytest.mark.usefixtures("webhook")
def test_somebody_who_left_while_in_doubt_keeps_the_row_and_gets_nothing(session: Session) -> None:
    run = planned(session, 1)
    claimed(session, run)
    for hours in (1, 2):
        tell_of_something(session, NOON + timedelta(hours=hours))
        reconcile.settle(session, NOON + timedelta(hours=hours))
    one = deliveries(session, run)[0]
    session.execute(text("update consent set granted = false where person_id = :person"), {"person": one.person_id})
    nobody = claim(session, Part(run.id, "en", one.email_version_id or 0, 0, 2**62), 10, LATER)
    assert nobody is None
    one = deliveries(session, run)[0]
    assert (one.state, one.refusal) == ("refused", "no_consent")


def test_events_about_nothing_of_ours_change_nothing(session: Session) -> None:
    strange = told(2**62, "email_delivered", batch="no batch")
    elsewhere = NewEvent(occurred_at=LATER, event_id=uuid4(), kind="page_view", source="collector", side="buyer")
    feedback.apply(session, [strange, elsewhere], LATER)
    feedback.apply(session, [told(2**62, "unsubscribe", batch=str(uuid4()))], LATER)


def test_a_complaint_is_the_mailboxes_and_a_hard_bounce_the_addresses(session: Session) -> None:
    add_people(session, 1, NOON)
    twins = ("anna.bell@gmail.com", "annabell+x@gmail.com")
    people = [ensure_person(session, Known(email=address, locale="en"), NOON) for address in twins]
    said = {"granted": True, "basis": "consent", "source": "form", "wording": "w", "at": None, "actor": "a"}
    for person in people:
        record_by_hand(session, person, **said, now=NOON)  # type: ignore[arg-type]
    first = start(session, add_campaign(session, NOON, name="first", state="sending"))
    select_all(session, first, 1000)
    written = session.scalars(select(Delivery).where(Delivery.person_id == people[0])).one()
    written.state = "accepted"
    written.identity_id = session.scalars(select(Identity.id).where(Identity.person_id == people[0])).one()
    second = start(session, add_campaign(session, NOON, name="second", state="sending"))
    session.add(Delivery(campaign_run_id=second.id, person_id=people[1], locale="en", state="planned"))
    session.flush()
    ingest(session, [bounce := told(written.id, "email_bounce", hard=True)], LATER)
    feedback.apply(session, [bounce], LATER)
    assert session.scalars(select(Suppression.reason)).all() == ["hard_bounce"]
    ingest(session, [complaint := told(written.id, "email_complaint")], LATER)
    feedback.apply(session, [complaint], LATER)
    spread = dict(session.execute(select(Suppression.hash, Suppression.reason)).all())
    assert spread == {email_hash(one): "complaint" for one in (*twins, "annabell@gmail.com")}
    theirs = select(Exclusion.reason).where(Exclusion.campaign_run_id == second.id)
    assert session.scalars(theirs).all() == ["suppressed"]
