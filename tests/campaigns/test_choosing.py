"""Who is chosen, by all that people and rules say: a review foresees it, a selection writes it, a claim asks again."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.campaigns import audience
from growth.campaigns.email.catalogue import ensure_version
from growth.campaigns.email.claim import Claimed, Part, claim
from growth.campaigns.records import Campaign, CampaignRun, Delivery, Exclusion
from growth.campaigns.sending.rules import rules
from growth.keyring import keyring
from growth.people.permission.records import ListMember, MailingList, Preference
from tests.campaigns.sending import add_campaign, add_people, set_up, without_rules
from tests.campaigns.test_audience import select_all, start, undone
from tests.conftest import NOON

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Somebody:
    basis: str
    country: str
    topic: str | None
    paused: int | None
    """Days from now until which they paused."""
    trait: str | None
    mailbox: int | None
    """People with the same number share a mailbox."""
    had: tuple[int, ...]
    """Hours since they got something."""
    most: int | None
    retired: bool
    """Whether they have an older address besides, which is nobody's any more."""


somebody = st.builds(
    Somebody,
    basis=st.sampled_from(("consent", "consent", "legitimate_interest")),
    country=st.sampled_from(("US", "DE")),
    topic=st.sampled_from((None, "subscribed", "left")),
    paused=st.sampled_from((None, None, -1, 1)),
    trait=st.sampled_from((None, None, "role", "disposable")),
    mailbox=st.sampled_from((None, None, 1, 2)),
    had=st.lists(st.sampled_from((2, 30, 100, 200)), max_size=3).map(tuple),
    most=st.sampled_from((None, None, 0, 1, 2)),
    retired=st.booleans(),
)


@dataclass(frozen=True)
class World:
    role: str
    disposable: str
    per_day: int | None
    per_week: int | None
    by_purpose: int | None


worlds = st.builds(
    World,
    role=st.sampled_from(("send", "leave_out")),
    disposable=st.sampled_from(("send", "leave_out")),
    per_day=st.sampled_from((None, 1)),
    per_week=st.sampled_from((None, 2)),
    by_purpose=st.sampled_from((None, 1)),
)


def too_often(one: Somebody, world: World) -> bool:
    day, week = (sum(hours < most for hours in one.had) for most in (24, 168))
    limits = [(day, world.per_day), (week, world.per_week), (week, world.by_purpose), (week, one.most)]
    return any(limit is not None and number >= limit for number, limit in limits)


def expected(people: list[Somebody], world: World) -> list[str | None]:
    """By the rules in words."""
    found: list[str | None] = []
    mailboxes: set[int] = set()
    for one in people:
        policy = {"role": world.role, "disposable": world.disposable}.get(one.trait or "", "send")
        reason = None
        if one.basis == "legitimate_interest" and one.country == "DE":
            reason = "no_consent"
        elif one.topic == "left":
            reason = "left_topic"
        elif one.paused == 1:
            reason = "paused"
        elif policy == "leave_out":
            reason = "address_policy"
        elif one.mailbox in mailboxes:
            reason = "duplicate"
        elif too_often(one, world):
            reason = "frequency_cap"
        if one.mailbox is not None and reason in {None, "frequency_cap"}:
            mailboxes.add(one.mailbox)
        found.append(reason)
    return found


def store(session: Session, people: list[Somebody], topic: int, earlier: list[int]) -> list[int]:
    ids = []
    hashed = keyring().keyed_hash
    for number, one in enumerate(people):
        (person,) = add_people(session, 1, NOON - 9 * DAY, country=one.country, prefix=f"chosen{number}-")
        ids.append(person)
        mine = {"person": person}
        # The first of a mailbox has its plain form, the others a form with dots or a tag.
        plain = one.mailbox is not None and not any(other.mailbox == one.mailbox for other in people[:number])
        box = None if one.mailbox is None else hashed("email", f"box{one.mailbox}@example.com")
        changed: dict[str, Any] = {"hash": box} if plain else {"mailbox": box}
        sets = ", ".join(f"{name} = :{name}" for name in changed)
        session.execute(
            text(f"update identity set trait = :trait, {sets} where person_id = :person"),
            mine | {"trait": one.trait} | changed,
        )
        session.execute(
            text("update consent set basis = :basis where person_id = :person"), mine | {"basis": one.basis}
        )
        if one.retired:
            (other,) = add_people(session, 1, NOON, prefix=f"retired{number}-", granted=None)
            given_up = "update identity set person_id = :person, retired_at = now() where person_id = :other"
            session.execute(text(given_up), mine | {"other": other})
            session.execute(text("delete from person where id = :other"), {"other": other})
        if one.topic:
            session.add(ListMember(list_id=topic, person_id=person, state=one.topic, source="test", at=NOON))
        if one.paused is not None or one.most is not None:
            until = NOON + one.paused * DAY if one.paused is not None else None
            session.add(Preference(person_id=person, most_per_week=one.most, paused_until=until, updated_at=NOON))
        for run, hours in zip(earlier, one.had, strict=False):
            at = NOON - timedelta(hours=hours)
            had = {"campaign_run_id": run, "person_id": person, "locale": "en", "state": "accepted"}
            session.add(Delivery(**had, claimed_at=at, accepted_at=at))
    session.flush()
    return ids


def topic_of(session: Session) -> int:
    topic = MailingList(
        key="choosing", side="buyer", purpose="marketing", names={"en": "News"}, created_by="test", created_at=NOON
    )
    session.add(topic)
    session.flush()
    return topic.id


