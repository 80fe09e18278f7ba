"""The SQL of an audience as people read it: values in their places, a line for each condition."""

import re
from datetime import datetime
from typing import Any

from growth.campaigns.audiences.compiling import Compiled
from growth.campaigns.audiences.counting import bare

_PLACE = re.compile(r"cast\(:(\w+) as ([a-z]+)(\[\])?\)")
_BROKEN_UP_TO = 3
"""Brackets within which conditions still begin a line of their own."""


def readable(wanted: Compiled) -> str:
    """The statement that counts, with values written in: for reading and for trying out, not for running here."""
    statement = " ".join(bare(wanted.where).split())
    return _PLACE.sub(lambda found: _literal(wanted.values, found[1], found[2], found[3]), _in_lines(statement))


def _literal(values: dict[str, Any], name: str, kind: str, array: str | None) -> str:
    if name not in values:
        return name  # the moment, which is that of asking
    if array:
        return f"array[{', '.join(map(_quoted, values[name]))}]::{kind}[]"
    return _quoted(values[name]) if kind in {"text", "int", "bigint"} else f"{kind} {_quoted(values[name])}"


def _quoted(value: Any) -> str:
    if isinstance(value, int):
        return str(value)
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return "'" + text.replace("'", "''") + "'"


def _in_lines(statement: str) -> str:
    """A new line before each `and` and `or` of the outer brackets, and before the clauses; values aren't in it yet."""
    lines, depth = "", 0
    for word in re.split(r"(\(|\)| (?=from |where |and |or ))", statement):
        depth += (word == "(") - (word == ")")
        lines += f"\n{'  ' * depth}" if word == " " and depth < _BROKEN_UP_TO else word
    return lines
