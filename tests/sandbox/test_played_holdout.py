"""A geo hold-out is planned, played through the front doors, and read: its interval holds what is true."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.events.collecting import collector_key
from growth.experiments.holdouts.records import Holdout
from growth.measurement.holdouts.running import LATE_DAYS, named
from growth.people.sign_in import open_session
from growth.people.staff import account_by_email
from growth.running.front import front_doors
from growth.sandbox import stage
from growth.sandbox.market.played import Played
from growth.sandbox.playing import Play
from growth.sandbox.product import Product
from growth.settings import settings
from growth.web.access import session_cookie
from growth.web.formats import percent_text
from growth.web.people_words import country_name
from tests.campaigns.sending import Worker

BEGINS = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
MARKET = Played("holdout", first=date(2026, 2, 16), until=BEGINS, people=140)
REST = "Parent site rests"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    os.environ.pop("GROWTH_SENDGRID_WEBHOOK_KEY", None)
    settings.cache_clear()


def play(engine: Engine, home: Path, market: Played, since: datetime | None = None) -> None:
    key, clock = stage.open_hook(home), FixedClock(market.until)
    with front_doors(engine, clock) as url:
        Play(engine, Product(url, collector_key()), clock, key, market, since).run()
    stage.settle(engine, market, market.until)


@contextmanager
def pages(engine: Engine, now: datetime) -> Iterator[httpx.Client]:
    """The product's pages at that moment, as a manager sees them."""
    with transaction(engine) as session:
        token = open_session(session, account_by_email(session, "manager@example.com").id, now)
    cookies = {session_cookie(): token}
    with front_doors(engine, FixedClock(now)) as url, httpx.Client(base_url=url, cookies=cookies, timeout=60) as client:
        yield client


def plan(engine: Engine) -> Holdout:
    """Looked at first, then kept, as a manager does it."""
    form = {
        "name": REST, "kind": "regions", "channel": "buyer.parent_referral", "outcome": "acquired",
        "starts_on": BEGINS.date().isoformat(), "weeks": "4", "percent": "40", "settle_days": "7",
    }  # fmt: skip
    with pages(engine, BEGINS) as client:
        shown = client.post("/experiments", data=form | {"then": "show"})
        assert shown.status_code == 200, shown.text
        kept = client.post("/experiments", data=form)
        assert kept.status_code == 303, kept.text
        page = client.get(kept.headers["location"]).text
    with transaction(engine) as session:
        planned = named(session, REST)
    assert planned.regions
    for seen in (shown.text, page):
        assert all(country_name(one, "en") in seen for one in planned.regions)
    return planned


def registered(market: Played, regions: set[str], first: date, last: date) -> int:
    """In the workspace's days, which are Shanghai's."""
    begins, ends = (
        datetime.combine(day, time(), UTC) - timedelta(hours=8) for day in (first, last + timedelta(days=1))
    )
    lives = (life for life in market.lives() if life.shopper.nation.country in regions)
    return sum(life.registered is not None and begins <= life.registered < ends for life in lives)


def test_planned_played_and_read(engine: Engine, home: Path) -> None:
    stage.prepare(engine, BEGINS)
    play(engine, home, MARKET)
    planned = plan(engine)
    ends = datetime.combine(planned.ends_on + timedelta(days=LATE_DAYS + 2), time(), UTC)
    Worker(engine, FixedClock(BEGINS)).tick("read_holdouts")
    rested = stage.with_holdouts(engine, replace(MARKET, until=ends))
    play(engine, home, rested, since=BEGINS)
    Worker(engine, FixedClock(ends)).tick("read_holdouts")
    with transaction(engine) as session:
        read = named(session, REST)
        result, regions = read.result, set(read.regions)
    assert (planned.state, read.state) == ("planned", "read")
    assert result is not None
    counted = planned.starts_on + timedelta(days=planned.settle_days), planned.ends_on
    came = registered(rested, regions, *counted)
    assert result["came"] == came
    true = registered(replace(MARKET, until=ends), regions, *counted) - came
    assert true > 0
    assert result["low"] <= true <= result["high"]
    with pages(engine, ends) as client:
        told = client.get(f"/experiments/{read.id}").text
        assert percent_text(result["share"], "en", 1) in told
        assert REST in client.get("/experiments").text
