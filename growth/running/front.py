"""The front doors alone, served by this very process for as long as it plays something through them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from growth.web.app import create_app

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from growth.clock import Clock

_GRACE = 10.0


@contextmanager
def front_doors(engine: "Engine", clock: "Clock") -> Iterator[str]:
    """Pages, collector, hooks and links on a free port of this machine, by this clock; gives their address."""
    config = uvicorn.Config(
        create_app(engine=engine, clock=clock),
        host="127.0.0.1",
        port=0,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
    )
    listening, server = config.bind_socket(), uvicorn.Server(config)
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True, name="front doors")
    listening.listen()  # so that whoever comes at once waits for the door rather than finds none
    serving.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        serving.join(_GRACE)
        listening.close()
