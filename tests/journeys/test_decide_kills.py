"""The job that decides experiments, killed between its steps: decided once, and the rest gets the winner once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, text

from growth.campaigns.experiments.declaring import save_experiment
from growth.campaigns.experiments.fields import checked_experiment
from growth.campaigns.experiments.records import CampaignEffect
from growth.campaigns.reading import states_of
from growth.campaigns.records import Campaign, Delivery
from growth.clock import SystemClock
from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.experiments.records import Experiment
from growth.scheduling.firing import fire
from tests.campaigns.comparing import TWO
from tests.campaigns.sending import add_campaign, add_people, set_up
from tests.journeys.faulty_sending import Workers, until
from tests.sandbox.running import Running

PEOPLE = 400


def versions_out(engine: Engine, team: Workers) -> None:
    """A campaign whose two versions went out four days ago, B the better one; the rest waits for the winner."""
    now = SystemClock().now()
    with transaction(engine) as session:
        set_up(session, now)
        add_people(session, PEOPLE, now)
        campaign = add_campaign(session, now, holdout_percent=10)
        campaign.state = "draft"
        declared = checked_experiment(session, campaign, TWO | {"test_percent": 60})
        save_experiment(session, campaign.id, declared, version=campaign.version, now=now)
        campaign.state = "scheduled"
    fired(engine, "send_campaigns")
    at_work = team.start()
    until(lambda: states(engine, tested=True) == {"accepted"})
    team.kill(at_work)
    with transaction(engine) as session:
        before = now - timedelta(days=4)
        session.execute(text("update campaign_run set due_at = :before, selected_at = :before"), {"before": before})
        session.execute(
            text("""
                update delivery set accepted_at = :before,
                    clicked_at = case when arm = 'B' or id % 20 = 0 then cast(:before as timestamptz) end
                where arm is not null
            """),
            {"before": before},
        )


def fired(engine: Engine, job: str) -> None:
    with transaction(engine) as session:
        fire(session, job, due_at=SystemClock().now(), fired_by="schedule")


def states(engine: Engine, *, tested: bool) -> set[str]:
    with transaction(engine) as session:
        which = Delivery.arm.is_not(None) if tested else Delivery.id > 0
        return set(states_of(session, session.scalars(select(Delivery).where(which)).all()).values())


@contextmanager
def standing_in_the_way(engine: Engine, table: str) -> Iterator[None]:
    """Nobody writes into a table meanwhile; yields once somebody wants to."""
    with engine.connect() as connection:
        connection.execute(text(f"lock table {table} in exclusive mode"))
        waits = text("select count(*) from pg_locks where not granted and relation = cast(:table as regclass)")
        fired(engine, "decide_experiments")
        until(lambda: connection.scalar(waits, {"table": table}))
        yield
        connection.rollback()


@pytest.mark.journey
def test_killed_between_its_steps(engine: Engine, mail: Running, team: Workers) -> None:
    versions_out(engine, team)
    # While it writes the decision down, while it gives those who waited the winner, while it counts what was caused.
    for table, decided in (("audit_log", False), ("delivery", True), ("campaign_effect", True)):
        at_work = team.start()
        with standing_in_the_way(engine, table):
            with transaction(engine) as session:
                one = session.scalars(select(Experiment)).one()
                assert (one.state == "decided", one.winner) == (decided, "B" if decided else None)
            team.kill(at_work)
    first = decided_at(engine)
    team.start()

    def gone_out() -> bool:
        for job in ("decide_experiments", "send_campaigns"):
            fired(engine, job)
        return states(engine, tested=False) == {"accepted"} and counted(engine)

    until(gone_out)
    received = Counter(int(message.custom_args["delivery"]) for message in mail.mailbox.messages(0))
    with transaction(engine) as session:
        deliveries = dict(session.execute(select(Delivery.id, Delivery.arm)).all())
        assert received == dict.fromkeys(deliveries, 1)
        rest = len(deliveries) - sum(arm == "A" for arm in deliveries.values())
        assert set(deliveries.values()) == {"A", "B"}
        assert rest > PEOPLE // 2  # those who waited have B, whose subject the mailbox shows
        subjects = Counter(message.subject for message in mail.mailbox.messages(0))
        assert subjects["New bags"] == rest
        written = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "decided experiment")
        assert session.scalar(written) == 1
        assert session.scalars(select(CampaignEffect)).one().mailed == len(deliveries)
        assert session.scalar(select(Campaign.state)) == "sent"
    assert decided_at(engine) == first


def counted(engine: Engine) -> bool:
    with transaction(engine) as session:
        return session.scalar(select(Campaign.state)) == "sent" and bool(session.scalars(select(CampaignEffect)).all())


def decided_at(engine: Engine) -> datetime | None:
    with transaction(engine) as session:
        return session.scalar(select(Experiment.decided_at))
