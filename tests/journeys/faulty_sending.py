"""A send through a provider that fails at random, by workers that are killed at random, and what must hold of it."""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self
from uuid import uuid4

from sqlalchemy import Engine, exists, func, or_, select
from sqlalchemy.exc import DBAPIError

from growth.campaigns.email import feedback
from growth.campaigns.records import Campaign, CampaignRun, Delivery, DeliveryBatch
from growth.clock import SystemClock
from growth.database.engine import transaction
from growth.events.ingest import NewEvent, ingest
from growth.ids import event_id
from growth.sandbox.faults import PASSING
from growth.scheduling.firing import fire
from tests.campaigns.sending import add_campaign, add_people, set_up
from tests.sandbox.running import Running

ROOT = Path(__file__).parents[2]
SHORT = {
    "GROWTH_SENDGRID_TIMEOUT_SECONDS": "2",
    "GROWTH_SENDGRID_RECIPIENTS": "100",
    "GROWTH_DOUBT_SECONDS": "6",
    "GROWTH_HEARTBEAT_SECONDS": "0.3",
    "GROWTH_WORKER_THREADS": "2",
}
"""Settings under which what takes minutes takes seconds."""
_NAMES = {"en": "Mary O'Neil", "ru": "Анна Иванова", "pt_BR": "João da Silva", "zh_CN": "李伟"}
_LATE = (2.0, 4.0)
"""Seconds by which half of the reports come later, well within the time that a batch stays in doubt."""
_SILENCE = range(10, 20)
"""Seconds during which the webhook is down: longer than a batch stays in doubt."""
_AT_ONCE = 2_000


@dataclass(frozen=True)
class Outcome:
    """How a send went."""

    planned: int
    """Recipients, over all campaigns that were needed until every kill was done."""
    once: int
    """Those with exactly one message in the mailbox."""
    messages: int
    batches: Counter[str]
    seconds: float


class Workers:
    """Real worker processes that know the product's jobs."""

    def __init__(self, database_url: str, log: Path) -> None:
        self._environment = os.environ | {"GROWTH_DATABASE_URL": database_url}
        self._log = log
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        """One more."""
        command = [sys.executable, "-m", "tests.scheduling.processes", "worker", "jobs"]
        with self._log.open("ab") as log:
            self._started.append(subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=log, stderr=log))
        return self._started[-1]

    def kill(self, one: subprocess.Popen[bytes]) -> None:
        """With no time to say anything."""
        one.kill()
        one.wait()
        self._started.remove(one)

    def end(self) -> None:
        """Kill all."""
        for one in list(self._started):
            self.kill(one)


@contextmanager
def workers(database_url: str, log: Path, *, tell: bool = True) -> Iterator[Workers]:
    """Killed at the end, and what they had to say shown with a test that fails."""
    made = Workers(database_url, log)
    try:
        yield made
    finally:
        made.end()
        if tell and log.exists():
            sys.stdout.write(log.read_text())


@dataclass(frozen=True)
class Received:
    """A message that is in the mailbox."""

    number: int
    delivery: int
    batch: str
    at: datetime


class Mailbox:
    """The mailbox beside the table of deliveries."""

    def __init__(self, engine: Engine, mail: Running) -> None:
        self._engine, self._mail = engine, mail
        self._lock = threading.Lock()
        self.messages: list[Received] = []
        self.received: Counter[int] = Counter()
        """How often each delivery is in the mailbox."""

    def look(self) -> None:
        """Take in what came since."""
        with self._lock:
            for message in self._mail.mailbox.messages(len(self.messages)):
                delivery, batch = int(message.custom_args["delivery"]), message.custom_args["batch"]
                self.messages.append(Received(message.number, delivery, batch, message.accepted_at))
                self.received[delivery] += 1

    def check(self) -> None:
        """Nobody has two; what is in the mailbox is never open to be sent again; what counts as accepted is in it."""
        self.look()
        taken = set(self.received)
        assert not taken & self._in_state("planned", "refused", "cancelled"), "what was taken is to be sent again"
        accepted = self._answered_for()
        self.look()
        assert accepted <= set(self.received), "what was never taken counts as accepted"
        assert set(self.received.values()) <= {1}

    def _answered_for(self) -> set[int]:
        """Those that count as sent: their batch was answered for, too."""
        answered = select(DeliveryBatch.id).where(DeliveryBatch.state == "accepted")
        with transaction(self._engine) as session:
            found = select(Delivery.id).where(Delivery.state.in_(("accepted", "delivered")))
            return set(session.scalars(found.where(Delivery.batch_id.in_(answered))))

    def _in_state(self, *states: str) -> set[int]:
        with transaction(self._engine) as session:
            return set(session.scalars(select(Delivery.id).where(Delivery.state.in_(states))))


