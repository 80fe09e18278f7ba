"""Events that the collector takes a second, answered after commit, beside COPY of the same rows into the same table."""

import http.client
import os
import random
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import orjson
import psycopg

from bench import Figure
from growth.clock import SystemClock
from growth.database.embedded import borrowed
from growth.database.engine import make_engine, transaction
from growth.database.migrate import migrate
from growth.database.workspace import Workspace
from growth.events.links import sign_person
from growth.people.records import Person

BATCHES = 120
SIZE = 1_000
TURNS = 6
CONNECTIONS = (1, 2, 4)
_KEY = "bench: a key that servers show"
_COPY = "COPY event (occurred_at, event_id, kind, source, side, visitor, country, properties) FROM STDIN"
_PATIENCE = 60
_AGENTS = (
    *(f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/{number}.0 Safari/537.36"
      for number in range(100, 140)),
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
)  # fmt: skip

Event = dict[str, object]
Send = Callable[[bytes], None]


def run() -> list[Figure]:
    """The product's own web process over loopback, and COPY, on one embedded PostgreSQL with the settings it ships.

    Each side sends the same events, made ready beforehand, in the same batches into an empty table, commits each
    batch, and is represented by its best number of connections. They take turns, so that what else the machine does
    weighs on both. Ours tells bots by their names, and people by their tokens. Then both once more while another
    process makes touches of what was stored, credits and rolls up without a pause.
    """
    now = SystemClock().now()
    batches = list(_batches(now))
    copied = [b"".join(map(_line, batch)) for batch in batches]
    with TemporaryDirectory() as home, _database(Path(home)) as url, _web(Path(home), url) as port:
        posted = _with_people(Path(home), url, batches, now)
        alone = _take_turns(url, port, posted, copied)
        with _crediting(Path(home), url):
            beside = _take_turns(url, port, posted, copied)
    name = "events stored, answered after commit"
    return [_figure(name, *alone), _figure(f"{name}, credited meanwhile", *beside)]


def _take_turns(
    url: str, port: int, posted: Sequence[bytes], copied: Sequence[bytes]
) -> tuple[dict[int, float], dict[int, float]]:
    """Events a second of both sides, by number of connections."""
    ours: dict[int, float] = dict.fromkeys(CONNECTIONS, 0.0)
    peer: dict[int, float] = dict.fromkeys(CONNECTIONS, 0.0)
    for turn in range(TURNS):
        for count in CONNECTIONS:
            ours[count] += _seconds(url, [_poster(port) for _ in range(count)], posted[turn::TURNS])
            peer[count] += _seconds(url, [_copier(url) for _ in range(count)], copied[turn::TURNS])
    return _rates(ours), _rates(peer)


def _rates(spent: dict[int, float]) -> dict[int, float]:
    return {count: BATCHES * SIZE / seconds for count, seconds in spent.items()}


@contextmanager
def _crediting(home: Path, url: str) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.crediting", url]
    with subprocess.Popen(command, env=os.environ | {"GROWTH_HOME": str(home)}) as process:
        try:
            yield
            assert process.poll() is None, "nothing was credited"
        finally:
            process.terminate()


def _with_people(home: Path, url: str, batches: Sequence[Sequence[Event]], now: datetime) -> list[bytes]:
    """The batches as they are posted: each event with its browser's name, so that bots are told, and some with a token.

    A twentieth names one of a thousand people; the visitor becomes known by it.
    """
    os.environ["GROWTH_HOME"] = str(home)
    engine = make_engine(url)
    with transaction(engine) as session:
        sender = {"sender_name": "Bench", "sender_email": "bench@example.com"}
        session.add(Workspace(name="Bench", time_zone="UTC", currency="USD", set_up_at=now, **sender))
        made = [Person(created_at=now) for _ in range(1_000)]
        session.add_all(made)
        session.flush()
        tokens = [sign_person(person.id, now) for person in made]
    engine.dispose()
    dice = random.Random(3)
    whole: list[bytes] = []
    for batch in batches:
        events = [event | {"agent": dice.choice(_AGENTS)} for event in batch]
        for event in events:
            if dice.random() < 0.05:
                event["token"] = tokens[UUID(str(event["visitor"])).int % len(tokens)]
        whole.append(orjson.dumps({"events": events}))
    return whole


