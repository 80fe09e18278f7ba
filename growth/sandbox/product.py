"""The product as people and providers reach it from outside: by HTTP, and only ever on this machine."""

import asyncio
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import orjson

from growth.errors import RefusedError, TransientError
from growth.locales import N_

_PATIENCE = 10.0
_LARGEST_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Heard:
    """What the product answered. Names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_well(self) -> bool:
        """Whether it did what was asked."""
        return 200 <= self.status < 400


@dataclass(frozen=True)
class Product:
    """Where the product is. Raises RefusedError for any place but this machine."""

    url: str
    collector_key: str

    def __post_init__(self) -> None:
        """Check the address."""
        if not _on_this_machine(urlsplit(self.url).hostname or ""):
            raise RefusedError(N_("The sandbox talks to nothing but this machine."))

    async def get(self, path: str) -> Heard:
        """A person's program fetches a page or picture; a redirect isn't followed. Raises TransientError."""
        return await self._ask("GET", path, b"", {})

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Heard:
        """Raises TransientError when there is no answer."""
        return await self._ask("POST", path, body, headers)

    async def tell(self, events: Sequence[Mapping[str, Any]]) -> Heard:
        """Our own sites tell what happened on them, as a server that has the collector's key."""
        headers = {
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
            "Authorization": f"Bearer {self.collector_key}",
        }
        return await self.post("/e", gzip.compress(orjson.dumps({"events": events}), 3), headers)

    async def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Heard:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._exchange(method, path, body, headers)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise TransientError(N_("The product doesn't answer.")) from error

    async def _exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Heard:
        where = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port or 80, limit=_LARGEST_HEAD)
        try:
            sent = {"Host": where.netloc, "User-Agent": "growth-sandbox", "Accept": "*/*", **headers}
            sent |= {"Content-Length": str(len(body)), "Connection": "close"}
            lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
            writer.write("\r\n".join(lines).encode("latin-1") + body)
            status, heard = _read_head(await reader.readuntil(b"\r\n\r\n"))
            # At most what is of use; the rest is cut off with the connection.
            return Heard(status, heard, await reader.read(_LARGEST_HEAD))
        finally:
            writer.close()


def _read_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split(" ")[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}


def _on_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