class Minutes(threading.Thread):
    """What the schedulers and the event webhook do meanwhile, with minutes that are half a second long.

    The webhook tells of every second message, since one trace of a batch has to be enough; of half the batches
    several seconds late; and for a while of nothing, then of all that it has kept.
    """

    def __init__(self, engine: Engine, mailbox: Mailbox, *, stranger: int, silence: range = _SILENCE) -> None:
        super().__init__(daemon=True)
        self._engine, self._mailbox, self._stranger, self._silence = engine, mailbox, stranger, silence
        self._dice = random.Random(stranger)
        self._late: dict[str, float] = {}
        self._waiting: list[tuple[float, int, NewEvent]] = []
        self._read = 0
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        began = time.monotonic()
        while not self._over.wait(0.5):
            try:
                self._fire()
                self._keep()
                if int(time.monotonic() - began) not in self._silence:
                    self._tell()
            except DBAPIError:  # a test restarts the database
                continue

    def _fire(self) -> None:
        now = SystemClock().now()
        with transaction(self._engine) as session:
            for job in ("send_campaigns", "reconcile_deliveries"):
                fire(session, job, due_at=now, fired_by="schedule")

    def _keep(self) -> None:
        """Keep the new messages of the mailbox until their reports are due."""
        self._mailbox.look()
        new = self._mailbox.messages[self._read :]
        with transaction(self._engine) as session:
            found = select(Delivery.id, Delivery.person_id).where(
                Delivery.id == func.any([one.delivery for one in new])
            )
            people = {row.id: row.person_id for row in session.execute(found)}
        self._read += len(new)
        for one in new:
            if one.batch not in self._late:
                self._late[one.batch] = time.monotonic() + (self._dice.random() < 0.5) * self._dice.uniform(*_LATE)
            if one.number % 2:
                told = _event(str(one.delivery), "email_delivered", one.at, people[one.delivery])
                told.delivery_id, told.properties = one.delivery, {"batch": one.batch}
                self._waiting.append((self._late[one.batch], one.number, told))

    def _tell(self) -> None:
        """Report what is due, and something of another sender, so that what leaves no trace counts as lost."""
        due, now = time.monotonic(), SystemClock().now()
        told = [waiting[2] for waiting in sorted(self._waiting) if waiting[0] <= due]
        told.append(_event(uuid4().hex, "email_sent", now, self._stranger))
        for first in range(0, len(told), _AT_ONCE):
            with transaction(self._engine) as session:
                feedback.apply(session, ingest(session, told[first : first + _AT_ONCE], now).accepted, now)
        # Only now, since the provider tells again what was answered with an error.
        self._waiting = [waiting for waiting in self._waiting if waiting[0] > due]


def _event(key: str, kind: str, at: datetime, person: int) -> NewEvent:
    return NewEvent(
        occurred_at=at, event_id=event_id("test", key), kind=kind, source="sendgrid", side="buyer", person_id=person
    )


def people_of(engine: Engine, number: int) -> int:
    """An installation with so many people in four languages; gives a stranger, whose mail others send."""
    now = SystemClock().now()
    with transaction(engine) as session:
        set_up(session, now)
        for locale, name in _NAMES.items():
            add_people(session, number // len(_NAMES), now, locale=locale, name=name, prefix=locale.lower())
        return add_people(session, 1, now, granted=None, prefix="stranger")[0]


def begin(engine: Engine) -> None:
    """A campaign to everybody, due now."""
    with transaction(engine) as session:
        add_campaign(session, SystemClock().now())


def sent(engine: Engine) -> bool:
    """Whether every campaign is."""
    with transaction(engine) as session:
        return set(session.scalars(select(Campaign.state))) <= {"sent"}


def all_claimed(engine: Engine) -> bool:
    """Whether nothing waits to be claimed, though some may still be in doubt."""
    begun = exists().where(Campaign.state == "scheduled")
    chosen = exists().where(CampaignRun.state == "selecting")
    planned = exists().where(Delivery.state == "planned")
    with transaction(engine) as session:
        return not session.scalar(select(or_(begun, chosen, planned)))


def claims(engine: Engine) -> int:
    """How many batches were claimed so far."""
    with transaction(engine) as session:
        return session.scalar(select(func.count()).select_from(DeliveryBatch)) or 0


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait for it, up to so long."""
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, "it never happened"
        time.sleep(0.1)


def send_through_faults(
    engine: Engine, mail: Running, team: Workers, *, people: int, kills: int, share: float, seed: int
) -> Outcome:
    """Send to so many while this share of the requests goes wrong, and one of two workers is killed again and again.

    Where the machine is faster than the kills, another campaign to the same people follows. Raises AssertionError as
    soon as the mailbox and the table contradict each other.
    """
    dice, mailbox = random.Random(seed), Mailbox(engine, mail)
    stranger = people_of(engine, people)
    mail.faults.at_random(share, seed, PASSING)
    mail.faults.drip_seconds = 0.2
    began = time.monotonic()
    with Minutes(engine, mailbox, stranger=stranger):
        begin(engine)
        at_work = [team.start(), team.start()]
        for _ in range(kills):
            if all_claimed(engine):
                begin(engine)
            before = claims(engine)
            until(lambda before=before: claims(engine) > before or all_claimed(engine))  # type: ignore[misc]  # used at once
            time.sleep(dice.uniform(0, 0.5))
            team.kill(at_work.pop(dice.randrange(2)))
            mailbox.check()
            at_work.append(team.start())
        until(lambda: sent(engine), 600)
    seconds = time.monotonic() - began
    mailbox.check()
    return _outcome(engine, mailbox, seconds)


def _outcome(engine: Engine, mailbox: Mailbox, seconds: float) -> Outcome:
    with transaction(engine) as session:
        planned = set(session.scalars(select(Delivery.id)))
        batches = Counter(session.scalars(select(DeliveryBatch.state)))
    once = sum(mailbox.received[delivery] == 1 for delivery in planned)
    return Outcome(len(planned), once, mailbox.received.total(), batches, seconds)
