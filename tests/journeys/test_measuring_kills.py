"""The jobs that count, watch and read, killed in the middle: done once by the next worker, and nothing twice."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, func, insert, select, text

from growth.clock import SystemClock
from growth.database.audit import AuditEntry
from growth.database.changed_days import mark_changed
from growth.database.engine import transaction
from growth.experiments.holdouts.records import Holdout
from growth.measurement.holdouts.planning import save
from growth.measurement.holdouts.wishes import checked
from growth.measurement.records import Anomaly, ChannelDay
from growth.spend.records import Cost, Price
from tests.campaigns.comparing import add_messages, run_of
from tests.campaigns.planned import make
from tests.journeys.faulty_sending import Workers
from tests.journeys.killing import do, killed_at, quick_workers
from tests.measurement.holdouts.filled import fill, workspace
from tests.measurement.holdouts.test_holdouts import GIVEN

DAY = timedelta(days=1)
MESSAGES = 1_500


@pytest.fixture
def team(database_url: str, tmp_path: Path) -> Iterator[Workers]:
    with quick_workers(database_url, tmp_path / "workers.log") as made:
        yield made


def number_of(engine: Engine, record: type, *where: object) -> int:
    with transaction(engine) as session:
        return session.scalar(select(func.count()).select_from(record).where(*where)) or 0  # type: ignore[arg-type]


@pytest.mark.journey
def test_the_cost_of_messages(engine: Engine, team: Workers) -> None:
    now = SystemClock().now()
    with transaction(engine) as session:
        run = run_of(session, make(session), due_at=now)
        add_messages(session, run, None, MESSAGES)
        session.execute(text("update delivery set accepted_at = :now"), {"now": now})
        session.merge(Price(kind="email", since=(now - 9 * DAY).date(), amount_minor=40, currency="USD"))
    killed_at(engine, team, "cost_messages", "cost")
    assert number_of(engine, Cost) == 0
    team.start()
    for _ in range(2):
        do(engine, "cost_messages")
        with transaction(engine) as session:
            (line,) = session.scalars(select(Cost))
            assert (line.source_key, line.amount_minor) == (str(run.campaign_id), 60)


@pytest.mark.journey
def test_what_left_its_usual_course(engine: Engine, team: Workers) -> None:
    today = SystemClock().now().date()
    with transaction(engine) as session:
        workspace(session)
        dice, rows = np.random.default_rng(3), []
        for back in range(65):
            row = {"day": today - back * DAY, "side": "buyer", "channel": "paid_search"}
            for country, fallen in (("BR", 0.3 if 1 <= back <= 2 else 1), ("RU", 1)):
                sums = {"touches": int(dice.poisson(900)), "acquired": int(dice.poisson(120 * fallen)) * 1_000_000}
                rows.append(row | sums | {"country": country, "cost_minor": 40_000 + int(dice.poisson(100)) * 20})
        session.execute(insert(ChannelDay), rows)
    killed_at(engine, team, "watch_channels", "anomaly")
    team.start()
    for _ in range(2):
        do(engine, "watch_channels")
        assert number_of(engine, Anomaly) == 1


@pytest.mark.journey
def test_a_hold_out_begins_once_and_is_read_once(engine: Engine, team: Workers) -> None:
    now = SystemClock().now()
    planned_on = now - 40 * DAY
    first = planned_on.date()
    with transaction(engine) as session:
        workspace(session)
        fill(session, first - 182 * DAY, 182)
        found = save(session, checked(GIVEN | {"starts_on": first.isoformat()}, first), actor="me", now=planned_on)
        fill(session, first, 38, seed=2, effect=0.25, off=list(found.regions))
        mark_changed(session, [(found.ends_on, "buyer")])
    begun, read = AuditEntry.action == "began hold-out", AuditEntry.action == "read hold-out"
    killed_at(engine, team, "read_holdouts", "audit_log")
    assert number_of(engine, Holdout, Holdout.state == "planned") == 1
    at_work = team.start()
    do(engine, "read_holdouts")
    assert number_of(engine, Holdout, Holdout.state == "running") == 1  # its last day isn't counted yet
    team.kill(at_work)
    with transaction(engine) as session:
        session.execute(text("delete from channel_day_due"))
    killed_at(engine, team, "read_holdouts", "audit_log")
    assert number_of(engine, Holdout, Holdout.state == "running", Holdout.ended_at.is_(None)) == 1
    team.start()
    for _ in range(2):
        do(engine, "read_holdouts")
        assert (number_of(engine, AuditEntry, begun), number_of(engine, AuditEntry, read)) == (1, 1)
    with transaction(engine) as session:
        result = session.scalars(select(Holdout)).one().result or {}
    assert result["share_low"] < 0.25 < result["share_high"]
