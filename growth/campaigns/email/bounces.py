"""Why a message bounced: the provider's own class where it names one, else what the receiving server's words say."""

import re
from collections.abc import Mapping
from typing import Any

CLASSES = ("invalid", "mailbox", "reputation", "content", "volume", "technical", "unclassified")
"""invalid: the address doesn't exist; mailbox: it is full or out of use for now; reputation: the receiver distrusts the
sender; content: or the message; volume: too much at once; technical: the servers didn't understand each other."""

# SendGrid, "Bounce and Block Classifications".
_NAMED = {
    "invalid address": "invalid",
    "mailbox unavailable": "mailbox",
    "reputation": "reputation",
    "content": "content",
    "frequency/volume": "volume",
    "frequency or volume too high": "volume",
    "technical": "technical",
    "technical failure": "technical",
}

# Enhanced status codes: RFC 3463 and the registry of RFC 5248; the words are those of the large receivers.
_BY_STATUS = (
    (re.compile(r"[45]\.1\.(?:0|1|2|3|6|10)$"), "invalid"),
    (re.compile(r"[45]\.2\.[0-4]$"), "mailbox"),
    (re.compile(r"[45]\.7\.(?:2[0-9]|606|1|509|515)$"), "reputation"),
    (re.compile(r"[45]\.(?:6\.\d+|3\.4)$"), "content"),
    (re.compile(r"4\.7\.(?:0|28|650)$"), "volume"),
    (re.compile(r"[45]\.(?:3|4|5)\.\d+$"), "technical"),
)
_BY_WORDS = (
    (re.compile(r"does not exist|user unknown|no such user|unknown user|invalid (?:recipient|address)"), "invalid"),
    (re.compile(r"mailbox (?:is )?full|over quota|quota exceeded|insufficient storage|mailbox (?:un|not )"), "mailbox"),
    (re.compile(r"rate.?limit|too many (?:messages|connections)|throttl|try again later"), "volume"),
    (re.compile(r"spam|content|virus|message rejected|policy reasons"), "content"),
    (re.compile(r"block|black.?list|reputation|spamhaus|barracuda|dmarc|spf|dkim|unsolicited"), "reputation"),
    (re.compile(r"get mx|dns|time.?out|timed out|connect|tls|lookup|protocol"), "technical"),
)


def bounce_class(properties: Mapping[str, Any]) -> str:
    """One of `CLASSES`, from an event's `classification`, `status` and `reason`."""
    named = _NAMED.get(str(properties.get("classification") or "").strip().lower())
    if named:
        return named
    status = str(properties.get("status") or "").strip()
    told = str(properties.get("reason") or "").lower()
    if not status:
        found = re.search(r"\b([245]\.\d{1,3}\.\d{1,3})\b", told)
        status = found[1] if found else ""
    for rules, text in ((_BY_STATUS, status), (_BY_WORDS, told)):
        for pattern, name in rules:
            if pattern.search(text):
                return name
    return "unclassified"
