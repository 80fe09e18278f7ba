"""The process of a job that wants its own: `python -m growth.scheduling.alone KIND ID ATTEMPT PARENT PACKAGE…`."""

import logging
import signal
import sys
import threading
from typing import cast

from growth import lifeline
from growth.clock import SystemClock
from growth.database.engine import make_engine, transaction
from growth.scheduling import declare
from growth.scheduling.doing import do, read_claim
from growth.scheduling.queue import Kind
from growth.settings import settings


def main(arguments: list[str]) -> None:
    """Do one claimed run or chunk, write down how it ended, and leave."""
    kind, wanted, attempt, parent, *packages = arguments
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lifeline.end_with_parent(int(parent))
    logging.basicConfig(level=settings().log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    declare.PACKAGES[:] = packages
    database_url = settings().database_url
    assert database_url is not None
    engine = make_engine(database_url, pool_size=2, application="growth job")
    with transaction(engine) as session:
        claim = read_claim(session, cast("Kind", kind), int(wanted), int(attempt))
    do(engine, SystemClock(), claim, stopping, here=True)
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1:])
