"""The practice mailbox for people: who got which message, and how it looks."""

import re
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from growth.errors import NotFoundError
from growth.locales import LANGUAGE_NAMES, LOCALES, closest, translate
from growth.sandbox.control import number_in
from growth.sandbox.mailbox.message import Message, locale_of
from growth.sandbox.mailbox.store import Mailbox
from growth.sandbox.wire import Request, Response

if TYPE_CHECKING:
    from jinja2 import Environment

_A_PAGE = 50
_STATIC = Path(__file__).parents[2] / "web" / "static"  # the product's own look
_KINDS = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_HTML = "text/html; charset=utf-8"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
# A message brings its own styles, and may open its links in a window of their own, but runs and fetches nothing.
_MESSAGE_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'self'"
)
_FETCHED = re.compile(r"<img\s[^>]*?src=[\"']https?:[^>]*>", re.IGNORECASE)
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)


def answer(request: Request, mailbox: Mailbox) -> Response | None:
    """The answer to somebody's browser, or None when it asks for something else."""
    if request.method not in ("GET", "HEAD"):
        return None
    if request.path.startswith("/static/"):
        return _static(request.path.removeprefix("/static/"))
    try:
        return _page(request, mailbox)
    except NotFoundError:
        return _rendered(request, "missing.html", status=404)


def _page(request: Request, mailbox: Mailbox) -> Response | None:
    match request.path.strip("/").split("/"):
        case [""]:
            return _list(request, mailbox)
        case ["messages", number]:
            message = mailbox.read(number_in(number))
            return _rendered(
                request, "message.html", message=message, language=LANGUAGE_NAMES.get(locale_of(message) or "")
            )
        case ["messages", number, "html"]:
            return in_frame(mailbox.read(number_in(number)))
    return None


def _list(request: Request, mailbox: Mailbox) -> Response:
    to = request.query.get("to", "").strip()
    before = number_in(request.query["before"]) if "before" in request.query else None
    # One more than is shown tells whether there are older ones.
    numbers = list(islice(mailbox.numbers(to, before), _A_PAGE + 1))
    shown = [mailbox.read(number) for number in numbers[:_A_PAGE]]
    older = shown[-1].number if len(numbers) > _A_PAGE else None
    return _rendered(request, "mailbox.html", messages=shown, to=to, before=before, older=older, total=len(mailbox))


def in_frame(message: Message) -> Response:
    """The message by itself, for a sandboxed frame; pictures from elsewhere are left out, as most programs do."""
    html = _FETCHED.sub("", message.html)
    base = '<base target="_blank">'
    html = _HEAD.sub(lambda head: head[0] + base, html, count=1) if _HEAD.search(html) else base + html
    return Response(200, html.encode(), _HTML, _HEADERS | {"Content-Security-Policy": _MESSAGE_POLICY})


def _static(name: str) -> Response | None:
    path = (_STATIC / name).resolve()
    if not path.is_relative_to(_STATIC) or path.suffix not in _KINDS or not path.is_file():
        return None
    return Response(200, path.read_bytes(), _KINDS[path.suffix], {"Cache-Control": "max-age=300"})


def _rendered(request: Request, template: str, *, status: int = 200, **values: object) -> Response:
    locale = _locale(request.headers.get("accept-language", ""))

    def say(sentence: str, **places: object) -> str:
        return translate(locale, sentence, **places)

    def when(moment: datetime) -> str:
        from babel.dates import format_datetime  # noqa: PLC0415 - nobody may ever look

        return f"{format_datetime(moment, 'medium', locale=locale)} UTC"

    html = _templates().get_template(template).render(locale=locale, _=say, when=when, **values)
    return Response(status, html.encode(), _HTML, _HEADERS)


def _locale(accepted: str) -> str:
    """The first language a browser asks for that is one of ours."""
    wanted = (closest(part.partition(";")[0].strip()) for part in accepted.split(","))
    return next(filter(None, wanted), LOCALES[0])


@lru_cache
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader  # noqa: PLC0415 - nobody may ever look

    return Environment(
        loader=FileSystemLoader(Path(__file__).parents[1] / "templates"), autoescape=True, trim_blocks=True
    )