def _figure(name: str, ours: dict[int, float], peer: dict[int, float]) -> Figure:
    """From events a second by number of connections."""
    note = f"{BATCHES} batches of {SIZE}; by connections: ours {_rounded(ours)}, COPY {_rounded(peer)}"
    best, other = max(ours.values()), max(peer.values())
    return Figure(name, best, "/s", "COPY of the same rows", other, 0.25, more_is_better=True, note=note)


def _seconds(url: str, senders: Sequence[Send], batches: Sequence[bytes]) -> float:
    """What all senders together take."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("truncate event, visitor_identity")
        admin.execute("checkpoint")
    waiting = iter(batches)
    taking = threading.Lock()

    def send_all(send: Send) -> None:
        while True:
            with taking:
                batch = next(waiting, None)
            if batch is None:
                return
            send(batch)

    threads = [threading.Thread(target=send_all, args=(send,)) for send in senders]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    with psycopg.connect(url) as admin:
        stored = admin.execute("select count(*) from event").fetchone()
    assert stored == (len(batches) * SIZE,), f"{stored} events are stored"
    return seconds


def _poster(port: int) -> Send:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    headers = {"Authorization": f"Bearer {_KEY}", "Content-Type": "application/json"}

    def post(body: bytes) -> None:
        connection.request("POST", "/e", body, headers)
        answer = connection.getresponse()
        assert orjson.loads(answer.read())["accepted"] == SIZE, answer.status

    return post


def _copier(url: str) -> Send:
    connection = psycopg.connect(url)

    def copy(lines: bytes) -> None:
        with connection.cursor() as cursor, cursor.copy(_COPY) as copying:
            copying.write(lines)
        connection.commit()

    return copy


def _batches(now: datetime) -> Iterator[list[Event]]:
    dice = random.Random(19_800)
    visitors = [str(UUID(int=dice.getrandbits(128), version=4)) for _ in range(20_000)]
    for _ in range(BATCHES):
        yield [_event(dice, visitors, now) for _ in range(SIZE)]


def _event(dice: random.Random, visitors: Sequence[str], now: datetime) -> Event:
    return {
        "id": str(UUID(int=dice.getrandbits(128), version=4)),
        "kind": "page_view",
        "at": (now - timedelta(seconds=dice.random() * 3_600)).isoformat(),
        "visitor": dice.choice(visitors),
        "country": dice.choice(("RU", "US", "BR")),
        "properties": {
            "url": f"https://shop.example/item/{dice.randrange(10**7)}.html?utm_source=google&utm_medium=cpc",
            "referrer": "https://www.google.com/",
            "title": "Wireless earphones with noise cancelling, free shipping",
        },
    }


def _line(event: Event) -> bytes:
    """The row in COPY's text format; our JSON holds no tab, and no backslash that isn't doubled here."""
    properties = orjson.dumps(event["properties"]).decode().replace("\\", "\\\\")
    fields = (event["at"], event["id"], event["kind"], "collector", "buyer", event["visitor"], event["country"])
    return ("\t".join(map(str, (*fields, properties))) + "\n").encode()


def _rounded(rates: dict[int, float]) -> str:
    return ", ".join(f"{count}: {rate:,.0f}" for count, rate in rates.items())


@contextmanager
def _database(home: Path) -> Iterator[str]:
    with borrowed(home) as url:
        engine = make_engine(url)
        migrate(engine)
        engine.dispose()
        yield url


@contextmanager
def _web(home: Path, url: str) -> Iterator[int]:
    """`growth web` as it ships, from the moment it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GROWTH_")} | {
        "GROWTH_HOME": str(home),
        "GROWTH_DATABASE_URL": url,
        "GROWTH_PORT": str(port),
        "GROWTH_COLLECTOR_KEY": _KEY,
    }
    with subprocess.Popen([sys.executable, "-m", "growth", "web"], env=environment) as process:
        try:
            _until_it_answers(port, process)
            yield port
        finally:
            process.terminate()


def _until_it_answers(port: int, process: "subprocess.Popen[bytes]") -> None:
    began = time.monotonic()
    while process.poll() is None and time.monotonic() - began < _PATIENCE:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the web process didn't start")
