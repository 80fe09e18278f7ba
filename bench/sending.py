"""Sending to 100,000 through SendGrid's own client with claims and ledger, beside the same bytes pushed by bare HTTP.

The pretend SendGrid runs on the same cores as the worker and the database; both sides pay for it alike.
"""

import asyncio
import http.client
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import orjson
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from bench import Figure
from growth.campaigns.audiences.conditions import narrowed
from growth.campaigns.choosing.addressing import Addressee
from growth.campaigns.email.catalogue import ensure_version
from growth.campaigns.email.claim import Claimed
from growth.campaigns.email.send import Letter, request_of
from growth.campaigns.messages.words import words_for
from growth.campaigns.records import Campaign, CampaignRun, Delivery
from growth.campaigns.sending.records import SendingRules
from growth.clock import SystemClock
from growth.database.embedded import borrowed
from growth.database.engine import make_engine, transaction
from growth.database.migrate import migrate
from growth.database.workspace import Workspace
from growth.keyring import keyring
from growth.people.consent import MARKETING
from growth.scheduling.firing import fire
from growth.settings import settings

FEW, MANY, MOST = 10_000, 100_000, 1_000_000
THREADS = 3
_MESSAGE = "welcome_buyer"
_COUNTRIES = {FEW: "SG", MANY: "MY", MOST: "ID"}
_AT_ONCE = 50_000
_NAMES = ("Анна Иванова", "João da Silva", "李伟", "Mary O'Neil", "Екатерина Кузнецова", "Ana Souza")
_LONGEST = 600


def run() -> list[Figure]:
    """One worker process with three threads, as it ships, on the embedded PostgreSQL with the settings it ships."""
    with TemporaryDirectory() as folder, _installation(Path(folder)) as (engine, port):
        few, many = _sent(engine, FEW), _sent(engine, MANY)
        with transaction(engine) as session:
            bodies = list(_bodies(session))
        pushed = _pushed(port, bodies)
        most = _sent(engine, MOST)
    rate, bare = MANY / many.sending, MANY / pushed
    size = sum(map(len, bodies)) / len(bodies)
    note = f"chosen in {many.choosing:.1f} s before; requests of {size / 1e6:.2f} MB; sandbox on the same cores"
    name = f"messages handed over, of {MANY:,}"
    return [
        Figure(name, rate, "/s", "bare HTTP, same bytes", bare, 0.5, more_is_better=True, note=note),
        Figure("cost of a recipient, all in", many.each, "ms", f"of {FEW:,}", few.each, 1.25),
        Figure(f"cost of a recipient of {MOST:,}", most.each, "ms", f"of {FEW:,}", few.each, 1.25),
        Figure(f"memory of the worker, sending {MOST:,}", most.megabytes, "MB", "limit", 250),
    ]


class Sent:
    """How a campaign went: seconds of choosing and of sending, and the most memory its worker had."""

    def __init__(self, run_record: CampaignRun, megabytes: float, people: int) -> None:
        assert run_record.selected_at is not None
        assert run_record.finished_at is not None
        self.choosing = (run_record.selected_at - run_record.due_at).total_seconds()
        self.sending = (run_record.finished_at - run_record.selected_at).total_seconds()
        self.megabytes = megabytes
        self.each = 1000 * (self.choosing + self.sending) / people


def _sent(engine: Engine, people: int) -> Sent:
    """Send a campaign to so many by a worker of its own, from the first moment to the last."""
    for first in range(0, people, _AT_ONCE):
        with transaction(engine) as session:
            _add_people(session, range(first, min(first + _AT_ONCE, people)), _COUNTRIES[people], SystemClock().now())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
        connection.execute(text("checkpoint"))
    command = [sys.executable, "-m", "growth", "work", "--threads", str(THREADS)]
    with subprocess.Popen(command) as worker:
        _until(lambda: _alive(engine))
        with transaction(engine) as session:
            now = SystemClock().now()
            campaign = _campaign(people, now)
            session.add(campaign)
            fire(session, "send_campaigns", due_at=now, fired_by="bench")
            session.flush()
            wanted = campaign.id
        megabytes = 0.0

        def over() -> bool:
            nonlocal megabytes
            megabytes = max(megabytes, _memory(worker.pid))
            with transaction(engine) as session:
                return session.get_one(Campaign, wanted).state == "sent"

        _until(over)
        worker.terminate()
    with transaction(engine) as session:
        done = session.scalars(select(CampaignRun).where(CampaignRun.campaign_id == wanted)).one()
        messages = session.scalar(
            text("select count(*) from delivery where campaign_run_id = :run and state = 'accepted'"), {"run": done.id}
        )
        assert messages == people, f"{messages} of {people} were accepted"
        return Sent(done, megabytes, people)


def _campaign(people: int, now: datetime) -> Campaign:
    return Campaign(
        name=f"To {people}",
        side="buyer",
        purpose=MARKETING,
        message=_MESSAGE,
        audience=narrowed(countries=[_COUNTRIES[people]]),
        state="scheduled",
        scheduled_at=now,
        created_by="bench",
        created_at=now,
    )


