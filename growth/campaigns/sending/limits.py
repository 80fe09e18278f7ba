"""What each rule of sending may be, checked and in its one stored form."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from growth.errors import InvalidError
from growth.locales import LOCALES, N_
from growth.people.email_addresses import normal_email

DAY_MINUTES = 24 * 60
LONGEST_QUIET = 20 * 60
"""Minutes: there have to be some in which something may be sent."""
MOST_SEEDS = 20
MOST_RECEIVERS = 50
MOST_PER_HOUR = 10_000_000
POLICIES = ("send", "leave_out")

_RANGES = {
    "most_per_day": (1, 100),
    "most_per_week": (1, 500),
    "per_hour": (1, MOST_PER_HOUR),
    "approval_from": (1, 1_000_000_000),
    "warm_up_first": (1, 1_000_000),
    "warm_up_growth": (101, 1_000),
    "warm_up_days": (1, 365),
    "bounce_limit": (1, 10_000),
    "complaint_limit": (1, 10_000),
    "soft_bounces": (1, 100),
    "quiet_from": (0, DAY_MINUTES - 1),
    "quiet_until": (0, DAY_MINUTES - 1),
}
_NULLABLE = {"most_per_day", "most_per_week", "per_hour", "approval_from", "quiet_from", "quiet_until"}


def checked(changes: Mapping[str, Any], stored: Any) -> dict[str, Any]:
    """The fields as they are stored; `stored` has those that aren't changed, as attributes.

    Raises InvalidError for the first that isn't right.
    """
    wanted = {field: _checked(field, value) for field, value in changes.items()}
    _quiet({name: wanted.get(name, getattr(stored, name)) for name in ("quiet_from", "quiet_until")})
    return wanted


def _checked(field: str, value: Any) -> Any:
    if field in _RANGES:
        return None if value is None and field in _NULLABLE else _number(field, value, *_RANGES[field])
    if field not in _CHECKS:
        raise InvalidError(field, N_("There is no rule “%(name)s”."), name=field[:40])
    return _CHECKS[field](value)


def _number(field: str, value: Any, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InvalidError(field, N_("Give a whole number from %(least)s to %(most)s."), least=least, most=most)
    return value


def _quiet(hours: Mapping[str, int | None]) -> None:
    begin, end = hours["quiet_from"], hours["quiet_until"]
    if begin is None and end is None:
        return
    if begin is None or end is None:
        missing = "quiet_from" if begin is None else "quiet_until"
        raise InvalidError(missing, N_("Quiet hours have a beginning and an end, or neither."))
    if not 0 < (end - begin) % DAY_MINUTES <= LONGEST_QUIET:
        raise InvalidError("quiet_until", N_("Quiet hours last at most %(hours)s hours."), hours=LONGEST_QUIET // 60)


def _numbers(field: str, most_keys: int, most: int) -> Callable[[Any], dict[str, int]]:
    def check(value: Any) -> dict[str, int]:
        if not isinstance(value, Mapping) or len(value) > most_keys:
            raise InvalidError(field, N_("Give at most %(most)s limits."), most=most_keys)
        names = {str(name).strip().lower(): number for name, number in value.items()}
        if any(not name or len(name) > 253 or not name.isprintable() or " " in name for name in names):
            raise InvalidError(field, N_("Name each limit by a word or a domain, such as mail.ru."))
        return {name: _number(field, number, 1, most) for name, number in sorted(names.items())}

    return check


def _policy(field: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in POLICIES:
            raise InvalidError(field, N_("Choose whether such addresses are written to or left out."))
        return str(value)

    return check


def _warm_up(value: Any) -> date | None:
    if value is not None and not isinstance(value, date):
        raise InvalidError("warm_up_since", N_("Give the first day of the warm-up."))
    return value


def _seeds(value: Any) -> list[dict[str, str]]:
    if not isinstance(value, list) or len(value) > MOST_SEEDS:
        raise InvalidError("seeds", N_("Give at most %(most)s own addresses."), most=MOST_SEEDS)
    return list({seed["email"]: seed for seed in map(_seed, value)}.values())


def _seed(one: Any) -> dict[str, str]:
    locale = one.get("locale") if isinstance(one, Mapping) else None
    if locale not in LOCALES:
        raise InvalidError("seeds", N_("Give each own address a language of ours."))
    try:
        return {"email": normal_email(str(one.get("email", ""))), "locale": locale}
    except InvalidError as error:
        raise InvalidError("seeds", error.message, remedy=error.remedy, **error.values) from None


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "most_by_purpose": _numbers("most_by_purpose", 20, 500),
    "per_receiver": _numbers("per_receiver", MOST_RECEIVERS, MOST_PER_HOUR),
    "role_addresses": _policy("role_addresses"),
    "disposable_addresses": _policy("disposable_addresses"),
    "warm_up_since": _warm_up,
    "seeds": _seeds,
}
