"""Two versions of an audience line by line: what was taken out, and what was put in."""

from collections.abc import Sequence
from difflib import SequenceMatcher


def compared(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, str]]:
    """(sign, line): `−` for taken out, `+` for put in, nothing for the same."""
    rows: list[tuple[str, str]] = []
    for kind, first, last, new_first, new_last in SequenceMatcher(None, before, after).get_opcodes():
        if kind == "equal":
            rows += [("", line) for line in before[first:last]]
        else:
            rows += [("−", line) for line in before[first:last]] + [("+", line) for line in after[new_first:new_last]]
    return rows
