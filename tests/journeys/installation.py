"""A whole installation, each part a process of its own, beside the pretend SendGrid and its people."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from growth.sandbox.keys import SENDGRID_KEY, webhook_public_key
from tests.running.starting import command

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def process(words: list[str], log: Path) -> Iterator[None]:
    """A process for as long as the block lasts."""
    with log.open("ab") as output:
        started = subprocess.Popen(words, cwd=ROOT, stdout=output, stderr=output)
    try:
        yield
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(20)


@contextmanager
def installation(
    database_url: str, home: Path, *, workers: int = 1, pretends: bool = True, **more: str
) -> Iterator[str]:
    """A scheduler, workers and the pages; gives their address, and commands run here reach the same database.

    Besides, if it `pretends`, the pretend SendGrid with its people. `more` are further settings.
    """
    pages, provider = free_port(), free_port()
    url, log = f"http://127.0.0.1:{pages}", home / "journey.log"
    given = {"GROWTH_DATABASE_URL": database_url, "GROWTH_PORT": str(pages)} | more
    commands = [command(part) for part in ("web", "schedule", *["work"] * workers)]
    if pretends:
        given |= {
            "GROWTH_SENDGRID_URL": f"http://127.0.0.1:{provider}",
            "GROWTH_SENDGRID_API_KEY": SENDGRID_KEY,
            "GROWTH_SENDGRID_WEBHOOK_KEY": webhook_public_key(home),
        }
        commands.insert(0, [sys.executable, "-m", "tests.journeys.market", str(home), str(provider), url])
    os.environ.update(given)
    try:
        with ExitStack() as stack:
            for words in commands:
                stack.enter_context(process(words, log))
            until(lambda: answers(url))
            yield url
    finally:
        for name in given:
            del os.environ[name]
        sys.stdout.write(log.read_text())


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/login").status_code == 200
    except httpx.TransportError:
        return False


def growth(*words: str) -> str:
    """What a command prints; fails with what it complains of."""
    done = subprocess.run(command(*words), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def until(true: Callable[[], object], seconds: float = 120) -> None:
    last = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < last, "it never came true"
        time.sleep(0.2)
