"""The sandbox as a server: the pretend SendGrid, its mailbox, and the people and visitors of the market."""

import asyncio
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from growth.clock import Clock, SystemClock
from growth.events.collecting import collector_key
from growth.sandbox import control
from growth.sandbox.aftermath import Aftermath
from growth.sandbox.dice import Dice
from growth.sandbox.faults import Faults, RateLimit
from growth.sandbox.keys import webhook_private_key
from growth.sandbox.mailbox import pages
from growth.sandbox.mailbox.message import Message
from growth.sandbox.mailbox.progress import Progress
from growth.sandbox.mailbox.store import Mailbox
from growth.sandbox.market.habits import NOBODY, Market
from growth.sandbox.market.replies import Replies
from growth.sandbox.market.switches import Off
from growth.sandbox.market.traffic import Traffic
from growth.sandbox.product import Product
from growth.sandbox.resting import resting_now
from growth.sandbox.sendgrid.sending import LARGEST_BODY, SendGrid
from growth.sandbox.wire import Answer, Request, Wire, in_json


def serve(
    listening_socket: socket.socket,
    *,
    home: Path,
    database_url: str,
    product_url: str,
) -> None:
    """Serve until SIGTERM or Ctrl-C. People are known by their mail alone; the database tells what rests."""
    product, resting = Product(product_url, collector_key()), partial(resting_now, database_url)

    async def main() -> None:
        stop = asyncio.Event()
        for which in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(which, stop.set)
        await Sandbox(home, market=Market(), product=product, resting=resting).run(listening_socket, stop)

    asyncio.run(main())


class Sandbox:
    """Everything the sandbox is made of. Without a product nobody is told anything, and nobody comes."""

    def __init__(
        self,
        home: Path,
        *,
        market: Market = NOBODY,
        product: Product | None = None,
        clock: Clock | None = None,
        resting: Callable[[], tuple[Off, ...]] = tuple,
    ) -> None:
        self.clock = clock or SystemClock()
        self.home = home
        self.market = market
        self.product = product
        self.resting = resting
        self.mailbox = Mailbox(home / "sandbox")
        self.faults = Faults()
        self.limit = RateLimit()
        self.accepted = asyncio.Event()
        self.sendgrid = SendGrid(self.mailbox, self.faults, self.limit, self.clock, self.accepted.set)

    async def run(self, listening: socket.socket, stop: asyncio.Event) -> None:
        """Serve on a listening socket until `stop`."""
        wire = Wire(self._answer, LARGEST_BODY)
        async with AsyncExitStack() as stack:
            stack.callback(self.mailbox.close)
            server = await asyncio.start_server(wire.connected, sock=listening, limit=256 * 1024)
            stack.push_async_callback(wire.end)
            stack.callback(server.close)
            async with asyncio.TaskGroup() as group:
                lives = [group.create_task(life) for life in self._lives(stack)]
                await stop.wait()
                for life in lives:
                    life.cancel()

    def _lives(self, stack: AsyncExitStack) -> Iterator[Coroutine[None, None, None]]:
        if self.product is None:
            return
        folder = self.home / "sandbox"
        progress = Progress(folder)
        stack.callback(progress.close)
        replies = Replies(self.market, self._wrote_before)
        key = webhook_private_key(self.home)
        yield Aftermath(self.mailbox, progress, replies, self.product, key, self.clock, self.accepted).run()
        if self.market.visitors:
            dice = Dice(self.market.seed)
            yield Traffic(folder / "visited", dice, self.product, self.clock, self.resting).run()

    def _wrote_before(self, message: Message) -> bool:
        return any(self.mailbox.numbers(f"\n{message.recipient}\n", before=message.number))

    async def _answer(self, request: Request) -> Answer:
        if (sent := self.sendgrid.answer(request)) is not None:
            await asyncio.sleep(self.faults.answer_seconds)
            return sent
        return (
            control.answer(request, self.mailbox, self.faults, self.limit)
            or pages.answer(request, self.mailbox)
            or in_json(404, {"errors": [{"message": "not found", "field": None, "help": None}]})
        )
