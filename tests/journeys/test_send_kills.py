"""A send of 5,000 whose worker is killed ten times: every recipient has the message exactly once."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from growth.campaigns.email import feedback
from growth.campaigns.records import Campaign, Delivery
from growth.clock import SystemClock
from growth.database.engine import transaction
from growth.events.ingest import NewEvent, ingest
from growth.ids import event_id
from growth.scheduling.firing import fire
from growth.scheduling.records import JobChunk, JobRun
from tests.campaigns.sending import add_campaign, add_people, set_up
from tests.sandbox.running import Running, leading_to, sandbox

ROOT = Path(__file__).parents[2]
PEOPLE = 5_000
KILLS = 10
SEED = 20_261_124


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[Running]:
    """The pretend SendGrid, and settings for this process and the workers that lead to it."""
    short = {
        "GROWTH_SENDGRID_TIMEOUT_SECONDS": "4",
        "GROWTH_DOUBT_SECONDS": "8",
        "GROWTH_HEARTBEAT_SECONDS": "0.3",
        "GROWTH_WORKER_THREADS": "1",
    }
    with sandbox(tmp_path) as running, leading_to(running, **short):
        yield running


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start a real worker that knows the product's jobs; killed at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.scheduling.processes", "worker", "jobs"]
        with (tmp_path / "worker.log").open("ab") as log:
            environment = os.environ | {"GROWTH_DATABASE_URL": database_url}
            started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()
    sys.stdout.write((tmp_path / "worker.log").read_text())


class Minutes(threading.Thread):
    """What the schedulers and the event webhook do meanwhile, with minutes that are half a second long."""

    def __init__(self, engine: Engine, mail: Running) -> None:
        super().__init__(daemon=True)
        self._engine = engine
        self._mail = mail
        self._told = 0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.5):
            now = SystemClock().now()
            with transaction(self._engine) as session:
                for job in ("send_campaigns", "reconcile_deliveries"):
                    fire(session, job, due_at=now, fired_by="schedule")
            self._tell()

    def _tell(self) -> None:
        """Report every second message delivered: one trace of a batch has to be enough."""
        now = SystemClock().now()
        messages = list(self._mail.mailbox.messages(self._told))
        events = [
            NewEvent(
                occurred_at=now,
                event_id=event_id("test", message.custom_args["delivery"]),
                kind="email_delivered",
                source="sendgrid",
                side="buyer",
                delivery_id=int(message.custom_args["delivery"]),
                properties={"batch": message.custom_args["batch"]},
            )
            for message in messages
            if message.number % 2
        ]
        with transaction(self._engine) as session:
            feedback.apply(session, ingest(session, events, now).accepted, now)
        self._told += len(messages)


def attempts(engine: Engine) -> int:
    """How often something of the campaign was taken up."""
    with transaction(engine) as session:
        runs = session.scalar(select(func.sum(JobRun.attempt)).where(JobRun.job == "send_campaign")) or 0
        return int(runs) + int(session.scalar(select(func.sum(JobChunk.attempt))) or 0)


def sent(engine: Engine) -> bool:
    """Whether every campaign is."""
    with transaction(engine) as session:
        return set(session.scalars(select(Campaign.state))) <= {"sent"}


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, "it never happened"
        time.sleep(0.02)


@pytest.mark.journey
def test_ten_kills_and_everybody_has_it_once(
    engine: Engine, mail: Running, start: Callable[[], subprocess.Popen[bytes]]
) -> None:
    dice = random.Random(SEED)
    with transaction(engine) as session:
        now = SystemClock().now()
        set_up(session, now)
        for locale in ("en", "ru", "pt_BR", "zh_CN"):
            add_people(session, PEOPLE // 4, now, locale=locale, prefix=locale.lower())
    minutes = Minutes(engine, mail)
    minutes.start()
    campaigns = 0
    for _ in range(KILLS):
        if sent(engine):  # the machine is fast: there is more to send
            campaigns += 1
            with transaction(engine) as session:
                add_campaign(session, SystemClock().now())
        before = attempts(engine)
        worker = start()
        until(lambda: attempts(engine) > before or sent(engine))  # noqa: B023 - used at once
        time.sleep(dice.uniform(0, 0.4))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    start()
    until(lambda: sent(engine))
    minutes.over.set()
    minutes.join()
    got = Counter(message.recipient for message in mail.mailbox.messages())
    assert len(got) == PEOPLE
    assert set(got.values()) == {campaigns}
    with transaction(engine) as session:
        assert set(session.scalars(select(Delivery.state).distinct())) <= {"accepted", "delivered"}
