"""One message as its recipient gets it: substitutions done, headers put together."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from growth.locales import closest

_LANGUAGE = re.compile(r"<html[^>]*\slang=[\"']([A-Za-z_-]+)[\"']", re.IGNORECASE)
_LISTS = ("to", "cc", "bcc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What lies in one recipient's mailbox."""

    number: int
    """Counted from 1 in the order of acceptance."""
    id: str
    """X-Message-Id of the request it came with, the same for all recipients of the request."""
    accepted_at: datetime
    send_at: datetime
    recipient: str
    """Address in lower case."""
    name: str | None
    sender: str
    sender_name: str | None
    subject: str
    headers: dict[str, str]
    text: str
    html: str
    custom_args: dict[str, str]
    categories: list[str]
    tracks_opens: bool
    """Whether SendGrid is to report opens; it does unless told not to."""
    tracks_clicks: bool
    group: int | None
    """Unsubscribe group, if the mail names one."""


def copies(mail: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One row for each recipient of a mail that was accepted: address, name, and the personalization's own values."""
    for one in mail["personalizations"]:
        own = {key: value for key, value in one.items() if key not in _LISTS}
        for recipient in (person for name in _LISTS for person in one.get(name) or []):
            yield {"email": recipient["email"].lower(), "name": recipient.get("name"), "own": own}


def compose(number: int, shared: Mapping[str, Any], row: Mapping[str, Any]) -> Message:
    """The message of one row; `shared` is its request: `id`, `at` and the `mail` without its personalizations."""
    mail, own = shared["mail"], row["own"]
    places = own.get("substitutions") or {}

    def fill(text: str) -> str:
        for tag, value in places.items():
            text = text.replace(tag, value)
        return text

    def fill_all(name: str) -> dict[str, str]:
        merged = {**(mail.get(name) or {}), **(own.get(name) or {})}
        return {key: fill(value) for key, value in merged.items()}

    content = {part["type"].lower(): part["value"] for part in mail.get("content") or []}
    tracking = mail.get("tracking_settings") or {}
    accepted_at = datetime.fromtimestamp(shared["at"], UTC)
    send_at = own.get("send_at") or mail.get("send_at") or 0
    return Message(
        number=number,
        id=shared["id"],
        accepted_at=accepted_at,
        send_at=max(accepted_at, datetime.fromtimestamp(send_at, UTC)),
        recipient=row["email"],
        name=row["name"],
        sender=mail["from"]["email"],
        sender_name=mail["from"].get("name"),
        subject=fill(own.get("subject") or mail.get("subject") or ""),
        headers=fill_all("headers"),
        text=fill(content.get("text/plain", "")),
        html=fill(content.get("text/html", "")),
        custom_args=fill_all("custom_args"),
        categories=list(mail.get("categories") or []),
        tracks_opens=_enabled(tracking, "open_tracking"),
        tracks_clicks=_enabled(tracking, "click_tracking"),
        group=(mail.get("asm") or {}).get("group_id"),
    )


def _enabled(tracking: Mapping[str, Any], name: str) -> bool:
    return bool((tracking.get(name) or {}).get("enable", True))


def locale_of(message: Message) -> str | None:
    """The language of ours that a message says it is in, if any."""
    found = _LANGUAGE.search(message.html[:2_000])
    return closest(found[1]) if found else None
