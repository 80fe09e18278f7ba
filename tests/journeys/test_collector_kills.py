"""The collector killed under load, and an import killed half-way: what was answered is there, and nothing is half."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import Engine, func, select, text

from growth.clock import SystemClock
from growth.database.engine import transaction
from growth.events.collecting import collector_key
from growth.events.records import Event
from tests.attribution.happened import found
from tests.running.starting import command, growth, until


@pytest.mark.journey
def test_what_was_answered_is_stored_however_the_collector_dies(engine: Engine, database_url: str) -> None:
    found(engine, SystemClock().now())
    acknowledged: set[str] = set()
    unsure: list[list[dict[str, str]]] = []
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    headers = {"Authorization": f"Bearer {collector_key()}"}
    at = SystemClock().now().isoformat()

    def send(stop: threading.Event) -> None:
        while not stop.is_set():
            batch = [{"id": str(uuid4()), "kind": "page_view", "at": at} for _ in range(200)]
            try:
                answer = httpx.post(f"http://127.0.0.1:{port}/e", json=batch, headers=headers, timeout=20)
                if answer.status_code == 200:
                    acknowledged.update(one["id"] for one in batch)
                    continue
            except httpx.HTTPError:
                pass
            unsure.append(batch)
            time.sleep(0.05)

    for _ in range(3):
        process = web(database_url, port)
        stop = threading.Event()
        threads = [threading.Thread(target=send, args=(stop,)) for _ in range(4)]
        before = len(acknowledged)
        for thread in threads:
            thread.start()
        try:
            until(lambda before=before: len(acknowledged) > before + 2_000)  # type: ignore[misc]
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            stop.set()
            for thread in threads:
                thread.join()
    assert stored(engine) >= acknowledged
    process = web(database_url, port)
    told = [httpx.post(f"http://127.0.0.1:{port}/e", json=one, headers=headers, timeout=20).json() for one in unsure]
    process.terminate()
    process.wait()
    assert all(one["accepted"] + one["repeated"] == 200 for one in told)
    assert len(stored(engine)) == len(acknowledged) + 200 * len(unsure)


def web(database_url: str, port: int) -> "subprocess.Popen[bytes]":
    environment = os.environ | {"GROWTH_DATABASE_URL": database_url, "GROWTH_PORT": str(port)}
    process = subprocess.Popen(command("web"), env=environment, stdout=subprocess.DEVNULL)

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/login", timeout=2).status_code < 500
        except httpx.HTTPError:
            return False

    until(answers)
    return process


def stored(engine: Engine) -> set[str]:
    with transaction(engine) as session:
        return {str(UUID(str(one))) for one in session.scalars(select(Event.event_id))}


@pytest.mark.journey
def test_an_import_killed_half_way_leaves_nothing_and_goes_in_whole_the_next_time(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "events.csv"
    rows = 40_000
    lines = (
        f"page_view,2026-11-{1 + number % 20:02d}T10:00:00Z,https://a.example/{number}\n" for number in range(rows)
    )
    path.write_text("kind,at,url\n" + "".join(lines))
    here = {"GROWTH_DATABASE_URL": database_url}
    process = subprocess.Popen(
        [sys.executable, "-m", "growth", "events", "import", str(path)],
        env=os.environ | here,
        stdout=subprocess.DEVNULL,
    )
    writing = text(
        "select count(*) from pg_stat_activity where query like '%insert into event%' and pid <> pg_backend_pid()"
    )
    until(lambda: _count(engine, writing) > 0 or process.poll() is not None)
    assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 0
    assert growth("events", "import", str(path), **here).stdout == f"{rows} new, 0 known already, 0 left out.\n"
    assert growth("events", "import", str(path), **here).stdout == f"0 new, {rows} known already, 0 left out.\n"


def _count(engine: Engine, query: object) -> int:
    with transaction(engine) as session:
        return int(session.scalar(query) or 0)  # type: ignore[call-overload]
