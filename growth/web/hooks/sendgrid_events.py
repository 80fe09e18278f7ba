"""SendGrid's events read into ours; what isn't about our messages, or says nothing to us, is left out.

Fields as in SendGrid's "Event Webhook Reference"; custom arguments stand beside them at the top level. Addresses,
IP addresses and browsers are not kept: who it was is known from the delivery.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from growth.campaigns.email.bounces import bounce_class
from growth.campaigns.email.machines import clicked_by_machine, opened_by_machine
from growth.campaigns.email.recipients import Recipient
from growth.campaigns.letters.feedback import Told
from growth.errors import InvalidError
from growth.events.ingest import NewEvent
from growth.ids import event_id
from growth.locales import N_

_KINDS = {
    "processed": "email_sent",
    "deferred": "email_deferred",
    "delivered": "email_delivered",
    "open": "email_open",
    "click": "email_click",
    "bounce": "email_bounce",
    "dropped": "email_dropped",
    "spamreport": "email_complaint",
    "unsubscribe": "unsubscribe",
    "group_unsubscribe": "unsubscribe",
}
_KEPT = {
    "batch": "batch",
    "reason": "reason",
    "response": "reason",
    "status": "status",
    "type": "type",
    "bounce_classification": "classification",
    "url": "url",
    "sg_machine_open": "machine",
    "asm_group_id": "group",
    "sg_message_id": "message",
}
_LONGEST = 1_000
_LARGEST_ID = 2**63 - 1


def delivery_of(sent: object) -> int | None:
    """The delivery an event names in its custom arguments, if it can be one."""
    return _number(sent, "delivery")


def letter_of(sent: object) -> int | None:
    """The letter an event names likewise; no event names both."""
    return _number(sent, "letter")


def _number(sent: object, name: str) -> int | None:
    named = sent.get(name) if isinstance(sent, dict) else None
    text = str(named) if isinstance(named, str | int) else ""
    # isdecimal alone takes digits of other scripts, and int() refuses thousands of them.
    if not (text.isascii() and text.isdecimal() and len(text) <= 19):
        return None
    return number if 0 < (number := int(text)) <= _LARGEST_ID else None


def read_events(
    batch: Sequence[object], known: Mapping[int, Recipient]
) -> tuple[list[tuple[int, NewEvent]], list[tuple[int, InvalidError]]]:
    """Position and event of those that concern our deliveries, and of those that can't be read."""
    events: list[tuple[int, NewEvent]] = []
    refused: list[tuple[int, InvalidError]] = []
    for place, sent in enumerate(batch):
        recipient = known.get(delivery_of(sent) or 0)
        if recipient is None or not isinstance(sent, dict) or str(sent.get("event")) not in _KINDS:
            continue
        try:
            events.append((place, read_event(sent, recipient)))
        except InvalidError as problem:
            refused.append((place, problem))
    return events, refused


def read_letters(batch: Sequence[object]) -> list[Told]:
    """What events tell of letters: how far each is, and whether its address is closed by it."""
    return [
        _told(letter, sent)
        for sent in batch
        if isinstance(sent, dict) and str(sent.get("event")) in _KINDS and (letter := letter_of(sent)) is not None
    ]


def _told(letter: int, sent: Mapping[str, Any]) -> Told:
    kind = _KINDS[sent["event"]]
    if kind in {"email_sent", "email_deferred"}:
        return Told(letter, "accepted")
    if kind in {"email_bounce", "email_dropped"}:
        kept = _properties(sent, kind)
        return Told(letter, "bounced", str(kept.get("reason", "")), "hard_bounce" if kept.get("hard") else None)
    return Told(letter, "delivered", closes="complaint" if kind == "email_complaint" else None)


def read_event(sent: Mapping[str, Any], recipient: Recipient) -> NewEvent:
    """One event of a kind we know. Raises InvalidError naming the field."""
    key = sent.get("sg_event_id")
    if not isinstance(key, str) or not key:
        raise InvalidError("sg_event_id", N_("The event has no id."))
    kind = _told_apart(_KINDS[sent["event"]], sent)
    return NewEvent(
        occurred_at=_moment(sent.get("timestamp")),
        event_id=event_id("sendgrid", key),
        kind=kind,
        source="sendgrid",
        side=recipient.side,
        person_id=recipient.person_id,
        delivery_id=recipient.delivery_id,
        properties={"campaign": recipient.campaign} | _properties(sent, kind),
    )


def _told_apart(kind: str, sent: Mapping[str, Any]) -> str:
    """The kind of an opening or a click that a machine made, by SendGrid's own word or the program's name."""
    program = str(sent.get("useragent") or "")
    if kind == "email_open" and (sent.get("sg_machine_open") is True or (program and opened_by_machine(program))):
        return "email_machine_open"
    if kind == "email_click" and program and clicked_by_machine(program, links_lately=1):
        return "email_machine_click"
    return kind


def _moment(timestamp: object) -> datetime:
    try:
        if isinstance(timestamp, int | float | str) and not isinstance(timestamp, bool):
            return datetime.fromtimestamp(int(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise InvalidError("timestamp", N_("The moment is missing, or isn't in seconds since 1970."))


def _properties(sent: Mapping[str, Any], kind: str) -> dict[str, Any]:
    kept = {ours: _short(sent[theirs]) for theirs, ours in _KEPT.items() if theirs in sent}
    if kind == "email_bounce":
        # "blocked" is a refusal for now, of a server rather than of the address; so is a status of 4.
        kept["hard"] = sent.get("type") != "blocked" and not str(sent.get("status", "")).startswith("4")
        kept["class"] = bounce_class(kept)
    return kept


def _short(value: object) -> object:
    return value if isinstance(value, bool | int | None) else str(value).replace("\0", "")[:_LONGEST]
