"""A geo hold-out is planned, played through the front doors, and read: its interval holds what is true."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.events.collecting import collector_key
from growth.experiments.holdouts.records import Holdout
from growth.measurement.holdouts.planning import save
from growth.measurement.holdouts.running import LATE_DAYS, begin_due, look_at_next, named
from growth.measurement.holdouts.wishes import Wanted
from growth.running.front import front_doors
from growth.sandbox import stage
from growth.sandbox.market.played import Played
from growth.sandbox.playing import Play
from growth.sandbox.product import Product
from growth.settings import settings

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


def plan(engine: Engine) -> Holdout:
    wanted = Wanted(
        name=REST,
        kind="regions",
        side="buyer",
        channel="parent_referral",
        outcome="acquired",
        starts_on=BEGINS.date(),
        weeks=4,
        percent=40,
    )
    with transaction(engine) as session:
        return save(session, wanted, actor="test", now=BEGINS)


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
    rested = stage.with_holdouts(engine, replace(MARKET, until=ends))
    play(engine, home, rested, since=BEGINS)
    for step in (begin_due, look_at_next):
        with transaction(engine) as session:
            step(session, ends, None, 100)
    with transaction(engine) as session:
        read = named(session, REST)
        result, regions = read.result, set(read.regions)
    assert result is not None
    counted = planned.starts_on + timedelta(days=planned.settle_days), planned.ends_on
    came = registered(rested, regions, *counted)
    assert result["came"] == came
    true = registered(replace(MARKET, until=ends), regions, *counted) - came
    assert true > 0
    assert result["low"] <= true <= result["high"]
