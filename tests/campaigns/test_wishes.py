"""What recipients want, of messages that are planned already: each wish holds from the next batch on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.campaigns import wishes
from growth.campaigns.email.claim import Claimed, Part, claim
from growth.campaigns.experimenting import declare
from growth.campaigns.experiments.fields import Declaration
from growth.campaigns.letters.records import Letter
from growth.campaigns.messages import saving
from growth.campaigns.messages.sources import shipped
from growth.campaigns.records import Campaign, CampaignRun, Delivery, EmailVersion, Exclusion
from growth.campaigns.sending.parts import plan_parts
from growth.database.audit import AuditEntry
from growth.experiments.assigning import Arm
from growth.keyring import keyring
from growth.people.consent import may_write, record_consent
from growth.people.identity import Known, email_hash, ensure_person
from growth.people.permission import leaving, lists, moving, preferences
from growth.people.permission.records import Confirmation, Preference
from growth.people.records import ConsentFact, Identity, IdentityChange
from growth.people.suppression import suppress, suppressions
from tests.campaigns.sending import add_campaign, add_people
from tests.campaigns.test_audience import select_all, start
from tests.conftest import NOON

LATER = NOON + timedelta(minutes=5)


def planned(session: Session, people: list[int], **more: object) -> CampaignRun:
    """A run whose messages to these people, and to nobody else, are planned."""
    campaign = add_campaign(session, NOON, name=f"wishes {uuid4()}", state="sending", **more)
    run = start(session, campaign)
    select_all(session, run, 1000)
    session.execute(
        text("delete from delivery where campaign_run_id = :run and person_id <> all(:people)"),
        {"run": run.id, "people": people},
    )
    return run


def handed_over(session: Session, run: CampaignRun, locale: str = "en", now: datetime = LATER) -> list[str]:
    """Addresses of the next batch of a run."""
    version = EmailVersion(
        message="m", fingerprint=uuid4().bytes, locale=locale, subject="s", html="", text="", links=[], created_at=NOON
    )
    session.add(version)
    session.flush()
    batch = claim(session, Part(run.id, locale, version.id, 0, 2**62), 1000, now)
    return [one.email for one in batch.recipients] if isinstance(batch, Claimed) else []


def reasons(session: Session, run: CampaignRun) -> dict[int, str]:
    found = session.execute(select(Exclusion.person_id, Exclusion.reason).where(Exclusion.campaign_run_id == run.id))
    return dict(found.all())


def pause(session: Session, person: int) -> None:
    preferences.pause(session, person, now=NOON)


def leave_topic(session: Session, person: int) -> None:
    preferences.part_with(session, person, "news", now=NOON)


def leave_all(session: Session, person: int) -> None:
    wishes.leave_everything(session, person, None, now=NOON)


@pytest.mark.parametrize(
    ("wish", "reason"), [(pause, "paused"), (leave_topic, "left_topic"), (leave_all, "suppressed")]
)
def test_a_wish_takes_out_what_is_planned(session: Session, wish: Callable[[Session, int], None], reason: str) -> None:
    topic = lists.Topic(names={"en": "News"}, descriptions={}, public=True)
    news = lists.create(session, "news", "buyer", topic, actor="x", now=NOON)
    first, second = add_people(session, 2, NOON, prefix="wish")
    run = planned(session, [first, second], list_id=news.id)
    wish(session, first)
    assert handed_over(session, run) == ["wish1@example.com"]
    assert reasons(session, run)[first] == reason


def test_after_a_pause_messages_go_on(session: Session) -> None:
    (person,) = add_people(session, 1, NOON, prefix="rest")
    pause(session, person)
    run = planned(session, [person])
    assert reasons(session, run)[person] == "paused"
    preferences.end_pause(session, person, now=NOON)
    assert handed_over(session, planned(session, [person])) == ["rest0@example.com"]
    pause(session, person)
    after = NOON + timedelta(days=30, minutes=1)
    run = planned(session, [person])
    session.execute(text("delete from exclusion where campaign_run_id = :run"), {"run": run.id})
    session.add(Delivery(campaign_run_id=run.id, person_id=person, locale="en"))
    session.flush()
    assert handed_over(session, run, now=after) == ["rest0@example.com"]


def had(session: Session, person: int, days_ago: int, **more: object) -> None:
    """A message that somebody got a while ago."""
    run = planned(session, [], **more)
    at = NOON - timedelta(days=days_ago)
    session.add(
        Delivery(
            campaign_run_id=run.id, person_id=person, locale="en", state="delivered", claimed_at=at, accepted_at=at
        )
    )
    session.flush()


@pytest.mark.parametrize(
    ("frequency", "days", "goes"),
    [
        ("all", [1, 2, 3], True),
        ("weekly", [8], True),
        ("weekly", [6], False),
        ("twice_a_month", [1], True),
        ("twice_a_month", [10, 20], False),
        ("twice_a_month", [10, 31], True),
    ],
)
def test_nobody_gets_more_than_they_want(session: Session, frequency: str, days: list[int], goes: bool) -> None:
    (person,) = add_people(session, 1, NOON - timedelta(days=50), prefix="often")
    for one in days:
        had(session, person, one)
    run = planned(session, [person])
    preferences.choose_frequency(session, person, frequency, now=NOON)
    assert handed_over(session, run) == (["often0@example.com"] if goes else [])
    assert reasons(session, run).get(person) == (None if goes else "frequency_cap")


@pytest.mark.parametrize(("frequency", "days"), [("weekly", [6]), ("twice_a_month", [10, 20])])
@pytest.mark.parametrize(("before", "now"), [("seller_news", "marketing"), ("marketing", "seller_news")])
def test_a_limit_of_one_s_own_holds_for_all_purposes(
    session: Session, frequency: str, days: list[int], before: str, now: str
) -> None:
    person, other = add_people(session, 2, NOON - timedelta(days=50), prefix="both")
    session.execute(
        text(
            "insert into consent (person_id, purpose, channel, granted, basis, at)"
            " select person_id, 'seller_news', channel, granted, basis, at from consent"
        )
    )
    for one in days:
        had(session, person, one, purpose=before)
    preferences.choose_frequency(session, person, frequency, now=NOON)
    preferences.choose_frequency(session, other, frequency, now=NOON)
    run = planned(session, [person, other], purpose=now)
    assert handed_over(session, run) == ["both1@example.com"]
    assert reasons(session, run) == {person: "frequency_cap"}


def test_another_language_moves_what_is_planned_and_nothing_that_was_handed_over(session: Session) -> None:
    first, second = add_people(session, 2, NOON, prefix="lang")
    before, run = planned(session, [first]), planned(session, [first, second])
    assert handed_over(session, before) == ["lang0@example.com"]
    assert wishes.choose_language(session, first, "pt_BR", now=NOON)
    assert not wishes.choose_language(session, first, "pt_BR", now=NOON)
    assert handed_over(session, run, "en") == ["lang1@example.com"]
    assert handed_over(session, run, "pt_BR") == ["lang0@example.com"]
    locales = session.scalars(select(Delivery.locale).where(Delivery.campaign_run_id == before.id)).all()
    assert list(locales) == ["en"]


def test_a_language_that_an_arm_lacks_moves_nothing(session: Session) -> None:
    (person,) = add_people(session, 1, NOON, prefix="arm")
    sample = {"sample.json": orjson.dumps({"locales": ["en", "ru"]}).decode()}
    files = {**shipped("welcome_buyer").files, **sample}
    saving.new_message(session, "two_languages", files, {}, actor="x", now=NOON)
    run = planned(session, [person])
    run.selected_at = NOON
    campaign = session.get_one(Campaign, run.campaign_id)
    arms = (Arm("A", 5_000), Arm("B", 5_000, {"message": "two_languages"}))
    declare(session, campaign.id, Declaration(arms, "click", 3, "fixed", 100, 100, 500))
    session.execute(text("update delivery set arm = 'B' where campaign_run_id = :run"), {"run": run.id})
    wishes.choose_language(session, person, "pt_BR", now=NOON)
    assert [part["locale"] for part in plan_parts(session, run.id, LATER)] == ["en"]
    wishes.choose_language(session, person, "ru", now=NOON)
    assert [part["locale"] for part in plan_parts(session, run.id, LATER)] == ["ru"]


def confirmed(session: Session, person: int, email: str, now: datetime = NOON) -> bool:
    """An address change from the wish to the yes."""
    wishes.ask_new_address(session, person, email, locale="en", evidence={}, now=now)
    found = session.scalars(select(Confirmation).order_by(Confirmation.id.desc())).first()
    assert found is not None
    return wishes.confirm_new_address(session, found, ip_prefix=None, now=now)


def letters(session: Session) -> list[tuple[str, str]]:
    found = session.scalars(select(Letter).order_by(Letter.id))
    return [(one.message, keyring().unseal(one.email_sealed or b"")) for one in found]


def test_a_new_address_gets_what_is_planned_and_the_old_one_a_notice(session: Session) -> None:
    (person,) = add_people(session, 1, NOON, prefix="old")
    run = planned(session, [person])
    assert confirmed(session, person, "New@Gmail.com")
    assert handed_over(session, run) == ["new@gmail.com"]
    assert letters(session) == [("confirm_address", "new@gmail.com"), ("address_changed", "old0@example.com")]
    rows = session.scalars(select(Identity).where(Identity.person_id == person).order_by(Identity.id)).all()
    assert [(one.receiver, one.retired_at) for one in rows] == [(None, NOON), ("gmail", None)]
    changes = session.scalars(select(IdentityChange).order_by(IdentityChange.id)).all()
    assert [(one.person_before, one.person_after) for one in changes] == [(None, person), (person, person)]
    assert "address change" in session.scalars(select(AuditEntry.action)).all()


def test_back_and_forth_between_two_addresses(session: Session) -> None:
    (person,) = add_people(session, 1, NOON, prefix="back")
    assert confirmed(session, person, "forth@example.com")
    assert confirmed(session, person, "back0@example.com", NOON + timedelta(hours=1))
    assert handed_over(session, planned(session, [person])) == ["back0@example.com"]
    assert len(session.scalars(select(Identity).where(Identity.person_id == person)).all()) == 2
    assert moving.move(session, person, "back0@example.com", now=LATER) == []


def test_an_address_taken_meanwhile_changes_nothing(session: Session) -> None:
    (person,) = add_people(session, 1, NOON, prefix="late")
    wishes.ask_new_address(session, person, "wanted@example.com", locale="en", evidence={}, now=NOON)
    other = ensure_person(session, Known(email="wanted@example.com"), NOON)
    found = session.scalars(select(Confirmation)).one()
    assert not wishes.confirm_new_address(session, found, ip_prefix=None, now=NOON)
    live = moving.live_address(session, person)
    assert live is not None
    assert keyring().unseal(live.sealed or b"") == "late0@example.com"
    assert (
        session.scalars(select(Identity.person_id).where(Identity.hash == email_hash("wanted@example.com"))).one()
        == other
    )


@pytest.mark.parametrize("reason", ["complaint", "unsubscribe", "manual"])
def test_a_change_of_address_takes_one_s_wishes_along(session: Session, reason: str) -> None:
    (person,) = add_people(session, 1, NOON, prefix="wary")
    run = planned(session, [person])
    suppress(session, "email", email_hash("wary0@example.com"), reason=reason, source="x", now=NOON)
    moving.move(session, person, "wary.new@example.com", now=LATER)
    assert [one.reason for one in suppressions(session, "email", [email_hash("wary.new@example.com")])] == [reason]
    assert handed_over(session, run) == []


def test_a_bounce_stays_with_the_address_it_was_of(session: Session) -> None:
    (person,) = add_people(session, 1, NOON, prefix="dead")
    run = planned(session, [person])
    suppress(session, "email", email_hash("dead0@example.com"), reason="hard_bounce", source="x", now=NOON)
    suppress(session, "email", email_hash("alive@example.com"), reason="soft_bounce", source="x", now=NOON)
    assert confirmed(session, person, "alive@example.com", LATER)
    assert handed_over(session, run) == ["alive@example.com"]
    assert letters(session) == [("confirm_address", "alive@example.com")]


def test_what_was_undone_is_as_it_was_and_no_more(session: Session) -> None:
    (person,) = add_people(session, 1, NOON - timedelta(days=9), granted=None, prefix="undo")
    said = {"basis": "contract", "jurisdiction": "us", "source": "order", "wording": "Buying", "evidence": {}}
    record_consent(
        session,
        person,
        purpose="marketing",
        channel="email",
        granted=True,
        at=NOON - timedelta(days=9),
        now=NOON,
        **said,  # type: ignore[arg-type]  # mixed kinds
    )
    leaving.leave_everything(session, person, now=NOON)
    leaving.leave_everything(session, person, now=NOON + timedelta(seconds=5))
    assert leaving.may_take_back(session, person, NOON + timedelta(minutes=9))
    assert not leaving.may_take_back(session, person, NOON + timedelta(minutes=10, seconds=1))
    assert not leaving.take_back(session, person, now=NOON + timedelta(minutes=11))
    assert leaving.take_back(session, person, now=NOON + timedelta(minutes=9))
    assert not leaving.take_back(session, person, now=NOON + timedelta(minutes=9))
    facts = session.scalars(select(ConsentFact).where(ConsentFact.person_id == person).order_by(ConsentFact.id)).all()
    assert [(one.granted, one.basis, one.source) for one in facts] == [
        (True, "contract", "order"),
        (False, "withdrawal", "preferences: all"),
        (True, "contract", "preferences: undone"),
    ]
    assert facts[2].evidence == {"restores": facts[0].id, "undoes": facts[1].id}
    assert handed_over(session, planned(session, [person])) == ["undo0@example.com"]


def test_who_allowed_nothing_gains_nothing_by_undoing(session: Session) -> None:
    (person,) = add_people(session, 1, NOON, granted=None, prefix="never")
    leaving.leave_everything(session, person, now=NOON)
    assert not leaving.may_take_back(session, person, NOON)
    assert not leaving.take_back(session, person, now=NOON)
    assert not may_write(session, person, "marketing", "email")


STEPS = st.sampled_from(["weekly", "all", "twice_a_month", "pause", "go on", "leave", "undo", "again", "ru", "en"])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=6))
def test_each_wish_said_twice_is_the_same_as_said_once(session: Session, steps: list[str]) -> None:
    with session.begin_nested() as attempt:
        once, twice = add_people(session, 2, NOON, prefix=f"twice{uuid4().hex[:6]}")
        for place, step in enumerate(steps):
            now = NOON + timedelta(minutes=place)
            say(session, once, step, now)
            say(session, twice, step, now)
            say(session, twice, step, now)
        assert standing(session, once) == standing(session, twice)
        attempt.rollback()


def say(session: Session, person: int, step: str, now: datetime) -> None:
    if step in preferences.FREQUENCIES:
        preferences.choose_frequency(session, person, step, now=now)
    elif step == "pause":
        preferences.pause(session, person, now=now)
    elif step == "go on":
        preferences.end_pause(session, person, now=now)
    elif step == "leave":
        leaving.leave_everything(session, person, now=now)
    elif step == "undo":
        leaving.take_back(session, person, now=now)
    elif step == "again":
        preferences.come_back(session, person, wording="Yes", evidence={}, now=now)
    else:
        wishes.choose_language(session, person, step, now=now)


def standing(session: Session, person: int) -> tuple[object, ...]:
    held = preferences.standing(session, person, locale="en", now=NOON)
    kept = session.get(Preference, person)
    facts = session.scalars(select(ConsentFact.granted).where(ConsentFact.person_id == person).order_by(ConsentFact.id))
    return (held.locale, held.frequency, held.paused_until, held.allowed, kept is None, facts.all())
