"""The one place that asks what time it is, and for how long the machine has run."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Protocol
from uuid import uuid4


@dataclass(frozen=True)
class Running:
    """For how long a machine has run, its sleep included. Nobody can set that, unlike a clock."""

    start: str
    """Names one start of one machine; seconds of two starts say nothing of each other."""
    seconds: float


class Clock(Protocol):
    """Tells the time; passed in, so that a test can set it."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def running(self) -> Running:
        """How long the machine has run: where the time moved on and this didn't, somebody set the clock."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def running(self) -> Running:
        # Linux's monotonic clock stands still while the machine sleeps; elsewhere it is the one that doesn't.
        counts_sleep = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
        return Running(_start(), time.clock_gettime(counts_sleep))


@cache
def _start() -> str:
    """Of this start of the machine, where it has a name; else of this process."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return uuid4().hex


class FixedClock:
    """A clock that stands still until it is moved: for tests and rehearsals."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment
        self._started = moment
        self._start = uuid4().hex

    def now(self) -> datetime:
        return self.moment

    def running(self) -> Running:
        return Running(self._start, (self.moment - self._started).total_seconds())

    def set_by(self, step: timedelta) -> None:
        """Put the clock forward or back, as somebody's hand would: no time has passed."""
        self.moment += step
        self._started += step
