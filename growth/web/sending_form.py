"""The form of the rules of sending: from what is stored to what is typed, and back."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import BaseModel

from growth.campaigns.sending.records import SendingRules
from growth.errors import InvalidError
from growth.locales import N_

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_PAIR = re.compile(r"(?P<name>\S.*?)\s+(?P<number>[0-9][0-9\s]*)", re.ASCII)
_LONGEST = 20_000


class SendingForm(BaseModel):
    """The fields as they were typed; an empty one is no limit, where there may be none."""

    quiet_from: str = ""
    quiet_until: str = ""
    most_per_day: str = ""
    most_per_week: str = ""
    most_by_purpose: str = ""
    per_hour: str = ""
    per_receiver: str = ""
    warm_up_since: str = ""
    warm_up_first: str = ""
    warm_up_growth: str = ""
    warm_up_days: str = ""
    bounce_limit: str = ""
    complaint_limit: str = ""
    approval_from: str = ""
    role_addresses: str = ""
    disposable_addresses: str = ""
    soft_bounces: str = ""
    seeds: str = ""

    def changes(self) -> tuple[dict[str, Any], dict[str, InvalidError]]:
        """The values as they are stored, and what is wrong with those that can't be read, by field."""
        found: dict[str, Any] = {}
        wrong: dict[str, InvalidError] = {}
        for field, read in _READ.items():
            try:
                found[field] = read(field, str(getattr(self, field)).strip()[:_LONGEST])
            except InvalidError as error:
                wrong[field] = error
        return found, wrong


def typed(rules: SendingRules) -> SendingForm:
    """What is stored, as one would type it."""
    return SendingForm(**{field: shown(field, getattr(rules, field)) for field in SendingForm.model_fields})


def shown(field: str, value: Any) -> str:
    """A stored value as it is typed."""
    if value is None:
        return ""
    if field in {"quiet_from", "quiet_until"}:
        return f"{value // 60:02}:{value % 60:02}"
    if field in {"bounce_limit", "complaint_limit"}:
        return f"{Decimal(value) / 100:f}"
    if field == "seeds":
        return "\n".join(f"{one['email']} {one['locale']}" for one in value)
    if isinstance(value, Mapping):
        return "\n".join(f"{name} {number}" for name, number in value.items())
    return str(value)


def _number(field: str, text: str) -> int:
    plain = "".join(text.split())
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= 18):
        raise InvalidError(field, N_("Give a whole number."))
    return int(plain)


def _number_or_none(field: str, text: str) -> int | None:
    return _number(field, text) if text else None


def _minute(field: str, text: str) -> int | None:
    if not text:
        return None
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise InvalidError(field, N_("Give a time of day, such as 21:00."))
    return int(found[1]) * 60 + int(found[2])


def _percent(field: str, text: str) -> int:
    """In ten-thousandths."""
    try:
        share = Decimal(text.replace(",", ".").removesuffix("%").strip()) * 100
    except InvalidOperation:
        share = Decimal("NaN")
    if not share.is_finite() or share != share.to_integral_value() or not -10_000 <= share <= 100_000:
        raise InvalidError(field, N_("Give a percentage with at most two digits after the point, such as 0.2."))
    return int(share)


def _day(field: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidError(field, N_("Give a day, such as 2026-11-24.")) from None


def _pairs(field: str, text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in filter(str.strip, text.splitlines()):
        pair = _PAIR.fullmatch(line.strip())
        if pair is None:
            raise InvalidError(field, N_("Give each a line of its own, such as mail.ru 3000."))
        found[pair["name"].lower()] = _number(field, pair["number"])
    return found


def _seeds(_field: str, text: str) -> list[dict[str, str]]:
    lines = [line.split() for line in text.splitlines() if line.strip()]
    return [{"email": words[0], "locale": words[1] if len(words) > 1 else "en"} for words in lines]


def _word(_field: str, text: str) -> str:
    return text


_READ: Mapping[str, Callable[[str, str], Any]] = {
    **dict.fromkeys(("quiet_from", "quiet_until"), _minute),
    **dict.fromkeys(("most_per_day", "most_per_week", "per_hour", "approval_from"), _number_or_none),
    **dict.fromkeys(("warm_up_first", "warm_up_growth", "warm_up_days", "soft_bounces"), _number),
    **dict.fromkeys(("bounce_limit", "complaint_limit"), _percent),
    **dict.fromkeys(("most_by_purpose", "per_receiver"), _pairs),
    **dict.fromkeys(("role_addresses", "disposable_addresses"), _word),
    "warm_up_since": _day,
    "seeds": _seeds,
}


def read_value(field: str, text: str) -> Any:
    """One field as it is stored, for the command line. Raises InvalidError for a field that isn't there."""
    if field not in _READ:
        raise InvalidError(field[:40], N_("There is no rule “%(name)s”."), name=field[:40])
    return _READ[field](field, text.strip())
