"""POST /v3/mail/send and GET /v3/scopes, as SendGrid answers them."""

import base64
import logging
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import orjson

from growth.clock import Clock
from growth.sandbox.faults import Allowance, Fault, Faults, RateLimit
from growth.sandbox.keys import SENDGRID_KEY
from growth.sandbox.mailbox.store import Mailbox
from growth.sandbox.sendgrid.checking import problems
from growth.sandbox.sendgrid.problem import Problem, error_body
from growth.sandbox.wire import Answer, Dripping, Misbehaviour, Request, Response, in_json

LARGEST_BODY = 30 * 1024 * 1024
"""Bytes of a request to send, all in."""

SCOPES = ["mail.send", "mail.batch.create", "mail.batch.read", "user.webhooks.event.settings.read"]

_REFUSALS = {
    Fault.TOO_LARGE: (413, "Your request exceeds the 30 MB limit."),
    Fault.SUSPENDED: (403, "Your account is suspended."),
    Fault.UNAVAILABLE: (503, "service unavailable"),
}

_LOG = logging.getLogger("growth.sandbox")


@dataclass(frozen=True)
class SendGrid:
    """The part of SendGrid's API we use."""

    mailbox: Mailbox
    faults: Faults
    limit: RateLimit
    clock: Clock
    accepted: Callable[[], None]
    """Called after messages were accepted."""

    def answer(self, request: Request) -> Answer | None:
        """The answer to a request below /v3, or None for any other."""
        if not request.path.startswith("/v3/"):
            return None
        if request.headers.get("authorization") != f"Bearer {SENDGRID_KEY}":
            message = "The provided authorization grant is invalid, expired, or revoked"
            return self._with_date(_refusal(401, Problem(message, None)))
        match request.method, request.path:
            case "POST", "/v3/mail/send":
                return self._with_date(self._send(request))
            case "GET", "/v3/scopes":
                return self._with_date(in_json(200, {"scopes": SCOPES}))
            case _, "/v3/mail/send" | "/v3/scopes":
                return self._with_date(_refusal(405, Problem("method not allowed", None)))
        return self._with_date(_refusal(404, Problem("not found", None)))

    def _send(self, request: Request) -> Answer:
        now = self.clock.now()
        allowance = self.limit.take(now.timestamp())
        fault = self.faults.next()
        if not allowance.allowed or fault is Fault.RATE_LIMIT:
            return _too_many(allowance)
        if fault is not None and not fault.accepts:
            return _misbehave(fault)
        answer = self._accept(request, allowance)
        if fault is None or answer.status != 202:
            return answer
        return Dripping(answer, self.faults.drip_seconds) if fault is Fault.ACCEPT_THEN_DRIP else _misbehave(fault)

    def _accept(self, request: Request, allowance: Allowance) -> Response:
        if request.too_large:
            return _refusal(413, Problem("Your request exceeds the 30 MB limit.", None))
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return _refusal(415, Problem("Content-Type should be application/json.", None))
        try:
            mail = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            return _refusal(400, Problem("Bad Request", None))
        if found := problems(mail, self.clock.now()):
            return _refusal(400, *found)
        if ((mail.get("mail_settings") or {}).get("sandbox_mode") or {}).get("enable"):
            return Response(200, headers=allowance.headers())
        return self._keep(mail, allowance)

    def _keep(self, mail: dict[str, Any], allowance: Allowance) -> Response:
        request_id = base64.urlsafe_b64encode(uuid4().bytes).rstrip(b"=").decode()
        try:
            self.mailbox.accept(mail, request_id, self.clock.now())
        except OSError:
            _LOG.exception("A request to send was not kept")
            return _refusal(503, Problem("service unavailable", None))
        self.accepted()
        return Response(202, headers={"X-Message-Id": request_id, **allowance.headers()})

    def _with_date(self, answer: Answer) -> Answer:
        response = answer.response if isinstance(answer, Dripping) else answer
        if isinstance(response, Response):
            response.headers.setdefault("Date", format_datetime(self.clock.now(), usegmt=True))
        return answer


def _misbehave(fault: Fault) -> Answer:
    if fault in (Fault.HANG, Fault.ACCEPT_THEN_HANG):
        return Misbehaviour.HANG
    if fault in (Fault.DROP, Fault.ACCEPT_THEN_DROP):
        return Misbehaviour.DROP
    if fault is Fault.ACCEPT_THEN_HALF:
        return Misbehaviour.HALF
    status, message = _REFUSALS.get(fault, (500, "internal server error"))
    return _refusal(status, Problem(message, None))


def _too_many(allowance: Allowance) -> Response:
    headers = allowance.headers() | {"X-RateLimit-Remaining": "0"}
    return _refusal(429, Problem("too many requests", None), headers=headers)


def _refusal(status: int, *found: Problem, headers: dict[str, str] | None = None) -> Response:
    answer = in_json(status, error_body(found))
    answer.headers.update(headers or {})
    return answer
