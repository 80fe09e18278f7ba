"""SendGrid's own client, with an end to every call: the whole of it, not each wait for the next letter."""

import socket
import threading
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from io import BytesIO
from types import TracebackType
from typing import Any, Self
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener
from urllib.response import addinfourl

from python_http_client import Client
from sendgrid import SendGridAPIClient


class NoAnswerError(Exception):
    """The call failed without an answer; `reached` says whether anything of it can have been taken."""

    def __init__(self, reason: str, *, reached: bool) -> None:
        super().__init__(reason)
        self.reached = reached


class Call:
    """One request and its answer. At the deadline its connection is shut, wherever it is by then."""

    def __init__(self, seconds: float) -> None:
        self.reached = False
        self.over = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._timer.cancel()

    def opener(self) -> OpenerDirector:
        """What opens the request, over connections that this call can shut."""
        return build_opener(_Plain(self), _Secure(self), _Staying())

    def connected(self, through: socket.socket) -> None:
        """From here on the request is sent. Raises TimeoutError when it is too late for that."""
        self._socket = through
        if self.over:
            raise TimeoutError("timed out")
        self.reached = True

    def _shut(self) -> None:
        self.over = True
        if self._socket is not None:
            with suppress(OSError):  # it may have ended this moment
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # below TLS, which another thread is in


class _Connection(HTTPConnection):
    def __init__(self, *given: Any, call: Call, **more: Any) -> None:
        super().__init__(*given, **more)
        self._call = call

    def connect(self) -> None:
        super().connect()
        self._call.connected(self.sock)


class _SecureConnection(_Connection, HTTPSConnection):
    """The same through TLS: the next in line after ours is HTTPSConnection."""


class _Plain(HTTPHandler):
    def __init__(self, call: Call) -> None:
        super().__init__()
        self._call = call

    def http_open(self, req: Request) -> Any:
        return self.do_open(partial(_Connection, call=self._call), req)


class _Secure(HTTPSHandler):
    def __init__(self, call: Call) -> None:
        super().__init__()
        self._call = call

    def https_open(self, req: Request) -> Any:
        return self.do_open(partial(_SecureConnection, call=self._call), req)


class _Staying(HTTPRedirectHandler):
    """Led elsewhere, the request would become a GET, whose answer says nothing about our messages."""

    def redirect_request(self, *_: Any) -> None:
        """Nowhere: so it is an answer that refuses."""


class DeadlineClient(Client):  # type: ignore[misc]  # the package is untyped
    """The client, whose `timeout` is for the whole call."""

    def _build_client(self, name: str | None = None) -> "DeadlineClient":
        path = [*self._url_path, name] if name else self._url_path
        return DeadlineClient(self.host, self.request_headers, self._version, path, self.append_slash, self.timeout)

    def _make_request(self, opener: OpenerDirector, request: Request, timeout: float | None = None) -> addinfourl:
        """The whole answer. Raises NoAnswerError, and the client's HTTPError for an answer that refuses."""
        del opener
        with Call(timeout or self.timeout) as call:
            try:
                answer = super()._make_request(call.opener(), request, timeout)
                body = BytesIO(answer.read())
            except (OSError, HTTPException) as error:  # URLError is an OSError, the client's HTTPError is none
                reason = "timed out" if call.over else str(getattr(error, "reason", error)) or type(error).__name__
                raise NoAnswerError(reason, reached=call.reached) from error
        return addinfourl(body, answer.headers, request.full_url, answer.status)


def client(key: str, url: str) -> DeadlineClient:
    """SendGrid's client with the headers it makes for this key."""
    made = SendGridAPIClient(key, host=url.rstrip("/")).client
    return DeadlineClient(made.host, made.request_headers, made._version)  # noqa: SLF001 - it tells nobody
