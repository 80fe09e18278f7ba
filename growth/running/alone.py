"""One part by itself, in the foreground, logging to the console."""

import logging
import os
import signal
import sys
from contextlib import ExitStack
from types import FrameType
from typing import NoReturn

from growth.database.embedded import borrowed
from growth.database.engine import make_engine, transaction
from growth.database.migrate import check_current, migrate
from growth.people.root_key import check_key
from growth.running.demo import check_provider, mode_of
from growth.running.parts import PARTS
from growth.running.ports import listen, port_of
from growth.running.start import Start
from growth.settings import Settings, settings


def run_part(name: str, **given: object) -> None:
    """Run the part of this name until it is told to stop; `given` are settings from the command line.

    Raises a GrowthError when the database isn't there or not ready for it, or the port is taken.
    """
    os.environ |= {key: str(value) for key, value in given.items() if value is not None}
    settings.cache_clear()
    config = settings()
    for which in (signal.SIGTERM, signal.SIGINT):
        signal.signal(which, _leave)
    logging.basicConfig(level=config.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with ExitStack() as stack:
        listening = stack.enter_context(listen(config.host, config.port)) if name == "web" else None
        url = config.database_url or stack.enter_context(borrowed(config.home))
        _check(url, config)
        if listening is not None:
            os.environ["GROWTH_PORT"] = str(port_of(listening))
            settings.cache_clear()
            logging.getLogger("growth").info("Pages at %s", settings().public_url)
        PARTS[name](Start(url, config.home.resolve(), settings().public_url, web=listening))


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End in good order: the database that was started for us is stopped. Parts that finish first set their own."""
    sys.exit(0)


def _check(url: str, config: Settings) -> None:
    engine = make_engine(url, application="growth")
    try:
        # Nobody else migrates the embedded one; with a database of your own, `growth migrate` is your decision.
        (migrate if config.database_url is None else check_current)(engine)
        with transaction(engine) as session:
            check_key(session)
        check_provider(mode_of(engine), config.sendgrid_url)
    finally:
        engine.dispose()