def _add_people(session: Session, numbers: range, country: str, now: datetime) -> None:
    keys, dice = keyring(), random.Random(numbers.start)
    names = [keys.seal(dice.choice(_NAMES)) for _ in numbers]
    ids = session.scalars(
        text("""
            insert into person (locale, country, name_sealed, created_at)
            select 'en', :country, name, :now from unnest(cast(:names as bytea[])) name returning id
        """),
        {"country": country, "names": names, "now": now},
    ).all()
    addresses = [f"{dice.choice(['anna', 'joao', 'li'])}.{one}@{country.lower()}.example" for one in ids]
    session.execute(
        text("""
            insert into identity (kind, hash, sealed, person_id, receiver, created_at)
            select 'email', hash, sealed, person, 'gmail', :now
            from unnest(cast(:hashes as bytea[]), cast(:sealed as bytea[]), cast(:ids as bigint[]))
                given (hash, sealed, person)
        """),
        {
            "hashes": [keys.keyed_hash("email", one) for one in addresses],
            "sealed": [keys.seal(one) for one in addresses],
            "ids": ids,
            "now": now,
        },
    )
    session.execute(
        text("""
            insert into consent (person_id, purpose, channel, granted, at)
            select unnest(cast(:ids as bigint[])), 'marketing', 'email', true, :now
        """),
        {"ids": ids, "now": now},
    )


def _bodies(session: Session) -> Iterator[bytes]:
    """What the client sent: the requests of as many messages, in the form it gives them."""
    sender = session.get_one(Workspace, 1)
    version = ensure_version(session, _MESSAGE, "en", SystemClock().now())
    letter = Letter(version, sender, settings().public_url)
    found = select(Delivery.id, Delivery.person_id).join(CampaignRun).join(Campaign)
    rows = session.execute(found.where(Campaign.name == f"To {MANY}").order_by(Delivery.id)).all()
    dice = random.Random(1)
    for first in range(0, MANY, 1000):
        people = [
            Addressee(delivery, person, f"anna.{person}@my.example", dice.choice(_NAMES))
            for delivery, person in rows[first : first + 1000]
        ]
        now = SystemClock().now()
        words = words_for(session, version, people, sender=sender, base_url=letter.base_url, now=now)
        yield orjson.dumps(request_of(letter, Claimed(uuid4(), now, people, words)))


def _pushed(port: int, bodies: Sequence[bytes]) -> float:
    """Seconds that it takes to push these, over as many connections as a worker has threads, which stay open."""
    waiting, taking = iter(bodies), threading.Lock()
    headers = {"Authorization": f"Bearer {os.environ['GROWTH_SENDGRID_API_KEY']}", "Content-Type": "application/json"}

    def push() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with taking:
                body = next(waiting, None)
            if body is None:
                return
            connection.request("POST", "/v3/mail/send", body, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 202, answer.status

    threads = [threading.Thread(target=push) for _ in range(THREADS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


@contextmanager
def _installation(folder: Path) -> Iterator[tuple[Engine, int]]:
    """A database that is set up, and a pretend SendGrid; this process and those it starts are led to both."""
    from growth.sandbox.keys import SENDGRID_KEY  # noqa: PLC0415 - not for the sandbox's own process

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with borrowed(folder / "home") as url:
        given = {
            "GROWTH_HOME": str(folder / "home"),
            "GROWTH_SECRET_KEY": "bench only: a key of more than 32 characters",
            "GROWTH_DATABASE_URL": url,
            "GROWTH_SENDGRID_URL": f"http://127.0.0.1:{port}",
            "GROWTH_SENDGRID_API_KEY": SENDGRID_KEY,
        }
        os.environ.update(given)
        settings.cache_clear()
        keyring.cache_clear()
        engine = make_engine(url)
        try:
            migrate(engine)
            _set_up(engine)
            command = [sys.executable, "-m", "bench.sending", str(folder / "mailbox"), str(port)]
            with subprocess.Popen(command) as box:
                try:
                    _until(lambda: _listens(port))
                    yield engine, port
                finally:
                    box.terminate()
        finally:
            engine.dispose()
            for name in given:
                del os.environ[name]
            settings.cache_clear()
            keyring.cache_clear()


def _set_up(engine: Engine) -> None:
    with transaction(engine) as session:
        place = {"name": "Bench", "time_zone": "UTC", "currency": "USD", "sender_name": "Bench"}
        session.add(Workspace(**place, sender_email="hello@example.com", set_up_at=SystemClock().now()))
        session.add(SendingRules(id=1, most_per_day=50, most_per_week=100))  # caps are asked, and reached by nobody


def _alive(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(text("select count(*) from procrastinate_workers")))


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _until(true: Callable[[], bool]) -> None:
    last = time.monotonic() + _LONGEST
    while not true():
        assert time.monotonic() < last, "it takes too long"
        time.sleep(0.1)


def _memory(process: int) -> float:
    """MB that a process holds, its share of what it shares with others counted (PSS)."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) * 1024 / 1e6


async def _sandbox(home: Path, port: int) -> None:
    from growth.sandbox.market.habits import NOBODY  # noqa: PLC0415 - only for the sandbox's own process
    from growth.sandbox.serving import Sandbox  # noqa: PLC0415 - likewise

    with socket.create_server(("127.0.0.1", port)) as listening:
        await Sandbox(home, market=NOBODY, product=None).run(listening, asyncio.Event())


if __name__ == "__main__":
    asyncio.run(_sandbox(Path(sys.argv[1]), int(sys.argv[2])))
