"""What SendGrid refuses in the parts of a mail: content, headers, custom arguments, substitutions."""

from collections.abc import Iterator, Mapping
from typing import Any

from growth.sandbox.sendgrid.problem import Problem

MOST_ARGUMENT_BYTES = 10_000
"""Of the custom arguments of one personalization, those of the whole mail included."""

MOST_SUBSTITUTION_BYTES = 10_000
"""Of the substitutions of one personalization, keys and values."""

_RESERVED = frozenset(
    {
        "x-sg-id",
        "x-sg-eid",
        "received",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "to",
        "from",
        "subject",
        "reply-to",
        "cc",
        "bcc",
    }
)


def check_content(mail: Mapping[str, Any]) -> Iterator[Problem]:
    """At least one part, each with type and text, `text/plain` before `text/html` before the rest (RFC 1341, 7.2)."""
    content = mail.get("content")
    if content is None and mail.get("template_id"):
        return
    if not isinstance(content, list) or not content:
        yield Problem(
            "Unless a valid template_id is provided, the content parameter is required. There must be at least one "
            "defined content block. We typically suggest both text/plain and text/html blocks are included, but only "
            "one block is required.",
            "content",
        )
        return
    kinds = []
    for position, part in enumerate(content):
        kind, value = (part.get("type"), part.get("value")) if isinstance(part, dict) else (None, None)
        kinds.append(kind)
        yield from _check_part(kind, value, f"content.{position}")
    ranks = [{"text/plain": 0, "text/html": 1}.get(str(kind), 2) for kind in kinds]
    if ranks != sorted(ranks):
        yield Problem(
            "Following RFC 1341, section 7.2, if either text/html or text/plain are to be sent in your email: "
            "text/plain needs to be first, followed by text/html, followed by any other content.",
            "content",
        )


def _check_part(kind: object, value: object, field: str) -> Iterator[Problem]:
    if not isinstance(kind, str) or not kind:
        yield Problem("Your content type must be a string with length of at least one character.", f"{field}.type")
    elif any(mark in kind for mark in ";\r\n"):
        yield Problem("Cannot contain ';', or CRLF characters.", f"{field}.type")
    if not isinstance(value, str) or not value:
        yield Problem("The content value must be a string at least one character in length.", f"{field}.value")


def check_headers(headers: object, field: str) -> Iterator[Problem]:
    """Strings under ASCII names that are not the provider's own."""
    if headers is None:
        return
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        yield Problem("The header values must be strings.", field)
        return
    if len({name.lower() for name in headers}) < len(headers):
        yield Problem("The headers cannot contain duplicate keys.", field)
    for name in headers:
        if not name.isascii() or any(mark.isspace() for mark in name) or not name:
            yield Problem("Header keys cannot contain non-ASCII characters and empty spaces.", field)
        elif name.lower() in _RESERVED:
            yield Problem(f"Header can not be one of the reserved keys: {', '.join(sorted(_RESERVED))}.", field)


def check_custom_args(given: object, shared: Mapping[str, object], field: str) -> Iterator[Problem]:
    """Strings, not too many bytes together with those `shared` by the whole mail."""
    if given is None:
        return
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        yield Problem("All values of custom arguments object must be strings.", field)
    elif not given:
        yield Problem("custom_args cannot be empty.", field)
    elif _bytes({**shared, **given}) > MOST_ARGUMENT_BYTES:
        yield Problem(
            "The combined size of both global and personalization custom arguments may not exceed 10,000 bytes per "
            "personalization.",
            field,
        )


def check_substitutions(given: object, field: str) -> Iterator[Problem]:
    """Strings, not too many bytes."""
    if given is None:
        return
    if not isinstance(given, dict) or not all(tag and isinstance(value, str) for tag, value in given.items()):
        yield Problem(
            "The substitution values must be an object of key/value pairs, where the values are all strings.", field
        )
    elif _bytes(given) > MOST_SUBSTITUTION_BYTES:
        yield Problem("Substitutions are limited to 10,000 bytes per personalization block.", field)


def _bytes(given: Mapping[str, object]) -> int:
    return sum(len(name.encode()) + len(str(value).encode()) for name, value in given.items())
