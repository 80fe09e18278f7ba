"""The choices above a report of channels: countries, languages, periods and what they are compared with."""

from typing import Any

from fastapi import Request

from growth.locales import LANGUAGE_NAMES, N_
from growth.measurement.languages import LANGUAGES, OTHER
from growth.measurement.periods import LENGTHS
from growth.measurement.report import Report
from growth.web.channel_wanted import OWN
from growth.web.formats import month_text
from growth.web.people_words import country_name
from growth.web.rendering import locale_of, said

MONTHS = 13
"""That the list of periods offers."""


def controls(request: Request, found: Report) -> dict[str, Any]:
    """What `channel_controls.html` needs beside `wanted`, `report` and `errors`."""
    return {
        "own": OWN,
        "lengths": LENGTHS,
        "months": _months(request, found),
        "cut_languages": [(one, language_label(request, one)) for one in LANGUAGES],
        "countries": _countries(request, found),
        "than": _than(request, found),
    }


def language_label(request: Request, language: str) -> str:
    """A language by which figures are cut, in its own name."""
    return said(request, N_("Other languages")) if language == OTHER else LANGUAGE_NAMES[language]


def _months(request: Request, found: Report) -> list[tuple[str, str]]:
    """The last ones, as an address has them and in words."""
    place = found.today.year * 12 + found.today.month - 1
    firsts = [
        found.today.replace(year=one // 12, month=one % 12 + 1, day=1) for one in range(place, place - MONTHS, -1)
    ]
    return [(f"{first:%Y-%m}", month_text(first, locale_of(request))) for first in firsts]


def _countries(request: Request, found: Report) -> list[tuple[str, str]]:
    """All that somebody came from, by name, and the one that is asked for."""
    locale = locale_of(request)
    codes = {code for code, _ in found.countries if code} | ({found.country} if found.country else set())
    return sorted(((code, country_name(code, locale)) for code in codes), key=lambda one: one[1])


def _than(request: Request, found: Report) -> str:
    """What the changes are changes on."""
    if found.against is None:
        return ""
    if found.against != found.period.before:
        return said(request, N_("on a year before"))
    return said(request, N_("on %(days)s days before"), days=found.against.length)
