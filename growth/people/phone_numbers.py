"""Phone numbers in their one written form: `+` and digits (ITU-T E.164), read as Google's libphonenumber reads them."""

import re
from functools import lru_cache
from typing import NamedTuple

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneMetadata,
    PhoneNumberFormat,
    format_number,
    parse,
)

_CLEAN = re.compile(r"\+[1-9][0-9]{6,14}")
_USUAL = re.compile(r"\+?[0-9(][0-9 ().-]{5,25}")
_PUNCTUATION = dict.fromkeys(map(ord, " ().-"))


def e164(text: str, country: str | None) -> str | None:
    """`text` as E.164, or None when no country has such a number.

    `country` (ISO 3166-1 alpha-2) is where a number without `+` is meant to be dialled.
    """
    usual = _usual(text, country)
    if usual is not None and _stays(usual):
        return usual
    number = _parsed(text, country)
    # Some plans let one number be read with and without a trunk prefix: go on until reading changes nothing.
    for _ in range(3):
        if number is None or _stays(number):
            break
        number, before = _parsed(number, None), number
        if number == before:
            break
    return number if number is not None and _plausible(number) else None


def _usual(text: str, country: str | None) -> str | None:
    """A number as nearly everybody writes it, `+7 916 123-45-67` or `(11) 98123-4567`; None where more is to be known.

    Only what the parser would leave as it is: nothing that begins with a trunk or exit code, or with the country's
    own calling code.
    """
    if not _USUAL.fullmatch(text):
        return None
    digits = text.translate(_PUNCTUATION)
    if digits[0] == "+":
        return digits
    plan = _plan(country) if country else None
    if plan is None or digits[0] == "0" or digits.startswith(plan.code):
        return None
    if (plan.exit and plan.exit.match(digits)) or (plan.trunk and plan.trunk.match(digits)):
        return None
    return f"+{plan.code}{digits}" if plan.national.fullmatch(digits) else None


def _parsed(text: str, country: str | None) -> str | None:
    try:
        return str(format_number(parse(text, country), PhoneNumberFormat.E164))
    except NumberParseException:
        return None


def _stays(text: str) -> bool:
    """Whether a clean number is already what the parser would make of it: a tenth of the parser's time."""
    if not _CLEAN.fullmatch(text):
        return False
    code = _calling_code(text)
    if code is None:
        return False
    trunk, national = _patterns(code)
    digits = text[1 + len(code) :]
    return not (trunk and trunk.match(digits)) and national.fullmatch(digits) is not None


def _plausible(number: str) -> bool:
    code = _calling_code(number)
    return code is not None and _patterns(code)[1].fullmatch(number[1 + len(code) :]) is not None


def _calling_code(number: str) -> str | None:
    for length in (1, 2, 3):
        if int(number[1 : 1 + length] or 0) in COUNTRY_CODE_TO_REGION_CODE:
            return number[1 : 1 + length]
    return None


class _Plan(NamedTuple):
    """How numbers are dialled in one country."""

    code: str
    exit: re.Pattern[str] | None
    trunk: re.Pattern[str] | None
    national: re.Pattern[str]


@lru_cache(maxsize=512)
def _plan(country: str) -> _Plan | None:
    known = PhoneMetadata.metadata_for_region(country)
    if known is None or known.general_desc is None or not known.general_desc.national_number_pattern:
        return None
    leaving, trunk = known.international_prefix, known.national_prefix_for_parsing
    return _Plan(
        str(known.country_code),
        re.compile(leaving) if leaving else None,
        re.compile(trunk) if trunk else None,
        re.compile(known.general_desc.national_number_pattern),
    )


@lru_cache(maxsize=512)
def _patterns(code: str) -> tuple[re.Pattern[str] | None, re.Pattern[str]]:
    """The trunk prefix of the calling code's main country, and the numbers of all its countries."""
    regions = COUNTRY_CODE_TO_REGION_CODE[int(code)]
    found = [PhoneMetadata.metadata_for_region_or_calling_code(int(code), region) for region in regions]
    plans = [plan for plan in found if plan is not None]
    prefix = plans[0].national_prefix_for_parsing
    numbers = "|".join(str(plan.general_desc.national_number_pattern) for plan in plans if plan.general_desc)
    return re.compile(prefix) if prefix else None, re.compile(numbers)
