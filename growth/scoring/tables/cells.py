"""Numbers as people write them: decimal points and commas, thousands, currencies, percent signs."""

import re
from collections.abc import Iterable
from math import isinf, nan

import numpy as np
from numpy.typing import NDArray

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_DECORATION = re.compile(r"[\s\u00a0\u202f'’$€£¥₽₹%]|R\$|CN¥|US\$|USD|EUR|GBP|RUB|BRL|CNY|RMB|руб\.?|元|р\.$")
_DECIMAL_COMMA = re.compile(r"[+-]?(\d+,\d{1,2}|\d+,\d{4,}|0,\d+|\d{1,3}(\.\d{3})+,\d+)")
_THOUSANDS_COMMA = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_DOTTED_THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?")
_CODE = re.compile(r"0\d+")


def read_numbers(values: list[str]) -> NDArray[np.float64]:
    """The number each value says, or NaN. Whether a comma is a decimal one is told by the whole column."""
    numbers = np.array([_plain(value) for value in values], np.float64)
    rest = np.flatnonzero(np.isnan(numbers))
    if len(rest) == 0:
        return numbers
    undressed = [_undress(values[place]) for place in rest.tolist()]
    comma = _is_decimal_comma(undressed)
    for place, text in zip(rest.tolist(), undressed, strict=True):
        numbers[place] = _plain(_pointed(text, comma=comma))
    if comma:
        # 1.234 beside 1.234,5 is a thousand.
        for place, value in enumerate(values):
            if "." in value and _DOTTED_THOUSANDS.fullmatch(value):
                numbers[place] = _plain(value.replace(".", "").replace(",", "."))
    return numbers


def are_codes(values: list[str]) -> bool:
    """Whether some are written with a leading zero, as postal codes and phone numbers are."""
    return any(_CODE.fullmatch(value) for value in values)


def _plain(text: str) -> float:
    if _PLAIN.fullmatch(text) is None:
        return nan
    number = float(text)
    return nan if isinf(number) else number


def _undress(value: str) -> str:
    text = _DECORATION.sub("", value) if len(value) <= 40 else value
    return f"-{text[1:-1]}" if text.startswith("(") and text.endswith(")") else text.replace("\u2212", "-")


def _is_decimal_comma(texts: Iterable[str]) -> bool:
    votes = 0
    for text in texts:
        if "," in text:
            votes += bool(_DECIMAL_COMMA.fullmatch(text)) - bool("." in text and _THOUSANDS_COMMA.fullmatch(text))
    return votes > 0


def _pointed(text: str, *, comma: bool) -> str:
    if comma and _DOTTED_THOUSANDS.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    if comma:
        return text.replace(",", ".", 1) if text.count(",") == 1 and "." not in text else text
    return text.replace(",", "") if _THOUSANDS_COMMA.fullmatch(text) else text
