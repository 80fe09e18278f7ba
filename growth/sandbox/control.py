"""What tests and curious people tell the sandbox, and ask it: faults, rate limit, messages."""

from typing import Any

import orjson

from growth.errors import GrowthError, InvalidError, NotFoundError
from growth.locales import N_
from growth.sandbox.faults import Faults, RateLimit
from growth.sandbox.mailbox.message import Message
from growth.sandbox.mailbox.store import Mailbox
from growth.sandbox.wire import Request, Response, in_json

_AT_ONCE = 100
_LARGEST = 100_000


def answer(request: Request, mailbox: Mailbox, faults: Faults, limit: RateLimit) -> Response | None:
    """The answer to a request below /sandbox, or None for any other."""
    if not request.path.startswith("/sandbox/"):
        return None
    try:
        return _answer(request, mailbox, faults, limit)
    except NotFoundError as error:
        return in_json(404, {"error": str(error)})
    except InvalidError as error:
        return in_json(422, {"field": error.field, "error": str(error)})
    except GrowthError as error:
        return in_json(400, {"error": str(error)})


def _answer(request: Request, mailbox: Mailbox, faults: Faults, limit: RateLimit) -> Response:
    match request.method, request.path:
        case "GET", "/sandbox/faults":
            return in_json(200, {"coming": faults.coming()})
        case "POST", "/sandbox/faults":
            asked = _asked(request)
            faults.next_requests(str(asked.get("fault")), _count(asked, "requests", 1))
            return in_json(200, {"coming": faults.coming()})
        case "DELETE", "/sandbox/faults":
            faults.clear()
            return in_json(200, {"coming": []})
        case "POST", "/sandbox/rate-limit":
            asked = _asked(request)
            limit.set(_count(asked, "requests", 0), _count(asked, "seconds", 1))
            return in_json(200, asked)
        case "GET", "/sandbox/messages":
            return _messages(request, mailbox)
        case "GET", path if path.startswith("/sandbox/messages/"):
            return in_json(200, in_full(mailbox.read(number_in(path.rpartition("/")[2]))))
    raise NotFoundError(N_("The sandbox knows no %(path)s."), path=request.path)


def _messages(request: Request, mailbox: Mailbox) -> Response:
    """Messages after a number, oldest first; with `to` those to one address."""
    after, most = number_in(request.query.get("after", "0")), number_in(request.query.get("limit", str(_AT_ONCE)))
    if address := request.query.get("to"):
        numbers = sorted(number for number in mailbox.numbers(f"\n{address}\n") if number > after)
    else:
        numbers = list(range(after + 1, min(len(mailbox), after + min(most, _AT_ONCE)) + 1))
    shown = numbers[: min(most, _AT_ONCE)]
    brief = [in_brief(mailbox.read(number)) for number in shown]
    return in_json(200, {"messages": brief, "total": len(mailbox), "after": shown[-1] if shown else after})


def in_brief(message: Message) -> dict[str, Any]:
    """A message without its text."""
    return {
        "number": message.number,
        "id": message.id,
        "accepted_at": message.accepted_at,
        "to": message.recipient,
        "from": message.sender,
        "subject": message.subject,
        "headers": message.headers,
        "custom_args": message.custom_args,
    }


def in_full(message: Message) -> dict[str, Any]:
    """A message with its text."""
    return in_brief(message) | {"text": message.text, "html": message.html}


def number_in(text: str) -> int:
    """A number from an address. Raises NotFoundError."""
    if not text.isascii() or not text.isdigit() or len(text) > 16:
        raise NotFoundError(N_("There is no message %(number)s."), number=text[:40])
    return int(text)


def _asked(request: Request) -> dict[str, Any]:
    try:
        asked = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        asked = None
    if not isinstance(asked, dict):
        raise InvalidError("body", N_("Send one JSON object."))
    return asked


def _count(asked: dict[str, Any], name: str, default: int) -> int:
    value = asked.get(name, default)
    if not isinstance(value, int) or not 0 <= value <= _LARGEST:
        raise InvalidError(name, N_("Give a whole number."))
    return value
