"""The sample jobs, and real scheduler and worker processes that know them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from growth.scheduling import declare

SAMPLES = "tests.scheduling.sample_jobs"
ROOT = Path(__file__).parents[2]

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture(autouse=True)
def sample_jobs() -> Iterator[None]:
    """Only the sample jobs are declared."""
    before = list(declare.PACKAGES)
    declare.PACKAGES[:] = [SAMPLES]
    yield
    declare.PACKAGES[:] = before


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Start a real scheduler or worker on this test's database: `start("worker")`; killed at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(part: str, **settings: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {"GROWTH_DATABASE_URL": database_url, "GROWTH_HEARTBEAT_SECONDS": "0.4"} | settings
        command = [sys.executable, "-m", "tests.scheduling.processes", part, SAMPLES]
        with (tmp_path / f"{part}-{len(started)}.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
    for log in tmp_path.glob("*.log"):
        sys.stdout.write(f"--- {log.name}\n{log.read_text()}")


@pytest.fixture
def numbered(engine: Engine) -> Callable[[], list[int]]:
    """A table that the sample jobs write numbers to, and what is in it; no number is refused for being there twice."""
    with engine.begin() as connection:
        connection.execute(text("create table numbered (number bigint not null)"))

    def read() -> list[int]:
        with engine.connect() as connection:
            return list(connection.scalars(text("select number from numbered order by number")))

    return read


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is so; fails after a time that nothing here needs."""
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, "it never happened"
        time.sleep(0.05)
