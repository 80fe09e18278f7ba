"""The sandbox as a process, with a market where everybody opens, clicks and orders: `… HOME PORT PRODUCT_URL`."""

import asyncio
import signal
import socket
import sys
from pathlib import Path

from growth.events.collecting import collector_key
from growth.sandbox.market.habits import EVERYBODY
from growth.sandbox.product import Product
from growth.sandbox.serving import Sandbox


async def main(home: str, port: str, product_url: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    product = Product(product_url, collector_key())
    with socket.create_server(("127.0.0.1", int(port))) as listening:
        await Sandbox(Path(home), market=EVERYBODY, product=product).run(listening, stop)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
