"""`python -m bench.crediting DATABASE_URL`: credits and rolls up without a pause, as the job at its busiest."""

import signal
import sys
import threading
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from growth.clock import Clock, SystemClock
from growth.database.engine import make_engine, transaction
from growth.scheduling.run import Step
from jobs.credit_channels import credit_channels


class Crediting:
    """What the job needs of a run, without a worker."""

    def __init__(self, engine: Engine, clock: Clock, stopping: threading.Event) -> None:
        self._engine, self._clock, self._stopping = engine, clock, stopping

    def in_chunks(self, step: Any, size: int = 1_000) -> int:
        """Until that was all, or the measurement is over."""
        done, after = 0, None
        while not self._stopping.is_set():
            with transaction(self._engine) as session:
                made = _made(step, session, self._clock.now(), after, size)
            done, after = done + made.done, made.next
            if after is None:
                break
        return done

    def tell(self, sentence: str, **_values: object) -> None:
        """Nobody listens."""


def _made(step: Any, session: Session, now: datetime, after: object, size: int) -> Step:
    made: Step = step(session, now, after, size)
    return made


def main(url: str) -> None:
    """Until SIGTERM."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    run = Crediting(make_engine(url), SystemClock(), stopping)
    while not stopping.wait(0.05):
        credit_channels(run)  # type: ignore[arg-type]  # of a run it needs no more


if __name__ == "__main__":
    main(sys.argv[1])
