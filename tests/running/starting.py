"""`growth` as a newcomer starts it: a real process, its output, its children, its database."""

import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

PATIENCE = 60.0


@dataclass
class Running:
    """A `growth run` and what it has printed so far."""

    process: subprocess.Popen[str]
    home: Path
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address it printed."""
        return next(word for line in self.lines for word in line.split() if word.startswith("http")).split("/setup")[0]

    def said(self, words: str) -> bool:
        return any(words in line for line in self.lines)

    def family(self) -> list[psutil.Process]:
        """The process, its children and PostgreSQL's."""
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]

    def child(self, *, postgres: bool) -> psutil.Process:
        """PostgreSQL, or else the youngest of our own children."""
        found = [one for one in psutil.Process(self.process.pid).children() if (one.name() == "postgres") == postgres]
        return found[-1]

    def status(self) -> int:
        """What its page answers."""
        with urllib.request.urlopen(f"{self.url}/login", timeout=10) as answer:
            return int(answer.status)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "growth", *arguments]


def growth(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A `growth` command that ends by itself."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=PATIENCE, check=False, env=os.environ | environment
    )


@contextmanager
def running(home: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    """`growth run` on a free port, from the moment its page answers; at the end nothing of it is left."""
    with started(home, *arguments, **environment) as found:
        until(lambda: found.said("Ctrl-C") or found.process.poll() is not None)
        assert found.said("Ctrl-C"), "\n".join(found.lines)
        yield found


@contextmanager
def started(home: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    """`growth run` on a free port, from its very beginning."""
    process = subprocess.Popen(
        command("run", "--home", str(home), "--port", "0", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | environment,
    )
    found = Running(process, home)
    reader = threading.Thread(target=_read, args=(found,))
    reader.start()
    try:
        yield found
    finally:
        process.terminate()
        process.wait(PATIENCE)
        reader.join(PATIENCE)
        assert process.stdout is not None
        process.stdout.close()


def _read(found: Running) -> None:
    assert found.process.stdout is not None
    for line in found.process.stdout:
        found.lines.append(line.rstrip())


def until(true: Callable[[], object]) -> None:
    """Wait for something to become true."""
    last = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < last, "it never came true"
        time.sleep(0.02)


def none_left(family: list[psutil.Process]) -> bool:
    """Whether all of these processes are gone; one that only waits to be counted by its parent is."""
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family)
