"""`growth campaigns …`: what the pages do, from the terminal."""

from collections.abc import Callable, Iterator

import orjson
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from growth.campaigns.reading import find_campaign
from growth.campaigns.records import Campaign
from growth.campaigns.sending.rules import rules
from growth.cli import app
from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.errors import GrowthError
from growth.settings import settings
from tests.campaigns.sending import add_people
from tests.web.serving import found

Growth = Callable[..., str]


@pytest.fixture
def growth(engine: Engine, database_url: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Growth]:
    """`growth("list")` gives what `growth campaigns list` prints."""
    for name, value in {
        "GROWTH_DATABASE_URL": database_url,
        "GROWTH_SENDGRID_API_KEY": "SG.tests",
        "GROWTH_BASE_URL": "https://growth.example",
    }.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    found(engine, clock.now())
    with transaction(engine) as session:
        add_people(session, 3, clock.now())

    def run(*words: str) -> str:
        answer = CliRunner().invoke(app, ["campaigns", *words], catch_exceptions=False)
        assert answer.exit_code == 0, answer.output
        return answer.output

    yield run
    monkeypatch.undo()
    settings.cache_clear()


def stored(engine: Engine) -> Campaign:
    with transaction(engine) as session:
        return find_campaign(session, "Winter")


def test_from_a_draft_to_its_end(growth: Growth, engine: Engine) -> None:
    growth("new", "Winter", "--message", "welcome_buyer")
    assert orjson.loads(growth("review", "Winter", "--json"))["reached"] == 3
    growth("audience", "Winter", "--country", "us", "--hold-out", "10")
    growth("message", "Winter", "welcome_buyer")
    growth("schedule", "Winter", "--every", "week", "--day", "mon", "--time", "9:00", "--local-hour", "10")
    campaign = stored(engine)
    assert (campaign.kind, campaign.state) == ("recurring", "scheduled")
    assert campaign.recurrence == {"every": "week", "day": "mon", "at": "09:00", "zone": "Asia/Shanghai", "until": None}
    before = campaign.scheduled_at
    growth("skip", "Winter")
    after = stored(engine).scheduled_at
    assert before is not None
    assert after is not None
    assert (after - before).days == 7
    growth("take-back", "Winter")
    growth("schedule", "Winter", "--on", "custom:basket", "--delay", "240", "--again-after", "3")
    assert stored(engine).trigger == {"event": "custom", "name": "basket", "delay_minutes": 240, "again_after_days": 3}
    growth("speed", "Winter", "500")
    growth("pause", "Winter")
    growth("resume", "Winter")
    growth("cancel", "Winter")
    growth("archive", "Winter")
    assert orjson.loads(growth("list", "--json")) == []
    shown = orjson.loads(growth("list", "--archived", "--json"))
    assert [(one["name"], one["state"], one["per_hour"]) for one in shown] == [("Winter", "cancelled", 500)]
    assert "Winter (2)" in growth("duplicate", "Winter")


def test_a_large_one_is_approved_by_an_account(growth: Growth, engine: Engine) -> None:
    with transaction(engine) as session:
        rules(session).approval_from = 1
    growth("new", "Winter", "--message", "welcome_buyer")
    assert "waits for somebody else's approval" in growth("send", "Winter")
    with pytest.raises(GrowthError):
        growth("approve", "Winter", "--by", "nobody@example.com")
    refused = CliRunner().invoke(app, ["campaigns", "approve", "Winter", "--by", "rep@example.com"])
    assert refused.exit_code == 2
    growth("send-back", "Winter", "Not on a Monday.", "--by", "manager@example.com")
    assert orjson.loads(growth("show", "Winter", "--json"))["sent_back"]["note"] == "Not on a Monday."
    growth("send", "Winter")
    growth("approve", "Winter", "--by", "manager@example.com")
    assert stored(engine).state == "scheduled"


def test_what_is_wrong_is_said(growth: Growth) -> None:
    growth("new", "Winter", "--message", "welcome_buyer")
    for wrong in (["schedule", "Winter"], ["schedule", "Winter", "--now", "--every", "day"]):
        assert CliRunner().invoke(app, ["campaigns", *wrong]).exit_code == 2
    for wrong in (
        ["schedule", "Winter", "--every", "year"],
        ["schedule", "Winter", "--on", "nothing"],
        ["message", "Winter", "gone"],
        ["audience", "Winter", "--country", "atlantis"],
        ["speed", "Winter", "fast"],
        ["rest", "Winter", "--subject", "en=Another"],
        ["skip", "Winter"],
        ["show", "Summer"],
    ):
        with pytest.raises(GrowthError):
            growth(*wrong)
