"""Reading single cells: yes and no, bases, moments, countries, languages and time zones, as people write them."""

import re
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.core import get_global

from growth.errors import InvalidError
from growth.locales import LOCALES, N_, closest, translate
from growth.people.consent import BASES, PURPOSES

LONGEST_NAME = 200
LONGEST_SOURCE = 500
LONGEST_WORDING = 5_000

_YES = (
    "yes y true 1 on x + opt-in subscribed granted да согласен согласна истина sim s verdadeiro 是 有 同意 已同意 ✓ ✔"
)
_NO = "no n false 0 off - opt-out unsubscribed withdrawn нет не отказ ложь não nao falso 否 无 不同意 不 ✗ ✘"
_SAYS = dict.fromkeys(_YES.split(), True) | dict.fromkeys(_NO.split(), False)
_BASIS_WORDS = {
    "согласие": "consent",
    "договор": "contract",
    "законный интерес": "legitimate_interest",
    "consentimento": "consent",
    "contrato": "contract",
    "legítimo interesse": "legitimate_interest",
    "interesse legítimo": "legitimate_interest",
    "同意": "consent",
    "合同": "contract",
    "合法利益": "legitimate_interest",
    "正当利益": "legitimate_interest",
    "explicit consent": "consent",
    "opt in": "consent",
}
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_YEAR_FIRST = re.compile(r"(\d{4})[/.年](\d{1,2})[/.月](\d{1,2})日?(?:\s+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
# Spreadsheets keep a cell that looks like a formula from being one by an apostrophe; our own rejected file does too.
_DAMAGED = re.compile("[\0\ufffd\ud800-\udfff]")
_GUARDED = re.compile(r"'[=+\-@\t\r]")


def bare(cell: str) -> str:
    """The cell without space around it and without the apostrophe that guards a formula."""
    text = cell.strip()
    return text[1:] if _GUARDED.match(text) else text


def check_letters(field: str, text: str) -> None:
    """Raise InvalidError for letters that were damaged on the way or can't be stored."""
    if _DAMAGED.search(text):
        raise InvalidError(
            field,
            N_("Some of its letters are damaged."),
            remedy=N_("Type them again and save the file as UTF-8."),
        )


def short(field: str, cell: str, longest: int) -> str:
    """The text with its spaces evened out. Raises InvalidError when it is too long or damaged."""
    if len(cell) > 4 * longest:
        raise _too_long(field, longest)
    text = " ".join(bare(cell).split())
    check_letters(field, text)
    if len(text) > longest:
        raise _too_long(field, longest)
    return unicodedata.normalize("NFC", text)


def _too_long(field: str, longest: int) -> InvalidError:
    return InvalidError(
        field, N_("It is longer than %(longest)d characters."), remedy=N_("Shorten it."), longest=longest
    )


@lru_cache(maxsize=4096)
def says_yes(cell: str) -> bool | None:
    """Whether the person agreed; None for an empty cell. Raises InvalidError for anything but yes and no."""
    text = bare(cell).lower()
    if not text:
        return None
    # The apostrophe's rule would turn a lone minus or plus into nothing.
    said = _SAYS.get(text)
    if said is None:
        raise InvalidError("consent", N_("This is neither yes nor no."), remedy=N_("Write yes, no, or leave it empty."))
    return said


@lru_cache(maxsize=4096)
def basis_of(cell: str) -> str | None:
    """What the permission rests on; None for an empty cell. Raises InvalidError."""
    text = " ".join(re.split(r"[\s_-]+", bare(cell).lower())).strip()
    if not text:
        return None
    basis = _BASIS_WORDS.get(text, text.replace(" ", "_"))
    if basis not in BASES:
        raise InvalidError(
            "basis",
            N_("A permission rests on consent, contract or legitimate_interest."),
            remedy=N_("Write one of the three."),
        )
    return basis


@lru_cache
def _purposes() -> dict[str, str]:
    """Every word for a purpose → its key: our own, and what pages call it in four languages."""
    named = {translate(locale, name): key for locale in reversed(LOCALES) for key, name in PURPOSES.items()}
    return {
        " ".join(re.split(r"[\s_-]+", word.casefold())): key
        for word, key in (named | dict(zip(PURPOSES, PURPOSES, strict=True))).items()
    }


@lru_cache(maxsize=4096)
def purpose_of(cell: str) -> str | None:
    """What the e-mails are for; None for an empty cell. Raises InvalidError."""
    text = " ".join(re.split(r"[\s_-]+", bare(cell).casefold())).strip()
    if not text:
        return None
    purpose = _purposes().get(text)
    if purpose is None:
        raise InvalidError(
            "purpose",
            N_("There is no such purpose; there are %(purposes)s."),
            remedy=N_("Write one of them, or leave it empty for marketing."),
            purposes=", ".join(PURPOSES),
        )
    return purpose


@lru_cache(maxsize=65536)
def moment_of(cell: str, zone: str) -> datetime | None:
    """The moment, aware, in UTC; None for an empty cell. One without an offset is meant in `zone`.

    Reads ISO 8601, 24.11.2026, 2026/11/24 and 2026年11月24日, each with a time or without. Raises InvalidError.
    """
    text = bare(cell)
    if not text:
        return None
    try:
        found = _read_moment(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=ZoneInfo(zone))
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidError(
            "at",
            N_("This moment can't be read without guessing."),
            remedy=N_("Write it like 2026-11-24 15:30."),
        ) from None


def _read_moment(text: str) -> datetime:
    if len(text) > 40:
        raise ValueError(text[:40])
    if match := _DAY_FIRST.fullmatch(text):
        day, month, year, hour, minute, second = (int(part or 0) for part in match.groups())
    elif match := _YEAR_FIRST.fullmatch(text):
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    else:
        return datetime.fromisoformat(text)
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - its zone is added by the caller


@lru_cache
def _countries() -> dict[str, str]:
    """Every word for a country → its two letters: names in four languages, two- and three-letter codes."""
    known: dict[str, str] = {}
    for locale in reversed(LOCALES):
        names = Locale.parse(locale).territories.items()
        known |= {str(name).casefold(): str(code) for code, name in names if _is_country(str(code))}
    codes = {str(code) for code in Locale("en").territories if _is_country(str(code))}
    for three, two in get_global("territory_aliases").items():
        if len(three) == 3 and three.isalpha() and two[0] in codes:
            known[three.casefold()] = two[0]
    more = {"uk": "GB", "england": "GB", "great britain": "GB", "usa": "US", "u.s.a.": "US", "u.s.": "US"}
    more |= {"россия": "RU", "рф": "RU", "russian federation": "RU", "российская федерация": "RU", "сша": "US"}
    more |= {"korea": "KR", "south korea": "KR", "prc": "CN", "eua": "US", "estados unidos da américa": "US"}
    more |= {"俄国": "RU", "中国大陆": "CN", "белоруссия": "BY", "молдавия": "MD", "киргизия": "KG", "türkiye": "TR"}
    return known | more | {code.casefold(): code for code in codes}


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}


