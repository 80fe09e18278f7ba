"""Style sheet, script, icons and fonts: read once, compressed once, cached by browsers for good."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request, Response

from growth.errors import NotFoundError
from growth.locales import N_
from growth.web.access import public

FOLDER = Path(__file__).parent / "static"
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".ico": "image/x-icon",
    ".png": "image/png",
    ".LICENSE": "text/plain; charset=utf-8",
    "": "text/plain; charset=utf-8",
}

router = APIRouter()


@dataclass(frozen=True)
class StaticFile:
    """A file's bytes, plain and gzipped where that is smaller."""

    kind: str
    plain: bytes
    zipped: bytes | None


@lru_cache
def files() -> dict[str, StaticFile]:
    """All static files by their path below the folder."""
    return {
        path.relative_to(FOLDER).as_posix(): _read(path)
        for path in sorted(FOLDER.rglob("*"))
        if path.suffix in _KINDS
        if path.is_file()
    }


def _read(path: Path) -> StaticFile:
    plain = path.read_bytes()
    zipped = None if path.suffix in {".woff2", ".png"} else gzip.compress(plain, mtime=0)
    return StaticFile(_KINDS[path.suffix], plain, zipped)


@lru_cache
def version() -> str:
    """Twelve letters that change with the content of any file."""
    digest = hashlib.sha256()
    for name, file in files().items():
        digest.update(name.encode() + b"\0" + file.plain)
    return digest.hexdigest()[:12]


def static_url(name: str) -> str:
    """Where a file is served. Raises KeyError for one that isn't there, so that a page can't ask for nothing."""
    files()[name]
    return f"/static/{version()}/{name}"


@router.get("/static/{asked}/{name:path}", dependencies=[public()])
async def static_file(request: Request, asked: str, name: str) -> Response:
    """A static file; under its current version it may be kept for a year."""
    file = files().get(name)
    if file is None:
        raise NotFoundError(N_("There is no such page."))
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if asked == version() else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if name.startswith("mail/"):
        # Pictures of messages are shown by mail programs in a browser, which are other sites.
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if file.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.zipped, media_type=file.kind, headers=headers | {"Content-Encoding": "gzip"})
    return Response(file.plain, media_type=file.kind, headers=headers)
