"""Approving: a second person for what is large, and again for what was changed since."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.campaigns import approving, planning
from growth.campaigns.audiences import saving
from growth.campaigns.audiences.compiling import compiled
from growth.campaigns.audiences.conditions import narrowed
from growth.campaigns.changing import Rest, change_speed, edit_rest
from growth.campaigns.pinning import conditions_of
from growth.campaigns.records import Campaign, Delivery
from growth.campaigns.sending.rules import rules
from growth.campaigns.states import State
from growth.database.audit import AuditEntry
from growth.errors import ConflictError, InvalidError, RefusedError
from growth.scheduling.records import JobRun
from tests.campaigns.planned import MINE, NOW, begin, make
from tests.campaigns.sending import add_people

OTHER = "manager@example.com"


@pytest.fixture(autouse=True)
def least(session: Session) -> None:
    """From ten people on, somebody else has to approve."""
    rules(session).approval_from = 10


def scheduled(session: Session, reached: int = 10) -> Campaign:
    campaign = make(session)
    tomorrow = NOW + timedelta(days=1)
    return planning.schedule(session, campaign.id, at=tomorrow, version=1, actor=MINE, now=NOW, reached=reached)


def test_only_what_is_large_waits_for_approval(session: Session) -> None:
    assert scheduled(session, 9).state == State.SCHEDULED
    session.delete(session.scalars(select(Campaign)).one())
    assert scheduled(session).state == State.AWAITS


def test_who_forgets_to_count_is_counted_for(session: Session) -> None:
    add_people(session, 10, NOW, prefix="counted")
    campaign = make(session)
    planning.schedule(session, campaign.id, at=None, version=1, actor=MINE, now=NOW)
    assert campaign.state == State.AWAITS
    assert session.scalars(select(JobRun)).all() == []


def test_what_it_depends_on_is_kept_as_it_was_scheduled(session: Session) -> None:
    russians = add_people(session, 2, NOW, country="RU", prefix="ru")
    brazilians = add_people(session, 1, NOW, country="BR", prefix="br")
    saved = saving.create(session, name="Far", conditions=narrowed(countries=["RU"]), actor=MINE, now=NOW)
    campaign = make(session)
    campaign.audience = {"all": [{"field": "audience", "op": "in", "value": [saved.id]}]}
    tomorrow = NOW + timedelta(days=1)
    planning.schedule(session, campaign.id, at=tomorrow, version=1, actor=MINE, now=NOW, reached=1)

    def reached() -> set[int]:
        where = compiled(conditions_of(session, campaign))
        return set(session.scalars(text(f"select id from person where {where.where}"), where.values))

    others = narrowed(countries=["BR"])
    saving.save(session, saved.id, name="Far", conditions=others, version=1, actor=MINE, now=NOW)
    assert reached() == set(russians)
    planning.take_back(session, campaign.id, actor=MINE, now=NOW)
    assert reached() == set(brazilians)


def test_nobody_approves_their_own(session: Session) -> None:
    campaign = scheduled(session)
    for actor in (MINE, MINE.upper()):
        with pytest.raises(RefusedError):
            approving.approve(session, campaign.id, version=1, actor=actor, now=NOW)
    with pytest.raises(ConflictError):
        approving.approve(session, campaign.id, version=2, actor=OTHER, now=NOW)
    approving.approve(session, campaign.id, version=1, actor=OTHER, now=NOW)
    assert (campaign.state, campaign.approved_by) == (State.SCHEDULED, OTHER)
    assert campaign.message_version == 0  # whatever is saved of the message later, this is what was looked at
    assert campaign.scheduled_at == NOW + timedelta(days=1)
    assert [one.action for one in session.scalars(select(AuditEntry).order_by(AuditEntry.id))] == [
        "ask for approval of campaign",
        "approve campaign",
    ]


def test_what_was_approved_after_its_moment_goes_out_at_once(session: Session) -> None:
    campaign = scheduled(session)
    late = NOW + timedelta(days=3)
    approving.approve(session, campaign.id, version=1, actor=OTHER, now=late)
    assert (campaign.state, campaign.scheduled_at) == (State.SCHEDULED, late)
    assert [run.job for run in session.scalars(select(JobRun))] == ["send_campaigns"]


def test_a_later_change_needs_another_approval(session: Session) -> None:
    campaign = scheduled(session)
    approving.approve(session, campaign.id, version=1, actor=OTHER, now=NOW)
    planning.take_back(session, campaign.id, actor=MINE, now=NOW)
    again: dict[str, Any] = {"at": NOW + timedelta(days=2), "actor": MINE, "now": NOW, "reached": 10}
    planning.schedule(session, campaign.id, version=1, **again)
    assert campaign.state == State.SCHEDULED  # another moment, but the same campaign
    planning.take_back(session, campaign.id, actor=MINE, now=NOW)
    planning.save(session, campaign.id, {"holdout_percent": 5}, version=1, now=NOW)
    planning.schedule(session, campaign.id, version=2, **again)
    assert campaign.state == State.AWAITS


def test_sent_back_with_a_note(session: Session) -> None:
    campaign = scheduled(session)
    for note in ("", " ", "x" * 501):
        with pytest.raises(InvalidError):
            approving.send_back(session, campaign.id, note=note, actor=OTHER, now=NOW)
    approving.send_back(session, campaign.id, note="The subject is in capitals.", actor=OTHER, now=NOW)
    assert campaign.state == State.DRAFT
    assert campaign.sent_back == {"by": OTHER, "note": "The subject is in capitals."}
    planning.schedule(session, campaign.id, at=None, version=1, actor=MINE, now=NOW, reached=1)
    assert campaign.sent_back is None


def begun(session: Session) -> Campaign:
    """Paused in the middle, approved as it is, with somebody left who reads Russian."""
    campaign = make(session, state=State.PAUSED, approved_version=1, scheduled_by=MINE)
    run = begin(session, campaign)
    (person,) = add_people(session, 1, NOW, prefix="rest")
    session.add(Delivery(campaign_run_id=run, person_id=person, locale="ru"))
    session.flush()
    return campaign


def test_the_rest_changed_in_the_middle_is_approved_before_it_goes_on(session: Session) -> None:
    campaign = begun(session)
    rest = Rest("welcome_buyer", subjects={"ru": " Новая  тема ", "en": ""})
    edit_rest(session, campaign.id, rest, version=1, actor=MINE, now=NOW)
    assert (campaign.changes, campaign.version) == ({"subjects": {"ru": "Новая тема"}}, 2)
    assert planning.resume(session, campaign.id, actor=MINE, now=NOW).state == State.AWAITS
    approving.send_back(session, campaign.id, note="No.", actor=OTHER, now=NOW)
    assert campaign.state == State.PAUSED
    planning.resume(session, campaign.id, actor=MINE, now=NOW)
    assert approving.approve(session, campaign.id, version=2, actor=OTHER, now=NOW).state == State.SENDING


def test_what_of_the_rest_can_not_be(session: Session) -> None:
    campaign = begun(session)
    mine: dict[str, Any] = {"actor": MINE, "now": NOW}
    for rest in (Rest("gone"), Rest("welcome_buyer", 7)):
        with pytest.raises(InvalidError, match="no message"):
            edit_rest(session, campaign.id, rest, version=1, **mine)
    for subject in ("x" * 201, "a\u202eb", "Hello {{ frist_name }}", "{{"):
        with pytest.raises(InvalidError) as caught:
            edit_rest(session, campaign.id, Rest("welcome_buyer", None, {"ru": subject}), version=1, **mine)
        assert caught.value.field == "subject_ru"
    with pytest.raises(ConflictError):
        edit_rest(session, campaign.id, Rest("welcome_buyer"), version=7, **mine)
    campaign.state = State.SENDING
    with pytest.raises(ConflictError):
        edit_rest(session, campaign.id, Rest("welcome_buyer"), version=1, **mine)


def test_the_speed_is_changed_at_any_time_before_the_end(session: Session) -> None:
    campaign = begun(session)
    for state in (State.DRAFT, State.SCHEDULED, State.SENDING, State.PAUSED):
        campaign.state = state
        assert change_speed(session, campaign.id, per_hour=500, actor=MINE, now=NOW).per_hour == 500
    assert campaign.version == 1
    for speed in (0, -1, 10**9):
        with pytest.raises(InvalidError):
            change_speed(session, campaign.id, per_hour=speed, actor=MINE, now=NOW)
    campaign.state = State.SENT
    with pytest.raises(ConflictError):
        change_speed(session, campaign.id, per_hour=None, actor=MINE, now=NOW)


def test_what_has_ended_is_put_away_and_brought_back(session: Session) -> None:
    campaign = make(session, state=State.SENT)
    planning.archive(session, campaign.id, archived=True, actor=MINE, now=NOW)
    assert campaign.archived_at == NOW
    planning.archive(session, campaign.id, archived=False, actor=MINE, now=NOW)
    assert campaign.archived_at is None
    with pytest.raises(ConflictError):
        planning.archive(session, make(session, "Draft").id, archived=True, actor=MINE, now=NOW)
