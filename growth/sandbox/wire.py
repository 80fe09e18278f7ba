"""A small HTTP/1.1 server that can also misbehave: hang, or break the connection off."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

_LOG = logging.getLogger("growth.sandbox")
_HEAD = 64 * 1024
_IDLE = 75.0


@dataclass(frozen=True)
class Request:
    """What was asked. Names of headers are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    too_large: bool = False
    """The body was longer than the server takes, and thrown away."""


@dataclass(frozen=True)
class Response:
    """An answer."""

    status: int
    body: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class Misbehaviour(Enum):
    """An answer that never comes."""

    HANG = "hang"
    DROP = "drop"
    HALF = "half"
    """The beginning of an answer, then the end of the connection."""


@dataclass(frozen=True)
class Dripping:
    """An answer that comes letter by letter."""

    response: Response
    seconds: float
    """Between two letters."""


Answer = Response | Misbehaviour | Dripping
Answering = Callable[[Request], Awaitable[Answer]]


def in_json(status: int, content: object, **headers: str) -> Response:
    """An answer in JSON."""
    return Response(status, orjson.dumps(content), headers={name.replace("_", "-"): v for name, v in headers.items()})


class BadRequestError(Exception):
    """Not HTTP as we read it."""


class Wire:
    """One connection after the other, each in a task of its own."""

    def __init__(self, answering: Answering, largest_body: int) -> None:
        self._answering = answering
        self._largest = largest_body
        self._connections: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection until its end."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError, TimeoutError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def end(self) -> None:
        """End the connections that are open."""
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; whether the connection is to go on."""
        try:
            async with asyncio.timeout(_IDLE):
                request = await read_request(reader, writer, self._largest)
        except (BadRequestError, ValueError, asyncio.LimitOverrunError):
            writer.write(_packed(Response(400, b'{"errors":[{"message":"Bad Request"}]}'), keep=False))
            await writer.drain()
            return False
        answer = await self._answer(request)
        if isinstance(answer, Misbehaviour):
            await _misbehave(answer, reader, writer)
            return False
        if isinstance(answer, Dripping):
            for letter in _packed(answer.response, keep=False):
                writer.write(bytes([letter]))
                await writer.drain()
                await asyncio.sleep(answer.seconds)
            return False
        keep = request.headers.get("connection", "").lower() != "close"
        writer.write(_packed(answer, keep=keep, with_body=request.method != "HEAD"))
        await writer.drain()
        return keep

    async def _answer(self, request: Request) -> Answer:
        if not is_from_here(request):
            return in_json(403, {"errors": [{"message": "only for programs and pages of this machine"}]})
        try:
            return await self._answering(request)
        except Exception:  # noqa: BLE001 - a fault of one answer must not end the server
            _LOG.exception("The sandbox failed at %s %s", request.method, request.path)
            return in_json(500, {"errors": [{"message": "internal server error", "field": None, "help": None}]})


async def _misbehave(how: Misbehaviour, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if how is Misbehaviour.HANG:
        await reader.read()  # until the other side has had enough
        return
    if how is Misbehaviour.HALF:
        whole = _packed(Response(202, headers={"X-Message-Id": "cut off"}), keep=False)
        writer.write(whole[: len(b"HTTP/1.1 2")])  # a status of which nobody knows what it was to be
        await writer.drain()
    writer.transport.abort()


def is_from_here(request: Request) -> bool:
    """Whether it was meant for this machine and no page of a stranger makes it.

    A browser can be led here by a foreign name that points at 127.0.0.1, which the Host header gives away, and by
    another site's form or script, which Sec-Fetch-Site and Origin do.
    """
    host = request.headers.get("host", "")
    if not is_loopback(host):
        return False
    if request.method in {"GET", "HEAD"}:
        return True
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    return site in {None, "same-origin", "none"} and origin in {None, f"http://{host}"}


def is_loopback(host: str) -> bool:
    """Whether a Host header names this machine."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, largest: int) -> Request:
    """The next request. Raises EOFError at the connection's end, BadRequestError for what isn't HTTP."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3:
        raise BadRequestError
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadRequestError
        headers[name.strip().lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await _body(reader, headers, largest)
    target = urlsplit(words[1])
    query = dict(parse_qsl(target.query))
    return Request(words[0], unquote(target.path), query, headers, body or b"", too_large=body is None)


async def _body(reader: asyncio.StreamReader, headers: dict[str, str], largest: int) -> bytes | None:
    """The body, or None when it is larger than allowed; it is read to its end, so that the answer is heard."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        kept = bytearray()
        total = 0
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            total += size
            kept += (await reader.readexactly(size))[: max(0, largest - len(kept))]
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
        return bytes(kept) if total <= largest else None
    length = int(headers.get("content-length", "0"))
    if length <= largest:
        return await reader.readexactly(length)
    left = length
    while left and (piece := await reader.read(min(left, 1 << 20))):
        left -= len(piece)
    return None


def _packed(response: Response, *, keep: bool, with_body: bool = True) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if response.body:
        lines.append(f"Content-Type: {response.kind}")
    lines += [f"Content-Length: {len(response.body)}", f"Connection: {'keep-alive' if keep else 'close'}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + (response.body if with_body else b"")
