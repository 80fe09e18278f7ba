"""What a claim leaves behind, and what keeps it cheap."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.campaigns.counting import counts_of
from growth.campaigns.email import answers, claim
from growth.campaigns.email.claim import Claimed, Part
from growth.campaigns.reading import receivers
from growth.campaigns.records import CampaignRun, Delivery
from growth.campaigns.running import left
from tests.campaigns.sending import add_campaign, add_people, set_up
from tests.conftest import NOON


def claimed(session: Session, run: CampaignRun, people: list[int]) -> Claimed:
    session.add_all(Delivery(campaign_run_id=run.id, person_id=person, locale="en") for person in people)
    session.flush()
    found = claim.claim(session, Part(run.id, "en", 1, 1, 2**62), 1000, NOON)
    assert isinstance(found, Claimed)
    return found


def test_the_claimed_are_found_until_the_answer(session: Session) -> None:
    set_up(session, NOON)
    people = add_people(session, 3, NOON, prefix="claimed")
    run = CampaignRun(campaign_id=add_campaign(session, NOON, state="sending").id, due_at=NOON, state="sending")
    session.add(run)
    session.flush()
    batch = claimed(session, run, people).batch
    session.expire_all()
    assert [one.delivery.person_id for one in receivers(session, run.id, state="claimed", after=None, size=9)] == people
    part = Part(run.id, "en", 1, 1, 2**62)
    assert (left(session, run.id), claim.left_in(session, part, NOON), claim.waits(session, part, NOON)) == (
        True,
        3,
        False,
    )
    counted = counts_of(session, [run.id])[run.id]
    assert (counted.waiting, counted.sent) == (3, 0)
    answers.accept(session, batch, NOON)
    counted = counts_of(session, [run.id])[run.id]
    assert (counted.waiting, counted.sent) == (0, 3)
    assert receivers(session, run.id, state="claimed", after=None, size=9) == []
    assert (left(session, run.id), claim.left_in(session, part, NOON)) == (False, 0)


def test_a_doubt_and_a_refusal_are_found_by_what_they_are(session: Session) -> None:
    set_up(session, NOON)
    people = add_people(session, 2, NOON, prefix="filed")
    run = CampaignRun(campaign_id=add_campaign(session, NOON, state="sending").id, due_at=NOON, state="sending")
    session.add(run)
    session.flush()
    found = claimed(session, run, people)
    answers.doubt(session, found.batch, {}, NOON)
    session.expire_all()
    assert len(receivers(session, run.id, state="in_doubt", after=None, size=9)) == 2
    assert left(session, run.id)
    session.execute(text("update delivery set state = 'planned' where campaign_run_id = :run"), {"run": run.id})
    answers.refuse(session, [one.delivery_id for one in found.recipients], "no such address")
    session.expire_all()
    assert len(receivers(session, run.id, state="refused", after=None, size=9)) == 2
    assert not left(session, run.id)


def test_no_index_hangs_on_what_an_answer_or_a_delivery_changes(session: Session) -> None:
    """Else each of them would write to every index of the table, not to the row's page alone."""
    told = session.scalars(
        text("""
            select pg_get_indexdef(indexrelid) from pg_index join pg_class on pg_class.oid = indexrelid
            join pg_am on pg_am.oid = relam
            where indrelid = 'delivery'::regclass and amname <> 'brin'
        """)
    ).all()
    assert len(told) > 3
    for column in ("state", "accepted_at", "delivered_at", "deferred_at", "machine_opened_at"):
        assert not [one for one in told if column in one], column
