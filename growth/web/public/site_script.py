"""`/g/{version}.js`: the script that our sites load to tell what happens on them."""

import hashlib

from fastapi import APIRouter, Request, Response

from growth.events.rules import Rules
from growth.settings import settings
from growth.web.access import public
from growth.web.static_files import StaticFile, files

router = APIRouter()

_HOUR = "public, max-age=3600"
_YEAR = "public, max-age=31536000, immutable"
_FOR_ALL = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
}


def _script() -> StaticFile:
    return files()["site.js"]


def version() -> str:
    """Twelve letters that change with the script."""
    return hashlib.sha256(_script().plain).hexdigest()[:12]


@router.get("/g/{asked}.js", dependencies=[public()])
async def site_script(request: Request, asked: str) -> Response:
    """The script; under its present version it may be kept for a year, under an older one for an hour."""
    script = _script()
    headers = _FOR_ALL | {"Cache-Control": _YEAR if asked == version() else _HOUR}
    if script.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(script.zipped, media_type=script.kind, headers=headers | {"Content-Encoding": "gzip"})
    return Response(script.plain, media_type=script.kind, headers=headers)


def snippet(rules: Rules) -> str:
    """What goes into the head of every page of our sites."""
    kept = " ".join(name for name, respected in (("gpc", rules.respects_gpc), ("dnt", rules.respects_dnt)) if respected)
    sites = f' data-sites="{" ".join(rules.sites)}"' if rules.sites else ""
    return f'<script async src="{settings().public_url}/g/{version()}.js"{sites} data-signals="{kept}"></script>'
