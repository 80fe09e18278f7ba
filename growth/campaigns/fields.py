"""What a marketer sets of a campaign, each field checked and in its one stored form."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from growth.campaigns.audiences.conditions import checked as checked_conditions
from growth.campaigns.occasions.causes import checked_trigger
from growth.campaigns.occasions.recurring import checked_recurrence
from growth.campaigns.states import Kind
from growth.errors import InvalidError
from growth.locales import N_

SIDES = {"buyer": N_("Buyers"), "seller": N_("Sellers")}
LONGEST_NAME = 120
LARGEST_HOLDOUT = 50
FASTEST = 10_000_000
"""Messages an hour; more is no limit."""
LONGEST_WITHIN = 240
"""Hours after its moment from which on nothing is sent any more."""


def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are stored. Raises InvalidError for the first that isn't right."""
    return {field: _CHECKS[field](value) for field, value in changes.items()}


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise InvalidError("name", N_("Give the campaign a name."))
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidError("name", N_("A name has at most %(most)s visible characters."), most=LONGEST_NAME)
    return name


def _side(side: str) -> str:
    if side not in SIDES:
        raise InvalidError("side", N_("A campaign is for buyers or for sellers."))
    return side


def _holdout(percent: int) -> int:
    if not 0 <= percent <= LARGEST_HOLDOUT:
        raise InvalidError("holdout_percent", N_("Hold out between 0 and %(most)s percent."), most=LARGEST_HOLDOUT)
    return percent


def _kind(kind: str) -> str:
    if kind not in set(Kind):
        raise InvalidError("kind", N_("Choose how often it goes out."))
    return kind


def _timing(wanted: Mapping[str, Any]) -> dict[str, Any]:
    ends = str(wanted.get("within_hours") or "").strip()
    if ends and not (ends.isascii() and ends.isdecimal() and len(ends) < 4 and 1 <= int(ends) <= LONGEST_WITHIN):
        raise InvalidError("within_hours", N_("Give 1 to %(most)s hours, or nothing."), most=LONGEST_WITHIN)
    within = {"within_hours": int(ends)} if ends else {}
    if wanted.get("mode") in {"at_once", "usual_hour"}:
        return {"mode": wanted["mode"]} | within
    if wanted.get("mode") != "local_hour":
        raise InvalidError("timing", N_("Choose at which hour people get it."))
    hour = str(wanted.get("hour", "")).strip()
    if not (hour.isascii() and hour.isdecimal() and len(hour) < 3 and int(hour) < 24):
        raise InvalidError("hour", N_("Give an hour of the day, from 0 to 23."))
    return {"mode": "local_hour", "hour": int(hour)} | within


def _per_hour(number: int | None) -> int | None:
    if number is not None and not 1 <= number <= FASTEST:
        raise InvalidError("per_hour", N_("Give a number of messages an hour, or nothing for as fast as it goes."))
    return number


def per_hour_in(text: str) -> int | None:
    """A speed as it was typed; nothing means no limit. Raises InvalidError."""
    typed = "".join(text.replace("\u202f", "").replace(",", "").split())
    if not typed:
        return None
    return _per_hour(int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else 0)


def _or_none(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda wanted: None if wanted is None else check(wanted)


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "name": _name,
    "side": _side,
    "message": str,
    "message_version": _or_none(int),
    "list_id": _or_none(int),
    "holdout_percent": _holdout,
    "audience": checked_conditions,
    "audience_version_id": _or_none(int),
    "kind": _kind,
    "recurrence": _or_none(checked_recurrence),
    "trigger": _or_none(checked_trigger),
    "timing": _timing,
    "per_hour": _per_hour,
    "scheduled_at": _or_none(lambda moment: moment),
}


def moment_in(text: str, zone: str, now: datetime) -> datetime:
    """The moment of a date and time of day as it was typed (`2026-11-25 10:00`, with or without T), in a time zone.

    Where clocks are put back and it comes twice, the first. Raises InvalidError, field `at`.
    """
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError:
        raise _unreadable() from None
    if len(text.strip()) <= len("2026-11-25") or local.tzinfo is not None:
        raise _unreadable()
    # Far from the ends of the calendar, so that no time zone leads beyond them.
    if local.year < 2000:
        raise past()
    if local.year > now.year + 2:
        raise InvalidError("at", N_("Choose a moment in the next two years."))
    placed = local.replace(tzinfo=ZoneInfo(zone))
    moment = placed.astimezone(now.tzinfo)
    if moment.astimezone(placed.tzinfo).replace(tzinfo=None) != local:
        raise InvalidError("at", N_("Clocks are put forward then, so this time is left out."))
    return moment


def past() -> InvalidError:
    """What is said of a moment that has passed."""
    return InvalidError("at", N_("This moment has passed."), remedy=N_("Choose a later one, or send it now."))


def _unreadable() -> InvalidError:
    return InvalidError("at", N_("Give a date and a time, such as 2026-11-25 10:00."))


def day_start_in(text: str, zone: str) -> datetime:
    """The moment that a day, typed as `2026-11-25`, begins in a time zone. Raises InvalidError for `joined_after`."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = date.min
    if not 1970 <= day.year <= 2100:
        raise InvalidError("joined_after", N_("Give a date, such as 2026-11-25."))
    return datetime.combine(day, time(), ZoneInfo(zone))
