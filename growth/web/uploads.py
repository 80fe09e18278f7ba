"""Receiving a file of a form: written to disk as it arrives, so that memory doesn't grow with its size."""

import hashlib
from pathlib import Path
from typing import IO, Any

from anyio import to_thread
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from growth.database.disk import failure
from growth.errors import InvalidError
from growth.locales import N_
from growth.people.importing.uploads import Received

UNLIMITED = 1 << 50
"""`max_body_size` of a route that counts for itself."""
_LONGEST_NAME = 200


async def receive_file(request: Request, field: str, path: Path, *, most: int) -> Received:
    """Write the file of a multipart form's `field` to `path`, which must not exist yet.

    Raises InvalidError, with the field, when there is none or it has more than `most` bytes, and PermanentError for
    a full disk. Nothing is left of a file that didn't arrive whole.
    """
    arriving = _Arriving(field, _made(path))
    try:
        await _read(request, _parser(request, arriving), arriving, most=most)
    except BaseException as error:
        _forget(path)
        if isinstance(error, OSError):
            raise failure(error, path.parent.parent) from error
        raise
    finally:
        arriving.file.close()
    return Received(path, arriving.filename, arriving.digest.digest(), arriving.lines)


def _made(path: Path) -> IO[bytes]:
    path.touch(mode=0o600, exist_ok=False)
    return path.open("wb")


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)


def _parser(request: Request, arriving: "_Arriving") -> MultipartParser:
    _, options = parse_options_header(request.headers.get("content-type"))
    try:
        return MultipartParser(options.get(b"boundary", b"none"), arriving.callbacks())
    except FormParserError:
        raise _missing(arriving.field) from None


async def _read(request: Request, parser: MultipartParser, arriving: "_Arriving", *, most: int) -> None:
    size = 0
    async for block in request.stream():
        size += len(block)
        if size <= most and block:
            await to_thread.run_sync(_parsed, parser, block, arriving.field)
        # What is too large is read to its end all the same: a browser shows an answer only after that.
        elif size > 4 * most:
            break
    if size > most:
        raise InvalidError(
            arriving.field,
            N_("This file is larger than %(most)s MB."),
            remedy=N_("Split it, or bring it in with “growth people import”."),
            most=most // 1_000_000,
        )
    if not arriving.whole:
        raise _missing(arriving.field)


def _parsed(parser: MultipartParser, block: bytes, field: str) -> None:
    try:
        parser.write(block)
    except FormParserError:
        raise _missing(field) from None


def _missing(field: str) -> InvalidError:
    return InvalidError(field, N_("Choose a file."))


class _Arriving:
    """What the parser calls: keeps the parts of one field, and passes over all others."""

    def __init__(self, field: str, file: IO[bytes]) -> None:
        self.field = field
        self.filename = ""
        self.digest = hashlib.sha256()
        self.lines = 0
        self.whole = False
        self.file = file
        self._header = [b"", b""]
        self._wanted = False

    def callbacks(self) -> Any:
        """By the parser's own names."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda piece, start, end: self._extend(0, piece[start:end]),
            "on_header_value": lambda piece, start, end: self._extend(1, piece[start:end]),
            "on_header_end": self._header_end,
            "on_part_data": self._part,
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._wanted = False
        self._header = [b"", b""]

    def _extend(self, which: int, piece: bytes) -> None:
        self._header[which] += piece

    def _header_end(self) -> None:
        name, value = self._header
        self._header = [b"", b""]
        if name.lower() == b"content-disposition":
            _, options = parse_options_header(value)
            filename = options.get(b"filename", b"").decode(errors="replace")
            self._wanted = not self.whole and options.get(b"name") == self.field.encode() and bool(filename)
            if self._wanted:
                self.filename = clean_name(filename)

    def _part(self, piece: bytes, start: int, end: int) -> None:
        if self._wanted:
            part = piece[start:end]
            self.file.write(part)
            self.digest.update(part)
            self.lines += part.count(b"\n")

    def _end(self) -> None:
        self.whole = self.whole or self._wanted
        self._wanted = False


def clean_name(filename: str) -> str:
    """The last part of a file's name, of printable letters and not endless."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[-_LONGEST_NAME:] or "people.csv"
