"""A message alone in its frame: under a policy of its own, as light or dark mail programs show it."""

from fastapi import Response
from fastapi.responses import HTMLResponse

from growth.settings import settings

FRAMED = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
"""The policy of a message in its frame: it needs its own inline styles and pictures, and may do nothing."""
SCHEMES = ("auto", "light", "dark")


def framed(html: str, scheme: str = "auto", *, status: int = 200) -> Response:
    """An answer for a frame; `scheme` is one of SCHEMES, `auto` leaves it to the reader's own setting."""
    # Our own pictures from here, wherever the public address leads.
    shown = html.replace(f"{settings().public_url}/static/", "/static/")
    return HTMLResponse(in_scheme(shown, scheme), status, headers={"Content-Security-Policy": FRAMED})


def in_scheme(html: str, scheme: str) -> str:
    """The message as programs in a colour scheme show it: its media queries are answered beforehand."""
    if scheme not in {"light", "dark"}:
        return html
    answer = "all" if scheme == "dark" else "not all"
    return html.replace("(prefers-color-scheme: dark)", answer).replace(
        "color-scheme: light dark", f"color-scheme: {scheme}"
    )
