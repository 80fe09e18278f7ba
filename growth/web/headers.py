"""What every answer carries: the content policy and its companions; and the last net for unexpected errors."""

from collections.abc import Mapping

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from growth.web.failures import too_large, unexpected

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
_TLS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


class Headers:
    """Adds the headers that a route has not set itself, and turns what nobody caught into a page."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app = app
        self.headers = _ALWAYS | (_TLS if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        wire = Wire(send, self.headers)

        async def with_words(message: Message) -> None:
            if wire.replaced:
                return
            if _bare_refusal(message):
                wire.replaced = True
                await too_large(request)(scope, receive, wire.send)
                return
            await wire.send(message)

        try:
            await self.app(scope, receive, with_words)
        except Exception as error:
            if wire.started:
                raise
            await unexpected(request, error)(scope, receive, wire.send)


class Wire:
    """Sends, adding headers at the start, and remembers whether it has started."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.started = False
        self.replaced = False

    async def send(self, message: Message) -> None:
        """One message of an answer."""
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
        await self._send(message)


def _bare_refusal(message: Message) -> bool:
    """Whether it begins Starlette's own answer to a body that is too large, which has no words for people."""
    if message["type"] != "http.response.start" or message["status"] != 413:
        return False
    return str(MutableHeaders(scope=message).get("content-type", "")).startswith("text/plain")
