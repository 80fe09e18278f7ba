"""What was accepted, kept in one file that only grows; in memory is no more than where each message stands in it."""

import fcntl
import os
import struct
import threading
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from growth.errors import ConflictError, NotFoundError
from growth.locales import N_
from growth.sandbox.mailbox.message import Message, compose, copies

# One request is one frame: this head, then a line for what its messages share and a line for each recipient.
_HEAD = struct.Struct(">4sIII")  # mark, bytes that follow, their CRC-32, recipients
_MARK = b"MAIL"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that was accepted: its id, the number of its first message, how many they are."""

    id: str
    first: int
    count: int


class Mailbox:
    """All messages, numbered from 1. Safe to use from several threads; one process at a time has it open.

    A message survives the sudden end of the process from the moment `accept` returns; a request that was not written
    to its end is gone with all its recipients at the next opening.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._file = os.open(folder / "mail", os.O_RDWR | os.O_CREAT, 0o600)
        self._first = array("Q")  # number of the first message of each request
        self._shared: list[array[int]] = [array("Q"), array("Q")]  # place and length of what a request's messages share
        self._rows: list[array[int]] = [array("Q"), array("Q")]  # of each message's own line
        self._addresses = bytearray(b"\n")  # in order, each ended by a line's end
        self._starts = array("Q")  # where each address starts in it
        self._shared_of = lru_cache(maxsize=4)(self._read_shared)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise ConflictError(N_("Another sandbox has this mailbox open."), remedy=N_("Stop it first.")) from None
        self._end = self._load()

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def __len__(self) -> int:
        """How many messages there are."""
        return len(self._starts)

    def accept(self, mail: Mapping[str, Any], request_id: str, now: datetime) -> Accepted:
        """Keep a checked mail, for all its recipients or, when the disk is full, for none (OSError)."""
        shared = {key: value for key, value in mail.items() if key != "personalizations"}
        rows = list(copies(mail))
        lines = [orjson.dumps(one) for one in ({"id": request_id, "at": now.timestamp(), "mail": shared}, *rows)]
        body = b"\n".join(lines)
        with self._lock:
            self._append(_HEAD.pack(_MARK, len(body), zlib.crc32(body), len(rows)) + body)
            first = len(self) + 1
            self._learn(self._end + _HEAD.size, lines, [row["email"] for row in rows])
            self._end += _HEAD.size + len(body)
        return Accepted(request_id, first, len(rows))

    def read(self, number: int) -> Message:
        """One message. Raises NotFoundError."""
        with self._lock:
            if not 0 < number <= len(self):
                raise NotFoundError(N_("There is no message %(number)s."), number=number)
            place, length = (column[number - 1] for column in self._rows)
            request = bisect_right(self._first, number) - 1
        return compose(number, self._shared_of(request), orjson.loads(os.pread(self._file, length, place)))

    def messages(self, after: int = 0) -> Iterator[Message]:
        """All from `after` on, in order."""
        number = after
        while number < len(self):
            number += 1
            yield self.read(number)

    def to(self, address: str) -> list[Message]:
        """Those to one address, in order."""
        return [self.read(number) for number in reversed(list(self.numbers(f"\n{address.lower()}\n")))]

    def numbers(self, part: str = "", before: int | None = None) -> Iterator[int]:
        r"""Numbers of messages to addresses in which `part` stands (`\n` at either end anchors it), newest first."""
        wanted = part.lower().encode()
        number = len(self) + 1 if before is None else min(before, len(self) + 1)
        while number > 1:
            if not wanted:
                number -= 1
            else:
                with self._lock:
                    limit = self._starts[number - 1] if number <= len(self) else len(self._addresses)
                    found = self._addresses.rfind(wanted, 0, limit)
                    number = bisect_right(self._starts, found + wanted.startswith(b"\n")) if found >= 0 else 0
            if number:
                yield number

    def _read_shared(self, request: int) -> dict[str, Any]:
        place, length = (column[request] for column in self._shared)
        shared: dict[str, Any] = orjson.loads(os.pread(self._file, length, place))
        return shared

    def _append(self, frame: bytes) -> None:
        left = memoryview(frame)
        try:
            while left:
                left = left[os.pwrite(self._file, left, self._end + len(frame) - len(left)) :]
        except OSError:
            os.ftruncate(self._file, self._end)
            raise

    def _learn(self, place: int, lines: list[bytes], addresses: list[str]) -> None:
        """Remember where the lines of a frame stand; the first of them is at `place`."""
        self._first.append(len(self) + 1)
        for columns, line in zip([self._shared, *[self._rows] * len(addresses)], lines, strict=True):
            columns[0].append(place)
            columns[1].append(len(line))
            place += len(line) + 1
        for address in addresses:
            self._starts.append(len(self._addresses))
            self._addresses += address.encode() + b"\n"

    def _load(self) -> int:
        """Read the file once from its start; what follows its last whole frame is cut off."""
        place = 0
        while len(head := os.pread(self._file, _HEAD.size, place)) == _HEAD.size:
            mark, length, checksum, _ = _HEAD.unpack(head)
            body = os.pread(self._file, length, place + _HEAD.size)
            if mark != _MARK or len(body) < length or zlib.crc32(body) != checksum:
                break
            lines = body.split(b"\n")
            self._learn(place + _HEAD.size, lines, [orjson.loads(line)["email"] for line in lines[1:]])
            place += _HEAD.size + length
        os.ftruncate(self._file, place)
        return place