@lru_cache(maxsize=4096)
def country_of(cell: str) -> str | None:
    """Two letters (ISO 3166-1) of a country's code or name; None for an empty cell. Raises InvalidError."""
    text = " ".join(bare(cell).casefold().split())
    if not text:
        return None
    code = _countries().get(text)
    if code is None:
        raise InvalidError(
            "country", N_("We know no such country."), remedy=N_("Write its two letters, such as RU, BR, US or CN.")
        )
    return code


@lru_cache
def _languages() -> dict[str, str]:
    known: dict[str, str] = {}
    for locale in reversed(LOCALES):
        known |= {name.casefold(): tag for tag, name in Locale.parse(locale).languages.items() if len(tag) <= 3}
    return known | {"по-русски": "ru", "brazilian portuguese": "pt", "portuguese (brazil)": "pt", "chinese": "zh"}


@lru_cache(maxsize=4096)
def locale_of(cell: str) -> str | None:
    """A locale of ours, or another language's tag; None for an empty cell. Raises InvalidError."""
    text = bare(cell)
    if not text:
        return None
    tag = _languages().get(text.casefold(), text)
    language = re.split("[-_]", tag)[0].lower()
    if not _LANGUAGE_TAG.fullmatch(tag) or language not in Locale("en").languages:
        raise InvalidError(
            "locale", N_("We know no such language."), remedy=N_("Write its tag, such as en, ru, pt-BR or zh-CN.")
        )
    return closest(tag) or tag.replace("-", "_")


@lru_cache
def _zones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


@lru_cache(maxsize=4096)
def time_zone_of(cell: str) -> str | None:
    """A name of the tz database; None for an empty cell. Raises InvalidError."""
    text = bare(cell)
    if not text:
        return None
    zone = _zones().get(text.casefold())
    if zone is None:
        raise InvalidError(
            "time_zone",
            N_("We know no such time zone."),
            remedy=N_("Write it like Europe/Moscow or America/Sao_Paulo."),
        )
    return zone
