"""Single cells of an experiment's file: did it happen, or how much was it."""

from dataclasses import dataclass
from functools import lru_cache

from growth.errors import InvalidError
from growth.people.importing.cells import bare, says_yes

_MISSING = frozenset({"", "-", "--", "?", ".", "na", "n/a", "#n/a", "nan", "null", "(null)", "none", "\\n", "<na>"})
_AROUND = "$€£¥₽%\u00a0\u202f "
_LARGEST = 1e15
"""Beyond, amounts are no one's, and their squares no numbers."""
_OUTCOMES = {"converted": True, "won": True, "visited": True, "clicked": True, "lost": False}


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says: whether it happened, a number, both (0 and 1), or neither."""

    flag: bool | None
    number: float | None
    missing: bool = False


@lru_cache(maxsize=100_000)
def read_cell(text: str) -> Cell:
    """Numbers with a point or a comma, with or without groups and a sign of money; yes and no in our languages."""
    plain = bare(text)
    if plain.casefold() in _MISSING:
        return Cell(None, None, missing=True)
    number = read_number(plain)
    if number is not None:
        return Cell({0.0: False, 1.0: True}.get(number), number)
    word = plain.casefold()
    if word in _OUTCOMES:
        return Cell(_OUTCOMES[word], None)
    try:
        return Cell(says_yes(plain), None)
    except InvalidError:
        return Cell(None, None)


def read_number(text: str) -> float | None:
    """None where it is none, or an absurdly large one. Of a point and a comma the later one begins the fraction."""
    digits = text.strip(_AROUND).replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace("'", "")
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma > point:
        groups = digits.replace(".", "").split(",")
        grouped = point < 0 and len(groups[0]) < 4 and all(len(group) == 3 for group in groups[1:])
        digits = "".join(groups) if grouped or len(groups) > 2 else ".".join(groups)
    elif comma >= 0:
        digits = digits.replace(",", "")
    if not digits.isascii() or "_" in digits or len(digits) > 40:
        return None
    try:
        number = float(digits)
    except ValueError:
        return None
    return number if abs(number) <= _LARGEST else None
