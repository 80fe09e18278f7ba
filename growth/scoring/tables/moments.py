"""Dates and times as people write them: ISO, day first, month first, Chinese, with names of months."""

import re
from calendar import timegm
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

_CLOCK = (
    r"(?:[T\s]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_PARTS = re.compile(r"(?P<one>\d{1,4})([-/.])(?P<two>\d{1,2})\2(?P<three>\d{1,4})" + _CLOCK)
_CHINESE = re.compile(r"(?P<one>\d{4})年(?P<two>\d{1,2})月(?P<three>\d{1,2})日?" + _CLOCK)
_COMPACT = re.compile(
    r"(?P<one>(?:19|20)\d{2})(?P<two>[01]\d)(?P<three>[0-3]\d)"
    r"(?:T?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})Z?)?"
)
_NAMED = re.compile(r"(?P<day>\d{1,2})[-\s./]*(?P<month>[^\W\d]{3,9})\.?,?[-\s./]*(?P<year>\d{2,4})" + _CLOCK)
_NAMED_FIRST = re.compile(r"(?P<month>[^\W\d]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})" + _CLOCK)
_MONTHS = {
    name: number
    for names in (
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "янв фев мар апр май июн июл авг сен окт ноя дек",
        "янв фев мар апр мая июн июл авг сен окт ноя дек",
        "jan fev mar abr mai jun jul ago set out nov dez",
    )
    for number, name in enumerate(names.split(), 1)
}

Parsed = tuple[int, int, int, int]
"""The three parts of a date as written, and the second within the day."""


def read_moments(values: Sequence[str]) -> NDArray[np.float64]:
    """Seconds since 1970 UTC for each value, NaN where none is said. A time without a zone is taken as UTC.

    Whether 03-04-2018 is in April or in March is told by the whole column: by parts above 12, then by which reading
    lies closer together, then day first.
    """
    parsed = [_parse(value) for value in values]
    day_first = _is_day_first([found for found in parsed if found is not None])
    return np.array([_second(found, day_first=day_first) if found else np.nan for found in parsed], np.float64)


def _parse(text: str) -> Parsed | None:
    if not 6 <= len(text) <= 40:
        return None
    for pattern in (_PARTS, _CHINESE, _COMPACT):
        if found := pattern.fullmatch(text):
            return int(found["one"]), int(found["two"]), int(found["three"]), _within_day(found.groupdict())
    for pattern in (_NAMED, _NAMED_FIRST):
        found = pattern.fullmatch(text)
        if found and (month := _MONTHS.get(found["month"][:3].lower())):
            return _full_year(int(found["year"])), month, int(found["day"]), _within_day(found.groupdict())
    return None


def _within_day(found: dict[str, str | None]) -> int:
    hour, minute, second = (int(found.get(name) or 0) for name in ("hour", "minute", "second"))
    half = (found.get("half") or "").lower().replace(".", "")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    zone = found.get("zone") or "Z"
    ahead = 0
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        ahead = (int(digits[:2]) * 3600 + int(digits[2:]) * 60) * (-1 if zone[0] == "-" else 1)
    return hour * 3600 + minute * 60 + second - ahead


def _is_day_first(found: list[Parsed]) -> bool:
    loose = [one for one in found if one[0] <= 31]
    days = sum(one[0] > 12 for one in loose)
    months = sum(one[1] > 12 for one in loose)
    if days != months:
        return days > months
    spans = []
    for day_first in (True, False):
        seconds = np.array([_second(one, day_first=day_first) for one in loose], np.float64)
        known = seconds[~np.isnan(seconds)]
        spans.append(np.ptp(known) if len(known) else 0.0)
    return bool(not spans or spans[0] <= spans[1])


def _second(parsed: Parsed, *, day_first: bool) -> float:
    one, two, three, within = parsed
    if one > 31:
        year, month, day = one, two, three
    else:
        day, month = (one, two) if day_first else (two, one)
        year = _full_year(three)
    try:
        return timegm(datetime(year, month, day).timetuple()) + within  # noqa: DTZ001 - only checks the calendar
    except ValueError:
        return np.nan


def _full_year(year: int) -> int:
    return year if year > 99 else year + (1900 if year >= 70 else 2000)


def read_order(values: Sequence[str], numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Moments where values are dates; else the numbers themselves, such as a year or seconds since 1970."""
    moments = read_moments(values)
    return moments if np.isnan(moments).sum() <= np.isnan(numbers).sum() else numbers
