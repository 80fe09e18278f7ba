"""The scheduler: fires jobs when they are due. Any number of them may run; each due time is fired once."""

import logging
import threading
import time

from sqlalchemy import Engine

from growth.clock import Clock
from growth.database.engine import transaction
from growth.scheduling.schedules import synchronise, tick

_log = logging.getLogger(__name__)
_LONGEST_WAIT = 1.0
_SHORTEST_WAIT = 0.2
_SYNCHRONISE_EVERY = 60.0


def run(engine: Engine, clock: Clock, stop: threading.Event) -> None:
    """Until `stop` is set: fire what is due, at the latest a second after it is. Outlives a database that is away."""
    synchronised = float("-inf")
    failures = 0
    while not stop.is_set():
        try:
            if time.monotonic() - synchronised > _SYNCHRONISE_EVERY:
                with transaction(engine) as session:
                    synchronise(session, clock.now())
                synchronised = time.monotonic()
            following = tick(engine, clock.now())
        except Exception:  # noqa: BLE001 - the database comes back, and then jobs are due
            failures += 1
            _log.exception("the scheduler could not look what is due; it tries again")
            stop.wait(min(failures, 5))
            continue
        failures = 0
        wait = (following - clock.now()).total_seconds() if following else _LONGEST_WAIT
        # What is due now and was not fired is in another scheduler's hands.
        stop.wait(min(wait, _LONGEST_WAIT) if wait > 0 else _SHORTEST_WAIT)
