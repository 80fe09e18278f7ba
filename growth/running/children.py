"""Child processes: started, watched, started again with growing pauses, and stopped."""

import logging
import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from growth.keyring import keyring
from growth.running.forking import CONTEXT, begin
from growth.running.start import Start
from growth.settings import settings

_HEALTHY_AFTER = 30.0  # seconds a child has to live for its failures to be forgotten
_LONGEST_PAUSE = 30.0
_LARGEST_LOG = 10_000_000


def pause_before_restart(failures: int) -> float:
    """Seconds to wait before a child that died `failures` times in a row is started again: 0.5, 1, 2 … 30."""
    return float(min(_LONGEST_PAUSE, 0.5 * 2 ** min(failures - 1, 10)))


@dataclass
class Child:
    """One child: what it runs, and how it has been doing."""

    name: str
    part: Callable[[Start], None]
    log: Path
    process: BaseProcess | None = None
    started: float = 0.0  # time.monotonic()
    due: float = 0.0
    failures: int = 0
    inherited: Sequence[int] = field(default_factory=list)

    def launch(self, start: Start) -> None:
        """Start it. File descriptors in `inherited` are the parent's own, and closed in a forked child."""
        _rotate(self.log)
        arguments = (self.part, start, os.getpid(), self.log, tuple(self.inherited))
        process = CONTEXT.Process(target=_live, args=arguments, name=f"growth {self.name}")
        process.start()
        self.process, self.started = process, time.monotonic()

    def died(self) -> int | None:
        """The exit status of a child that is gone, once; None while it lives or waits for its next start."""
        if self.process is None or self.process.is_alive():
            return None
        status = self.process.exitcode
        self.process.close()
        self.process = None
        lived = time.monotonic() - self.started
        self.failures = 1 if lived > _HEALTHY_AFTER else self.failures + 1
        self.due = time.monotonic() + pause_before_restart(self.failures)
        return status

    def signal(self, how: signal.Signals) -> None:
        """Send a signal, if it still lives."""
        if self.process is not None and self.process.is_alive() and self.process.pid is not None:
            os.kill(self.process.pid, how)


def stop(children: Iterable[Child], seconds: float, *, hurry: Callable[[], bool] = lambda: False) -> list[str]:
    """Ask children to end, and after `seconds` (or when `hurry` says so) end them; names those that had to be."""
    waiting = [child for child in children if child.process is not None]
    for child in waiting:
        child.signal(signal.SIGTERM)
    last = time.monotonic() + seconds
    while any(_alive(child) for child in waiting) and time.monotonic() < last and not hurry():
        time.sleep(0.02)
    ended = [child.name for child in waiting if _alive(child)]
    for child in waiting:
        child.signal(signal.SIGKILL)
        if child.process is not None:
            child.process.join(1)
            child.process.close()
            child.process = None
    return ended


def _alive(child: Child) -> bool:
    return child.process is not None and child.process.is_alive()


def _live(part: Callable[[Start], None], start: Start, parent: int, log: Path, inherited: Sequence[int]) -> None:
    """The child's whole life."""
    begin(parent, inherited)
    _log_to(log)
    settings.cache_clear()
    keyring.cache_clear()
    part(start)


def _log_to(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    logging.basicConfig(
        level=settings().log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
