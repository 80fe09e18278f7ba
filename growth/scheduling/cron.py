"""Cron expressions as everybody writes them, read into the fields of APScheduler's trigger.

APScheduler 3 counts Monday as 0, cron counts Sunday as 0: days of the week become names here.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from apscheduler.triggers.cron import CronTrigger

from growth.errors import InvalidError
from growth.locales import N_

_PART = re.compile(r"(?:\*|(?P<first>[a-z]+|\d)(?:-(?P<last>[a-z]+|\d))?)(?:/(?P<step>[1-7]))?", re.ASCII)
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Fields(NamedTuple):
    """The five fields; `day_of_week` is `*` or names."""

    minute: str
    hour: str
    day: str
    month: str
    day_of_week: str


@lru_cache(maxsize=512)
def parse(expression: str) -> Fields:
    """Read a cron expression. Raises InvalidError with what is wrong with it."""
    parts = expression.lower().split()
    if len(parts) != 5 or not expression.isascii() or len(expression) > 200:
        raise InvalidError(
            "expression",
            N_("A cron expression has five parts: minute, hour, day of the month, month, day of the week."),
        )
    minute, hour, day, month, weekday = parts
    if day not in {"*", "?"} and weekday not in {"*", "?"}:
        raise InvalidError("expression", N_("Give days of the month or days of the week, not both."))
    fields = Fields(minute, hour, day.replace("?", "*"), month, _weekdays(weekday))
    try:
        CronTrigger(**fields._asdict(), timezone="UTC")
    except (ValueError, TypeError) as error:
        sentence = N_("“%(expression)s” is no cron expression.")
        raise InvalidError("expression", sentence, expression=expression) from error
    return fields


def _weekdays(field: str) -> str:
    if field in {"*", "?"}:
        return "*"
    found: set[str] = set()
    for part in field.split(","):
        found |= _some_weekdays(part)
    return ",".join(day for day in _DAYS[1:] if day in found)


def _some_weekdays(part: str) -> set[str]:
    """`1-5`, `fri-mon`, `*/2`, `sun`."""
    read = _PART.fullmatch(part)
    if read is None:
        raise _no_weekday(part)
    first, last, step = read["first"] or "0", read["last"] or ("" if read["first"] else "6"), read["step"]
    start, stride = _weekday(first), int(step or 1)
    end = _weekday(last) if last else 6 if step else start
    if end < start:  # fri-mon goes around
        end += 7
    return {_DAYS[day % 7] for day in range(start, end + 1, stride)}


def _weekday(text: str) -> int:
    if text in _DAYS:
        return _DAYS.index(text)
    if text in {"0", "1", "2", "3", "4", "5", "6", "7"}:
        return int(text)
    raise _no_weekday(text)


def _no_weekday(text: str) -> InvalidError:
    return InvalidError("expression", N_("“%(text)s” is no day of the week."), text=text)
