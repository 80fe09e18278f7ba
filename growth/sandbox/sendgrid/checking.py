"""What SendGrid refuses in a mail, and in which words.

Rules and sentences are those of its page "Mail Send errors" (twilio.com/docs/sendgrid/api-reference/mail-send/errors).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from growth.sandbox.sendgrid.parts import check_content, check_custom_args, check_headers, check_substitutions
from growth.sandbox.sendgrid.problem import Problem

MOST_PERSONALIZATIONS = 1_000
MOST_RECIPIENTS = 1_000
_LONGEST_ADDRESS = 320
_ADDRESS = re.compile(r"[^\s@<>(),;:\"\\\[\]]+@[A-Za-z0-9\u0080-\uffff-]+(\.[A-Za-z0-9\u0080-\uffff-]+)+")
_EXAMPLE = 'e.g. {"email": "example@example.com"} or {"email": "example@example.com", "name": "Example Recipient"}.'
_LISTS = ("to", "cc", "bcc")


def problems(mail: object, now: datetime) -> list[Problem]:
    """Everything that is wrong with the body of a request to send; nothing when it is to be accepted."""
    if not isinstance(mail, dict):
        return [Problem("Bad Request", None)]
    return list(_problems(mail, now))


def _problems(mail: Mapping[str, Any], now: datetime) -> Iterator[Problem]:
    yield from _check_sender(mail)
    yield from _check_personalizations(mail, now)
    yield from _check_send_at(mail.get("send_at"), now, "send_at")
    yield from _check_subject(mail.get("subject"), "subject", required=not _each_has_subject(mail))
    yield from check_content(mail)
    yield from check_headers(mail.get("headers"), "headers")
    yield from check_custom_args(mail.get("custom_args"), {}, "custom_args")
    yield from _check_categories(mail.get("categories"))
    yield from _check_settings(mail)


def _check_sender(mail: Mapping[str, Any]) -> Iterator[Problem]:
    if mail.get("from") is None:
        yield Problem(
            "The from object must be provided for every email send. It is an object that requires the email "
            f"parameter, but may also contain a name parameter. {_EXAMPLE}",
            "from.email",
        )
    elif not _is_addressee(mail["from"]):
        yield Problem("The from email does not contain a valid address.", "from.email")
    if mail.get("reply_to") is not None and not _is_addressee(mail["reply_to"]):
        yield Problem("The reply_to email does not contain a valid address.", "reply_to.email")


def _check_personalizations(mail: Mapping[str, Any], now: datetime) -> Iterator[Problem]:
    given = mail.get("personalizations")
    if not isinstance(given, list) or not given:
        yield Problem(
            "The personalizations field is required and must have at least one personalization.", "personalizations"
        )
        return
    if len(given) > MOST_PERSONALIZATIONS:
        yield Problem(
            f"The personalization block is limited to {MOST_PERSONALIZATIONS} personalizations per API request. "
            f"You have provided {len(given)} personalizations. Please consider splitting this into multiple "
            "requests and resending your request.",
            "personalizations",
        )
    recipients = 0
    for position, one in enumerate(given):
        if not isinstance(one, dict):
            yield Problem("Each personalization must be an object.", f"personalizations.{position}")
            continue
        recipients += sum(len(one[name]) for name in _LISTS if isinstance(one.get(name), list))
        yield from _check_one(one, mail, f"personalizations.{position}")
        yield from _check_send_at(one.get("send_at"), now, f"personalizations.{position}.send_at")
    if recipients > MOST_RECIPIENTS:
        yield Problem(
            f"There is a limit of {MOST_RECIPIENTS} total recipients (to + cc + bcc) per request.", "personalizations"
        )


def _check_one(one: Mapping[str, Any], mail: Mapping[str, Any], field: str) -> Iterator[Problem]:
    if not one.get("to"):
        yield Problem(
            "The to array is required for all personalization objects, and must have at least one email object "
            "with a valid email address.",
            f"{field}.to",
        )
    yield from _check_recipients(one, field)
    yield from _check_subject(one.get("subject"), f"{field}.subject", required=False)
    yield from check_headers(one.get("headers"), f"{field}.headers")
    shared = mail.get("custom_args")
    yield from check_custom_args(
        one.get("custom_args"), shared if isinstance(shared, dict) else {}, f"{field}.custom_args"
    )
    yield from check_substitutions(one.get("substitutions"), f"{field}.substitutions")


def _check_recipients(one: Mapping[str, Any], field: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for name in _LISTS:
        listed = one.get(name) or []
        if not isinstance(listed, list):
            yield Problem(f"The {name} parameter must be an array of email objects. {_EXAMPLE}", f"{field}.{name}")
            continue
        for position, recipient in enumerate(listed):
            if not _is_addressee(recipient):
                yield Problem("Does not contain a valid address.", f"{field}.{name}.{position}.email")
            elif (address := recipient["email"].lower()) in seen:
                yield Problem(
                    "Each email address in the personalization block should be unique between to, cc, and bcc. "
                    f"We found the first duplicate instance of [{address}] in the {field}.{name} field.",
                    field,
                )
                return
            else:
                seen.add(address)


def _is_addressee(given: object) -> bool:
    if not isinstance(given, dict):
        return False
    email, name = given.get("email"), given.get("name")
    return (
        isinstance(email, str)
        and len(email) <= _LONGEST_ADDRESS
        and _ADDRESS.fullmatch(email) is not None
        and (name is None or isinstance(name, str))
    )


def _each_has_subject(mail: Mapping[str, Any]) -> bool:
    given = mail.get("personalizations")
    return isinstance(given, list) and all(isinstance(one, dict) and one.get("subject") for one in given)


def _check_subject(subject: object, field: str, *, required: bool) -> Iterator[Problem]:
    if subject is None:
        if required:
            yield Problem(
                "The subject is required. You can get around this requirement if you use a template with a subject "
                "defined or if every personalization has a subject defined.",
                field,
            )
    elif not isinstance(subject, str) or not subject:
        yield Problem("The subject of your email must be a string at least one character in length.", field)


def _check_send_at(moment: object, now: datetime, field: str) -> Iterator[Problem]:
    if moment is None:
        return
    if not isinstance(moment, int) or isinstance(moment, bool):
        yield Problem("The send_at parameter is expecting a Unix timestamp as an integer.", field)
    elif moment < 0 or moment > now.timestamp() + 72 * 3600:
        yield Problem("Scheduling more than 72 hours in advance is forbidden.", field)


def _check_categories(given: object) -> Iterator[Problem]:
    if given is None:
        return
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        yield Problem("Categories must be an array of strings.", "categories")
    elif len(given) > 10:
        yield Problem(
            f"There is a limit of 10 categories for each email that is sent. You provided {len(given)} categories.",
            "categories",
        )
    elif len(set(given)) < len(given):
        yield Problem("The categories must be a unique list.", "categories")
    else:
        for position, one in enumerate(given):
            if len(one) > 255:
                yield Problem("Each category must not be longer than 255 characters.", f"categories.{position}")
            if not one.isascii():
                yield Problem("Categories can not contain non-ASCII characters.", f"categories.{position}")


def _check_settings(mail: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("mail_settings", "tracking_settings"):
        given = mail.get(name) or {}
        if not isinstance(given, dict) or not all(isinstance(one, dict) for one in given.values()):
            yield Problem(f"The {name} parameter must be an object of objects.", name)
    group = mail.get("asm") or {}
    if not isinstance(group, dict) or (group and type(group.get("group_id")) is not int):
        yield Problem("The ASM group ID must be an integer.", "asm.group_id")
