"""Conditions compiled into one boolean SQL expression over `person`, every value bound."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from growth.campaigns.audiences.fields import FIELDS
from growth.campaigns.audiences.statements import ONE_BY_ONE


@dataclass(frozen=True)
class Compiled:
    """`where` holds for those in the audience, over the alias `person`; with `values` it also takes `:now`."""

    where: str
    values: dict[str, Any]

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the statement and its values, but for the moment."""
        values = {name: value for name, value in self.values.items() if name != "now"}
        return hashlib.sha256(orjson.dumps([self.where, values], option=orjson.OPT_SORT_KEYS)).digest()


def compiled(conditions: Mapping[str, Any], *, now: datetime | None = None, whole: bool = False) -> Compiled:
    """The expression of a checked tree whose saved audiences are put in (`expanding.expanded`).

    Names of values begin with `audience_`; without `now` the caller binds `:now` itself. With `whole` it is made for
    asking everybody at once, otherwise for some thousands of people, or the first to be found. Either is true of the
    same people. Raises InvalidError when a saved audience still stands in it.
    """
    writer = _Writer(whole=whole)
    where = writer.node(conditions, holds=True)
    return Compiled(where, writer.values | ({"now": now} if now else {}))


class _Writer:
    """Writes one expression; a denial goes down to the single conditions, so that the planner sees anti-joins."""

    def __init__(self, *, whole: bool) -> None:
        self.whole = whole
        self.values: dict[str, Any] = {}
        self._places: dict[str, str] = {}

    def node(self, node: Mapping[str, Any], *, holds: bool) -> str:
        if "field" in node:
            return self._leaf(node, holds=holds)
        if "not" in node:
            return self.node(node["not"], holds=not holds)
        word = "any" if "any" in node else "all"
        parts = [self.node(child, holds=holds) for child in node.get(word, ())]
        joint, empty = (" and ", "true") if (word == "all") == holds else (" or ", "false")
        return f"({joint.join(parts)})" if parts else empty

    def _leaf(self, leaf: Mapping[str, Any], *, holds: bool) -> str:
        field = FIELDS[leaf["field"]]
        statement = (field.of_all if self.whole else None) or field.statement
        sql = statement(leaf["value"], self._bind)
        sql = sql.replace(ONE_BY_ONE, "") if self.whole else sql
        if (leaf["op"] == field.yes) == holds:
            return sql
        return f"not {sql}" if field.certain and sql.startswith("exists") else f"({sql}) is not true"

    def _bind(self, value: Any, kind: str) -> str:
        """A value that occurs again keeps its place."""
        key = f"{kind}:{orjson.dumps(value).decode()}"
        if key not in self._places:
            name = f"audience_{len(self._places) + 1}"
            self._places[key] = f"cast(:{name} as {kind})"
            self.values[name] = value
        return self._places[key]
