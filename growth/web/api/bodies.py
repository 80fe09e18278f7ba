"""JSON as it comes from strangers: perhaps compressed, perhaps a bomb, perhaps with half an emoji in it."""

import json
import zlib
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from growth.errors import InvalidError
from growth.locales import N_

_GZIP = 31  # window bits that tell zlib to expect gzip's header (zlib manual, inflateInit2)


async def _raw(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect:
        raise HTTPException(400) from None


RawBody = Annotated[bytes, Depends(_raw)]
"""The bytes as they came, for what is signed."""


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its Content-Encoding, at most `limit` bytes.

    Raises HTTPException 413 for more and 415 for another encoding than gzip, InvalidError for a broken one.
    """
    if encoding in {"", "identity"}:
        return body
    if encoding != "gzip":
        raise HTTPException(415)
    unpacking = zlib.decompressobj(_GZIP)
    try:
        plain = unpacking.decompress(body, limit + 1)
    except zlib.error:
        plain = b""
    if len(plain) > limit:
        raise HTTPException(413)
    if not unpacking.eof or unpacking.unused_data:
        raise InvalidError("body", N_("The compressed body is broken or was cut short."))
    return plain


def read_json(body: bytes) -> Any:
    """What the body says. Raises InvalidError when it isn't JSON in UTF-8."""
    try:
        return orjson.loads(body)
    except ValueError:
        pass
    try:
        # A script that cuts a text cuts emoji in half, which only this slower reader takes.
        return orjson.loads(json.dumps(json.loads(body.decode()), ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise InvalidError("body", N_("This is not JSON in UTF-8.")) from None
