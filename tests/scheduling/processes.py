"""A scheduler or worker as a process of its own: `python -m tests.scheduling.processes scheduler|worker PACKAGE`."""

import logging
import signal
import sys
import threading

from growth.clock import SystemClock
from growth.database.engine import make_engine
from growth.scheduling import declare, scheduler, worker
from growth.settings import settings


def main(part: str, package: str) -> None:
    logging.basicConfig(level="INFO", format="%(asctime)s %(name)s: %(message)s")
    declare.PACKAGES[:] = [package]
    database_url = settings().database_url
    assert database_url is not None
    if part == "worker":
        worker.run(database_url, threads=settings().worker_threads, name="worker")
        return
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())
    scheduler.run(make_engine(database_url, pool_size=1), SystemClock(), stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
