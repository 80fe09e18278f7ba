"""What SendGrid tells of a message, as its event webhook puts it.

Fields are those of its page "Event Webhook Reference" (twilio.com/docs/sendgrid/for-developers/tracking-events/event).
"""

import base64
from typing import Any

import orjson

from growth.sandbox.dice import Dice
from growth.sandbox.mailbox.message import Message
from growth.sandbox.market.replies import Step, What, event_key

_PROGRAMS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0 Mobile Safari/537.36",
)


def as_told(message: Message, step: Step, dice: Dice, link: str) -> dict[str, Any]:
    """One event; the message's custom arguments stand beside its fields. `link` is what a click followed."""
    told = {
        **message.custom_args,
        "email": message.recipient,
        "timestamp": int(step.at.timestamp()),
        "smtp-id": f"<{message.id}@geopod-ismtpd-0>",
        "event": _NAMES.get(step.what, step.what.value),
        "sg_event_id": base64.urlsafe_b64encode(event_key(message, step, dice)).rstrip(b"=").decode(),
        "sg_message_id": f"{message.id}.recvd-sandbox-{message.number}",
        **_MORE.get(step.what, {}),
    }
    if message.categories:
        told["category"] = message.categories
    if step.what in _BY_PEOPLE:
        told["useragent"] = dice.one_of(_PROGRAMS, "program", message.recipient)
        told["ip"] = f"203.0.113.{int(dice.between(1, 255, 'address', message.recipient))}"
    if step.what is What.CLICK:
        told |= {"url": link, "url_offset": {"index": 0, "type": "html"}}
    if step.what is What.GROUP_UNSUBSCRIBE:
        told["asm_group_id"] = message.group
    return told


def payload(events: list[dict[str, Any]]) -> bytes:
    """The body of a POST. Its signature covers the line ends too, of which SendGrid sends some."""
    return b"[" + b",\r\n".join(orjson.dumps(event) for event in events) + b"]\r\n"


_NAMES: dict[What, str] = {What.BLOCKED: "bounce"}
_BY_PEOPLE = (What.OPEN, What.CLICK, What.GROUP_UNSUBSCRIBE)
_MORE: dict[What, dict[str, Any]] = {
    What.DROPPED: {"reason": "Bounced Address", "status": "5.0.0"},
    What.DEFERRED: {"response": "421 4.7.0 Try again later", "attempt": "1"},
    What.DELIVERED: {"response": "250 2.0.0 OK", "tls": 1},
    What.BOUNCE: {
        "reason": "550 5.1.1 The email account that you tried to reach does not exist",
        "status": "5.1.1",
        "type": "bounce",
        "bounce_classification": "Invalid Address",
    },
    What.BLOCKED: {
        "reason": "552 5.2.2 The recipient's mailbox is full",
        "status": "5.2.2",
        "type": "blocked",
        "bounce_classification": "Mailbox Unavailable",
    },
    What.OPEN: {"sg_machine_open": False},
}
