"""What a process of ours is told when it starts."""

import socket
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Start:
    """Where everything is. A forked child gets the sockets as they are, open and listening.

    `product_url` is where this machine reaches the pages, whatever their public address is.
    """

    database_url: str
    home: Path
    product_url: str
    web: socket.socket | None = None
    sandbox: socket.socket | None = None
    offers_sample_data: bool = False
