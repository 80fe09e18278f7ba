"""A product that takes down what it is told, and answers as a test wants it."""

import asyncio
import gzip
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from growth.sandbox.wire import Answer, Request, Response, Wire


@dataclass
class Listening:
    """Where it is and what it heard. `answers` gives a status, or a whole answer, for a request."""

    url: str = ""
    heard: list[Request] = field(default_factory=list)
    answers: Callable[[Request], int | Answer] = lambda _: 200

    def to(self, path: str) -> list[Request]:
        """Requests to paths that begin so."""
        return [request for request in list(self.heard) if request.path.startswith(path)]

    def told(self) -> list[dict[str, Any]]:
        """Events of SendGrid's hook, in the order they came."""
        return [event for request in self.to("/hooks/sendgrid") for event in orjson.loads(request.body)]

    def collected(self) -> list[dict[str, Any]]:
        """Events of the collector."""
        return [one for request in self.to("/e") for one in orjson.loads(gzip.decompress(request.body))["events"]]


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something to become true; fails when it doesn't."""
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, "It never came to be."
        time.sleep(0.01)


@contextmanager
def listening(port: int = 0) -> Iterator[Listening]:
    """Listen on loopback until the end of the block."""
    made = Listening()

    async def answer(request: Request) -> Answer:
        made.heard.append(request)
        given = made.answers(request)
        return Response(given) if isinstance(given, int) else given

    async def live() -> None:
        wire = Wire(answer, 2**25)
        server = await asyncio.start_server(wire.connected, "127.0.0.1", port)
        made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        started.set()
        await asyncio.wrap_future(stop)
        server.close()
        await wire.end()

    started, stop = threading.Event(), Future[None]()
    thread = threading.Thread(target=lambda: asyncio.run(live()), daemon=True)
    thread.start()
    started.wait(5)
    yield made
    stop.set_result(None)
    thread.join(10)
