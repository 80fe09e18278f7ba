"""A sandbox of a test's own, on a free loopback port, in a thread."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from growth.events.collecting import collector_key
from growth.sandbox.faults import Faults
from growth.sandbox.keys import SENDGRID_KEY, webhook_public_key
from growth.sandbox.mailbox.store import Mailbox
from growth.sandbox.market.habits import NOBODY, Market
from growth.sandbox.product import Product
from growth.sandbox.serving import Sandbox
from growth.settings import settings


@dataclass(frozen=True)
class Running:
    """Where it is, what it accepted, and what it is told to do wrong.

    `mailbox.messages()` gives all messages in order, `mailbox.to(address)` one recipient's, `len(mailbox)` how many;
    `faults.next_requests("429", 2)` has the next two requests to send go wrong.
    """

    url: str
    mailbox: Mailbox
    faults: Faults
    webhook_key: str
    key: str = SENDGRID_KEY


@contextmanager
def sandbox(home: Path, *, product_url: str | None = None, market: Market | None = None) -> Iterator[Running]:
    """Serve until the end of the block.

    Without `product_url` nobody is told anything. Without `market` everything is delivered and nobody does anything;
    `EVERYBODY` has everyone open, click and order within moments (growth/sandbox/market/habits.py).
    """
    product = Product(product_url, collector_key()) if product_url else None
    webhook_key = webhook_public_key(home)
    made = Sandbox(home, market=market or NOBODY, product=product)
    with socket.create_server(("127.0.0.1", 0)) as listening, _loop() as loop:
        stop = asyncio.Event()
        running = asyncio.run_coroutine_threadsafe(made.run(listening, stop), loop)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            yield Running(url, made.mailbox, made.faults, webhook_key)
        finally:
            loop.call_soon_threadsafe(stop.set)
            running.result(10)


@contextmanager
def leading_to(box: Running, **more: str) -> Iterator[None]:
    """The settings of this process, and of those it starts, lead to this sandbox; `more` are further ones."""
    given = {
        "GROWTH_SENDGRID_URL": box.url,
        "GROWTH_SENDGRID_API_KEY": box.key,
        "GROWTH_SENDGRID_WEBHOOK_KEY": box.webhook_key,
    } | more
    os.environ.update(given)
    settings.cache_clear()
    try:
        yield
    finally:
        for name in given:
            del os.environ[name]
        settings.cache_clear()


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True, name="sandbox")
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()