def found_in(session: Session, run: CampaignRun) -> dict[int, str | None]:
    messages = select(Delivery.person_id).where(Delivery.campaign_run_id == run.id)
    left_out = select(Exclusion.person_id, Exclusion.reason).where(Exclusion.campaign_run_id == run.id)
    return dict.fromkeys(session.scalars(messages)) | {row.person_id: row.reason for row in session.execute(left_out)}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(somebody, max_size=8), world=worlds, size=st.integers(1, 4))
def test_review_selection_and_claim_go_by_the_rules(
    session: Session, people: list[Somebody], world: World, size: int
) -> None:
    with undone(session):
        without_rules(session)
        held = rules(session)
        held.role_addresses, held.disposable_addresses = world.role, world.disposable
        held.most_per_day, held.most_per_week = world.per_day, world.per_week
        held.most_by_purpose = {"marketing": world.by_purpose} if world.by_purpose else {}
        topic = topic_of(session)
        earlier = [start(session, add_campaign(session, NOON, name=f"earlier {one}")).id for one in range(3)]
        ids = store(session, people, topic, earlier)
        campaign = add_campaign(session, NOON, name="now", list_id=topic, state="sending")
        wanted = dict(zip(ids, expected(people, world), strict=True))
        foreseen = audience.review(session, campaign, NOON)
        assert foreseen.excluded == Counter(reason for reason in wanted.values() if reason)
        for reason in foreseen.excluded:
            named = audience.foreseen(session, campaign, reason=reason, after=None, size=50, now=NOON)
            assert named == [person for person, why in wanted.items() if why == reason]
        run = start(session, campaign)
        select_all(session, run, size)
        assert found_in(session, run) == wanted
        assert len(claimed(session, run)) == list(wanted.values()).count(None)


def claimed(session: Session, run: CampaignRun, now: datetime = NOON) -> list[int]:
    """The people of the next claim."""
    version = ensure_version(session, "welcome_buyer", "en", now).id
    found = claim(session, Part(run.id, "en", version, 0, 2**62), 1000, now)
    return [one.person_id for one in found.recipients] if isinstance(found, Claimed) else []


def selected(session: Session, number: int, **campaign: Any) -> tuple[Campaign, CampaignRun, list[int]]:
    set_up(session, NOON)
    people = add_people(session, number, NOON, prefix="sel")
    made = add_campaign(session, NOON, state="sending", **campaign)
    run = start(session, made)
    select_all(session, run, 1000)
    run.selected_at = NOON
    session.flush()
    return made, run, people


def test_what_somebody_wished_after_the_selection_counts(session: Session) -> None:
    topic = topic_of(session)
    _, run, people = selected(session, 6, list_id=topic)
    session.add(ListMember(list_id=topic, person_id=people[0], state="left", source="page", at=NOON))
    session.add(Preference(person_id=people[1], paused_until=NOON + DAY, updated_at=NOON))
    session.add(Preference(person_id=people[2], most_per_week=0, updated_at=NOON))
    session.execute(text("update identity set trait = 'disposable' where person_id = :id"), {"id": people[3]})
    session.execute(text("update identity set retired_at = now() where person_id = :id"), {"id": people[4]})
    rules(session).disposable_addresses = "leave_out"
    session.flush()
    assert claimed(session, run) == [people[5]]
    reasons = ["left_topic", "paused", "frequency_cap", "address_policy", "no_address", None]
    assert found_in(session, run) == dict(zip(people, reasons, strict=True))


def test_a_cap_that_is_reached_by_another_campaign_meanwhile_counts(session: Session) -> None:
    _, run, people = selected(session, 2)
    rules(session).most_per_day = 1
    other = start(session, add_campaign(session, NOON, name="other", state="sending"))
    session.add(Delivery(campaign_run_id=other.id, person_id=people[0], locale="en", state="in_doubt", claimed_at=NOON))
    session.add(Delivery(campaign_run_id=other.id, person_id=people[1], locale="en", state="bounced", claimed_at=NOON))
    session.flush()
    assert claimed(session, run, NOON + timedelta(minutes=1)) == [people[1]]
    assert found_in(session, run) == {people[0]: "frequency_cap", people[1]: None}


def test_nothing_goes_out_in_quiet_hours_nor_after_the_end(session: Session) -> None:
    campaign, run, people = selected(session, 2)  # of New York, where it is seven in the morning
    held = rules(session)
    held.quiet_from, held.quiet_until = 21 * 60, 8 * 60
    session.flush()
    assert claimed(session, run) == []
    due = session.scalars(select(Delivery.due_at).where(Delivery.campaign_run_id == run.id)).all()
    assert set(due) == {NOON + timedelta(hours=1)}
    assert claimed(session, run, NOON + timedelta(minutes=59)) == []
    campaign.timing = {"mode": "at_once", "within_hours": 2}
    session.flush()
    assert claimed(session, run, NOON + timedelta(hours=2, seconds=1)) == []
    assert found_in(session, run) == dict.fromkeys(people, "quiet_hours")


@pytest.mark.parametrize(("hours", "reason"), [(1, None), (0, "quiet_hours")])
def test_who_would_get_it_after_the_end_is_left_out(session: Session, hours: int, reason: str | None) -> None:
    set_up(session, NOON)
    held = rules(session)
    held.quiet_from, held.quiet_until = 21 * 60, 8 * 60
    people = add_people(session, 1, NOON, prefix="end")
    timing = {"mode": "local_hour", "hour": 8 + (not hours), "within_hours": 1}
    run = start(session, add_campaign(session, NOON, timing=timing))
    select_all(session, run, 10)
    assert found_in(session, run) == {people[0]: reason}
