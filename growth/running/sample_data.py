"""“Look around with sample data”: an empty product that becomes the demo."""

import os
import signal
from collections.abc import Callable

from sqlalchemy import Engine

from growth.clock import Clock


def loader(engine: Engine, clock: Clock) -> Callable[[], None]:
    """What the set-up page calls: fills the database, then has the parent cut providers off."""
    parent = os.getppid()

    def load() -> None:
        from growth.sandbox.demo import seed  # noqa: PLC0415 - an empty product pays for it once, if ever

        seed(engine, clock)
        os.kill(parent, signal.SIGUSR1)

    return load
