"""The weekly report, its worker killed at every point: each manager gets one letter, and none is left out."""

import random
import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, text

from growth.campaigns.letters import feedback
from growth.campaigns.letters.feedback import Told
from growth.campaigns.letters.records import Letter
from growth.clock import SystemClock
from growth.database.changed_days import zone_of
from growth.database.engine import transaction
from growth.measurement.reports.records import ReportSnapshot
from growth.measurement.reports.weeks import last_week
from growth.people.accounts import Role
from growth.people.passwords import no_password
from growth.people.staff import new_account
from growth.scheduling.firing import fire
from growth.scheduling.records import JobRun
from tests.campaigns.sending import set_up
from tests.journeys.faulty_sending import Workers, until
from tests.measurement.reports.filled import fill
from tests.sandbox.running import Running

MANAGERS = 25
"""More than one step of the job."""
_WAITING = text("select count(*) from pg_locks where not granted and relation = cast(:table as regclass)")
_IN_THE_WAY = ("report_snapshot", "letter")


@pytest.mark.journey
def test_killed_while_it_is_made_posted_and_sent(engine: Engine, mail: Running, team: Workers) -> None:
    begin(engine)
    for table in _IN_THE_WAY:
        with engine.connect() as connection:
            connection.execute(text(f"lock table {table} in exclusive mode"))
            at_work = team.start()
            until(lambda table=table: connection.scalar(_WAITING, {"table": table}))  # type: ignore[misc]  # used at once
            team.kill(at_work)
            connection.rollback()
        assert len(mail.mailbox) == 0
    dice = random.Random(7)
    for _ in range(3):
        at_work, before = team.start(), len(mail.mailbox)
        until(lambda before=before: len(mail.mailbox) > before)  # type: ignore[misc]  # used at once
        time.sleep(dice.uniform(0, 0.2))
        team.kill(at_work)
    team.start()
    until(lambda: settled(engine, mail))
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(ReportSnapshot)) == 2
        letters = session.scalars(select(Letter.id)).all()
    assert len(letters) == MANAGERS
    assert Counter(message.recipient for message in mail.mailbox.messages()) == dict.fromkeys(
        [f"m{number}@example.com" for number in range(MANAGERS)], 1
    )


def begin(engine: Engine) -> None:
    """Managers, figures of the last week, and the job fired twice, as by the schedule and by hand."""
    now = SystemClock().now()
    with transaction(engine) as session:
        set_up(session, now)
        for number in range(MANAGERS):
            made = new_account(
                session, email=f"m{number}@example.com", name=f"Manager {number}", roles=[Role.MANAGER],
                password_hash=no_password(), now=now,
            )  # fmt: skip
            made.locale = ("en", "ru", "pt_BR", "zh_CN")[number % 4]
        fill(session, now, last_week(now, zone_of(session)))
        fire(session, "weekly_report", due_at=now, fired_by="schedule")
        fire(session, "weekly_report", due_at=now + timedelta(microseconds=1), fired_by="person:ana@example.com")


def settled(engine: Engine, mail: Running) -> bool:
    """Whether both runs are over and every letter is known to have arrived; the provider tells which did."""
    now = SystemClock().now()
    told = [Told(int(message.custom_args["letter"]), "delivered") for message in mail.mailbox.messages()]
    with transaction(engine) as session:
        feedback.apply(session, told, now)
        fire(session, "send_letters", due_at=now, fired_by="schedule")
        runs = session.scalars(select(JobRun.state).where(JobRun.job == "weekly_report")).all()
        states = Counter(session.scalars(select(Letter.state)))
    return runs == ["succeeded", "succeeded"] and states == {"delivered": MANAGERS}
