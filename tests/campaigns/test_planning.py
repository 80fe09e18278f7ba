"""Planning: which way a campaign can go, two people saving, and what is looked at before it is sent."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, func, select, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from growth.campaigns import planning
from growth.campaigns.audiences.conditions import narrowed
from growth.campaigns.differences import ChangedError, Difference
from growth.campaigns.fields import moment_in
from growth.campaigns.readiness import Facts, UnreadyError, judge
from growth.campaigns.reading import find_campaign
from growth.campaigns.records import Campaign
from growth.campaigns.states import FINAL, Action, State, after, possible
from growth.cli import app
from growth.clock import FixedClock
from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.errors import ConflictError, InvalidError, NotFoundError, PermanentError
from growth.scheduling.records import JobRun
from growth.settings import settings
from tests.campaigns.planned import MINE, NOW, begin, make

# Which way it can go


@given(st.lists(st.sampled_from(Action), max_size=12), st.booleans())
def test_whatever_is_pressed_what_has_ended_stays_ended_and_what_has_begun_is_no_draft(
    pressed: list[Action], begun: bool
) -> None:
    state = State.SENDING if begun else State.DRAFT
    for action in pressed:
        allowed = action in possible(state, begun=begun)
        try:
            reached = after(state, action, begun=begun)
        except ConflictError:
            assert not allowed
            continue
        assert allowed
        assert state not in FINAL or (action is Action.ARCHIVE and reached is state)
        assert not (begun and reached in {State.DRAFT, State.SCHEDULED})
        # Nothing begins to send, or has been sent, because a person pressed something, except to go on.
        assert reached not in {State.SENT, State.ASKS} or reached is state
        assert reached is not State.SENDING or (state in {State.PAUSED, State.AWAITS} and begun)
        # Out of waiting for approval leads nothing but approval to where it goes out.
        assert state is not State.AWAITS or action is Action.APPROVE or reached not in {State.SENDING, State.SCHEDULED}
        state = reached


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("begun", [True, False])
def test_there_is_always_something_to_do_until_it_has_ended(state: State, begun: bool) -> None:
    # A draft has begun nothing, and what is sent or being sent has begun.
    if state is State.DRAFT and begun:
        return
    assert bool(possible(state, begun=begun) - {Action.ARCHIVE}) == (state not in FINAL)


# Saving


def test_the_later_save_gets_the_difference(session: Session) -> None:
    campaign = make(session)
    empty: dict[str, Any] = {"all": []}
    russia = narrowed(countries=["ru"])
    planning.save(session, campaign.id, {"audience": russia}, version=1)
    with pytest.raises(ChangedError) as caught:
        planning.save(session, campaign.id, {"holdout_percent": 10, "audience": empty}, version=1)
    assert caught.value.version == 2
    assert caught.value.differences == (Difference("holdout_percent", 10, 0), Difference("audience", empty, russia))
    planning.save(session, campaign.id, {"holdout_percent": 10}, version=2)
    assert (campaign.holdout_percent, campaign.version) == (10, 3)
    assert planning.save(session, campaign.id, {"holdout_percent": 10}, version=1).version == 3


def test_a_name_is_used_once_however_it_comes_about(session: Session) -> None:
    first, second = make(session, "One"), make(session, "Two")
    with pytest.raises(InvalidError, match="this name already"):
        make(session, " One ")
    with pytest.raises(InvalidError, match="this name already"):
        planning.save(session, second.id, {"name": "One"}, version=second.version)
    copies = [planning.duplicate(session, first.id, actor=MINE, now=NOW).name for _ in range(3)]
    assert copies == ["One (2)", "One (3)", "One (4)"]
    long = make(session, "%_" * 60)
    assert len(planning.duplicate(session, long.id, actor=MINE, now=NOW).name) <= 120


def test_only_a_draft_is_changed_or_deleted(session: Session) -> None:
    campaign = make(session, state=State.SCHEDULED)
    with pytest.raises(ConflictError):
        planning.save(session, campaign.id, {"holdout_percent": 1}, version=1)
    with pytest.raises(ConflictError):
        planning.delete_draft(session, campaign.id)
    planning.take_back(session, campaign.id, actor=MINE, now=NOW)
    planning.delete_draft(session, campaign.id)
    with pytest.raises(NotFoundError):
        planning.locked(session, campaign.id)


# Scheduling


def test_now_fires_the_sending_in_the_same_transaction(engine: Engine) -> None:
    with transaction(engine) as session:
        campaign = make(session)
    with Session(engine) as session:
        planning.schedule(session, campaign.id, at=None, version=1, actor=MINE, now=NOW)
        session.rollback()
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(JobRun)) == 0
        planning.schedule(session, campaign.id, at=None, version=1, actor=MINE, now=NOW)
        # A second campaign at the same moment is left to the run that waits.
        other = make(session, "Other")
        planning.schedule(session, other.id, at=None, version=1, actor=MINE, now=NOW)
    with transaction(engine) as session:
        (run,) = session.scalars(select(JobRun))
        assert (run.job, run.state, run.due_at) == ("send_campaigns", "queued", NOW)
        assert session.scalar(text("select count(*) from procrastinate_jobs")) == 1
        assert {one.scheduled_at for one in session.scalars(select(Campaign))} == {NOW}


def test_a_later_moment_waits_for_the_job_and_everything_is_written_down(session: Session) -> None:
    campaign = make(session)
    tomorrow = NOW + timedelta(days=1)
    planning.schedule(session, campaign.id, at=tomorrow, version=1, actor=MINE, now=NOW)
    planning.schedule(session, campaign.id, at=tomorrow + timedelta(hours=1), version=1, actor=MINE, now=NOW)
    assert session.scalars(select(JobRun)).all() == []
    with pytest.raises(InvalidError):
        planning.schedule(session, campaign.id, at=NOW - timedelta(seconds=1), version=1, actor=MINE, now=NOW)
    planning.pause(session, campaign.id, actor=MINE, now=NOW)
    planning.resume(session, campaign.id, actor=MINE, now=NOW)
    planning.cancel(session, campaign.id, actor=MINE, now=NOW)
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.action for entry in entries] == [
        "schedule campaign",
        "schedule campaign",
        "pause campaign",
        "resume campaign",
        "cancel campaign",
    ]
    assert {entry.subject for entry in entries} == {"Welcome"}
    assert entries[-1].detail["before"] == "scheduled"


def test_what_was_looked_at_is_what_is_sent(session: Session) -> None:
    campaign = make(session)
    planning.save(session, campaign.id, {"holdout_percent": 5}, version=1)
    with pytest.raises(ConflictError):
        planning.schedule(session, campaign.id, at=None, version=1, actor=MINE, now=NOW)


def test_resuming_and_cancelling_what_has_begun_wakes_the_sending(session: Session) -> None:
    for action in (planning.resume, planning.cancel):
        campaign = make(session, action.__name__, state=State.PAUSED)
        begin(session, campaign)
        action(session, campaign.id, actor=MINE, now=NOW)
        run = session.scalars(select(JobRun)).one()
        session.execute(delete(JobRun).where(JobRun.id == run.id))
    assert find_campaign(session, "resume").state == State.SENDING
    assert find_campaign(session, "cancel").state == State.CANCELLED


@given(
    st.integers(0, 700 * 24 * 60).map(lambda minutes: NOW.replace(tzinfo=None) + timedelta(minutes=minutes)),
    st.sampled_from(["Asia/Shanghai", "Europe/Moscow", "America/Sao_Paulo", "America/New_York", "Australia/Lord_Howe"]),
)
def test_a_typed_moment_is_that_moment_in_its_zone_or_is_no_moment(local: datetime, zone: str) -> None:
    placed = local.replace(tzinfo=ZoneInfo(zone))
    exists = placed.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
    if not exists:
        with pytest.raises(InvalidError):
            moment_in(local.isoformat(" "), zone, NOW)
        return
    moment = moment_in(local.isoformat(" "), zone, NOW)
    assert moment.utcoffset() == timedelta(0)
    assert moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local


def test_clocks_put_forward_and_back() -> None:
    with pytest.raises(InvalidError, match="put forward"):
        moment_in("2027-03-14T02:30", "America/New_York", NOW)
    assert moment_in("2027-11-07T01:30", "America/New_York", NOW) == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)


# What is looked at before it is sent

READY: dict[str, Any] = {
    "sender_email": "a@example.com",
    "postal_address": "1 Road",
    "broken": {},
    "locales": 4,
    "provider_key": True,
    "reached": 1,
    "public_url": "https://growth.example.com",
    "demo": False,
}


@pytest.mark.parametrize(
    ("change", "key", "tone"),
    [
        ({}, None, "good"),
        ({"sender_email": ""}, "sender", "bad"),
        ({"postal_address": ""}, "address", "warn"),
        ({"broken": {"ru": PermanentError("It can't.")}}, "message", "bad"),
        ({"locales": 0}, "message", "bad"),
        ({"provider_key": False}, "provider", "bad"),
        ({"reached": 0}, "audience", "bad"),
        ({"public_url": "http://127.0.0.1:8000"}, "links", "bad"),
        ({"public_url": "http://[::1]:8000"}, "links", "bad"),
        ({"public_url": "http://localhost"}, "links", "bad"),
        ({"public_url": "http://0.0.0.0:8000"}, "links", "bad"),
        ({"public_url": "http://127.0.0.1:8000", "demo": True}, None, "good"),
    ],
)
def test_findings_and_their_remedies(change: dict[str, Any], key: str | None, tone: str) -> None:
    checks = judge(Facts(**(READY | change)))
    odd = [check for check in checks if check.tone != "good"]
    assert [(check.key, check.tone) for check in odd] == ([(key, tone)] if key else [])
    assert all(check.remedy for check in odd)


# From the command line


def test_the_command_line_plans_like_the_pages(
    database_url: str, engine: Engine, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTH_DATABASE_URL", database_url)
    settings.cache_clear()

    def told(*arguments: str) -> str:
        answer = CliRunner().invoke(app, ["campaign", *arguments], catch_exceptions=False)
        assert answer.exit_code == 0, answer.output
        return answer.output

    told("create", "Winter", "--message", "welcome_buyer", "--locale", "ru", "--country", "RU", "--hold-out", "10")
    found = orjson.loads(told("review", "Winter", "--json"))
    assert (found["reached"], found["name"]) == (0, "Winter")
    assert {one["check"]: one["state"] for one in found["checks"]}["audience"] == "bad"
    assert "Nobody would get it." in told("review", "Winter")
    with pytest.raises(UnreadyError, match="Nobody would get it"):
        told("schedule", "Winter", "--now")
    for wrong in ([], ["--now", "--at", "2026-11-25 10:00"]):
        assert CliRunner().invoke(app, ["campaign", "schedule", "Winter", *wrong]).exit_code == 2
    with transaction(engine) as session:
        campaign = find_campaign(session, "Winter")
        planning.schedule(session, campaign.id, at=None, version=2, actor=MINE, now=clock.now())
    assert told("pause", "Winter") == "“Winter” is paused.\n"
    shown = orjson.loads(told("show", str(campaign.id), "--json"))
    assert shown["state"] == "paused"
    assert shown["audience"] == narrowed(locales=["ru"], countries=["RU"])
    assert "Winter" in told("list", "--state", "paused")
    assert "白" not in told("preview", "Winter", "--locale", "ru")
    settings.cache_clear()
