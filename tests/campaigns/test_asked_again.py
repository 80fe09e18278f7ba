"""A claim relies on the selection for those of whom nothing changed since, and asks the others again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, func, select, text
from sqlalchemy.orm import Session

from growth.campaigns import audience
from growth.campaigns.email.catalogue import ensure_version
from growth.campaigns.email.claim import Claimed, Part, claim
from growth.campaigns.records import Campaign, CampaignRun, Exclusion
from growth.campaigns.sending.rules import rules
from growth.database.engine import transaction
from growth.keyring import keyring
from growth.people.permission import noticing
from growth.people.permission.records import ListMember, MailingList, PermissionChange, Preference
from growth.people.records import Consent, Identity, Person
from growth.people.suppression import suppress
from tests.campaigns.sending import add_campaign, add_people, set_up
from tests.conftest import NOON


def selected(engine: Engine, number: int = 3) -> tuple[int, list[int]]:
    """A run that is selected for these people, each step in a transaction of its own."""
    with transaction(engine) as session:
        set_up(session, NOON)
        people = add_people(session, number, NOON)
        topic = MailingList(key="n", side="buyer", purpose="marketing", names={}, created_by="test", created_at=NOON)
        session.add(topic)
        session.flush()
        campaign = add_campaign(session, NOON, state="sending", list_id=topic.id)
        run = CampaignRun(campaign_id=campaign.id, due_at=NOON, state="selecting")
        session.add(run)
        session.flush()
        found = run.id
    with transaction(engine) as session:
        run = session.get_one(CampaignRun, found)
        assert audience.select(session, run, NOON, None, 1000).next is None
        run.selected_at, run.state = NOON, "sending"
    return found, people


def claimed(engine: Engine, run: int) -> list[int]:
    with transaction(engine) as session:
        version = ensure_version(session, "welcome_buyer", "en", NOON).id
        found = claim(session, Part(run, "en", version, 0, 2**62), 1000, NOON)
        return [one.person_id for one in found.recipients] if isinstance(found, Claimed) else []


def left_out(engine: Engine, run: int) -> dict[int, str]:
    with transaction(engine) as session:
        rows = session.execute(select(Exclusion.person_id, Exclusion.reason).where(Exclusion.campaign_run_id == run))
        return {row.person_id: row.reason for row in rows}


def withdraw(session: Session, person: int) -> None:
    session.get_one(Consent, (person, "marketing", "email")).granted = False


def take_back(session: Session, person: int) -> None:
    session.execute(delete(Consent).where(Consent.person_id == person))


def leave(session: Session, person: int) -> None:
    topic = session.scalars(select(MailingList.id)).one()
    session.add(ListMember(list_id=topic, person_id=person, state="left", source="page", at=NOON))


def rest(session: Session, person: int) -> None:
    session.add(Preference(person_id=person, paused_until=NOON + timedelta(days=30), updated_at=NOON))


def own_digest(session: Session, person: int) -> bytes:
    return session.scalars(select(Identity.hash).where(Identity.person_id == person)).one()


def complain(session: Session, person: int) -> None:
    suppress(session, "email", own_digest(session, person), reason="complaint", source="test", now=NOON)


def move(session: Session, person: int) -> None:
    session.scalars(select(Identity).where(Identity.person_id == person)).one().retired_at = NOON


def use_a_listed_address(session: Session, person: int) -> None:
    digest = keyring().keyed_hash("email", "other@example.com")
    suppress(session, "email", digest, reason="complaint", source="test", now=NOON)
    session.add(Identity(kind="email", hash=digest, sealed=b"x", person_id=person, created_at=NOON))


def be_erased(session: Session, person: int) -> None:
    session.get_one(Person, person).erased_at = NOON


def throw_away(session: Session, person: int) -> None:
    session.scalars(select(Identity).where(Identity.person_id == person)).one().trait = "disposable"
    rules(session).disposable_addresses = "leave_out"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (withdraw, "no_consent"),
        (take_back, "no_consent"),
        (leave, "left_topic"),
        (rest, "paused"),
        (complain, "suppressed"),
        (move, "no_address"),
        (use_a_listed_address, "suppressed"),
        (be_erased, "erased"),
        (throw_away, "address_policy"),
    ],
)
def test_what_changed_before_the_claim_counts(
    engine: Engine, change: Callable[[Session, int], None], reason: str
) -> None:
    run, people = selected(engine)
    with transaction(engine) as session:
        change(session, people[1])
    assert claimed(engine, run) == [people[0], people[2]]
    assert left_out(engine, run) == {people[1]: reason}


def test_what_began_before_the_selection_and_was_committed_after_it_counts(engine: Engine) -> None:
    with Session(engine) as slow:
        slow.execute(text("select pg_current_xact_id()"))  # so that its number is older than the selection
        run, people = selected(engine)
        withdraw(slow, people[0])
        slow.commit()
    assert claimed(engine, run) == people[1:]


def test_the_others_are_not_asked_again(engine: Engine) -> None:
    run, people = selected(engine)
    with transaction(engine) as session:
        session.execute(text("set local session_replication_role = 'replica'"))  # so that no trigger notes it
        withdraw(session, people[0])
    assert claimed(engine, run) == people


def test_all_are_asked_again_where_another_campaign_may_have_used_their_cap_up(engine: Engine) -> None:
    run, people = selected(engine)
    with transaction(engine) as session:
        rules(session).most_per_day = 1
    with transaction(engine) as session:
        campaign = add_campaign(session, NOON, name="other", state="sent")
        later = CampaignRun(campaign_id=campaign.id, due_at=NOON, state="selecting")
        session.add(later)
        session.flush()
        other = later.id
    with transaction(engine) as session:
        later = session.get_one(CampaignRun, other)
        audience.select(session, later, NOON, None, 1)
        later.selected_at, later.state = NOON, "sending"
        session.get_one(Campaign, later.campaign_id).state = "sending"
    assert claimed(engine, other) == people[:1]
    assert claimed(engine, run) == people[1:]
    assert left_out(engine, run) == {people[0]: "frequency_cap"}


def test_people_in_a_row_are_one_note(engine: Engine) -> None:
    with transaction(engine) as session:
        people = add_people(session, 500, NOON)
    with transaction(engine) as session:
        session.execute(delete(PermissionChange))
    with transaction(engine) as session:
        session.execute(text("update consent set at = at + interval '1 second'"))
    with transaction(engine) as session:
        noted = session.execute(select(PermissionChange.first_person, PermissionChange.last_person)).all()
        assert [tuple(one) for one in noted] == [(people[0], people[-1])]


def test_notes_are_kept_for_as_long_as_they_are_relied_on(engine: Engine) -> None:
    with transaction(engine) as session:
        add_people(session, 1, NOON)
    with transaction(engine) as session:
        at = session.scalars(select(func.max(PermissionChange.at))).one()
        noticing.forget(session, at + noticing.RELIED_ON)
        assert session.scalar(select(func.count()).select_from(PermissionChange))
        noticing.forget(session, at + timedelta(days=5))
        assert not session.scalar(select(func.count()).select_from(PermissionChange))
