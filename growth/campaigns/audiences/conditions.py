"""Conditions of an audience: a tree of groups and single conditions, checked and in its one stored form.

A group is {"all": [node …]}, {"any": [node …]} or {"not": node}; a single condition is {"field": name, "op": operator,
"value": …} with the fields of `growth.campaigns.audiences.fields`. {"all": []} is everybody.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from growth.campaigns.audiences.fields import FIELDS, Field
from growth.errors import GrowthError, InvalidError
from growth.locales import N_

Node = dict[str, Any]

EVERYBODY: Node = {"all": []}
MOST_CONDITIONS = 50
DEEPEST = 5
"""Groups within each other, the outermost counted."""


class ConditionError(InvalidError):
    """A condition that can't be read; `path` leads to it from the top: positions within groups."""

    def __init__(self, path: tuple[int, ...], message: str, *, remedy: str | None = None, **values: object) -> None:
        super().__init__("audience", message, remedy=remedy, **values)
        self.path = path
        self.place = ".".join(str(one + 1) for one in path)

    def __str__(self) -> str:
        """The English sentence, with its place in the tree."""
        return f"{self.place}: {super().__str__()}" if self.path else super().__str__()


def checked(tree: Any) -> Node:
    """The tree in its stored form: what is denied twice is said plainly, lists in one order, no duplicates.

    Raises ConditionError, whose `path` leads to the first thing that isn't right.
    """
    found = _node(tree, (), 1)
    if sum(1 for _ in leaves(found)) > MOST_CONDITIONS:
        raise ConditionError((), N_("An audience has at most %(most)s conditions."), most=MOST_CONDITIONS)
    return found if "field" not in found else {"all": [found]}


def narrowed(
    *, locales: Sequence[str] = (), countries: Sequence[str] = (), joined_since: datetime | None = None
) -> Node:
    """Everybody who reads one of the languages, lives in one of the countries, and is known since a moment.

    What isn't given narrows nothing. Raises ConditionError, whose path leads nowhere, for what isn't right.
    """
    since = joined_since.isoformat() if joined_since else None
    given: list[tuple[str, str, Any]] = [
        ("language", "in", list(locales)),
        ("country", "in", [code.strip().upper() for code in countries]),
        ("joined_day", "since", since),
    ]
    return checked({"all": [{"field": field, "op": op, "value": value} for field, op, value in given if value]})


def leaves(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The single conditions, in order."""
    if "field" in node:
        yield node
    elif "not" in node:
        yield from leaves(node["not"])
    else:
        for child in node.get("all", node.get("any", ())):
            yield from leaves(child)


def _node(node: Any, path: tuple[int, ...], depth: int) -> Node:
    if not isinstance(node, dict):
        raise ConditionError(path, N_("This is neither a group nor a condition."), remedy=_SHAPE)
    if "field" in node:
        return _leaf(node, path)
    if depth > DEEPEST:
        raise ConditionError(path, N_("Groups stand at most %(most)s deep within each other."), most=DEEPEST)
    if set(node) == {"not"}:
        return _denied(node["not"], path, depth)
    for word in ("all", "any"):
        if set(node) == {word}:
            return _group(word, node[word], path, depth)
    raise ConditionError(path, N_("This is neither a group nor a condition."), remedy=_SHAPE)


_SHAPE = N_('A group is {"all": […]}, {"any": […]} or {"not": …}; a condition has "field", "op" and "value".')


def _group(word: str, children: Any, path: tuple[int, ...], depth: int) -> Node:
    if not isinstance(children, list):
        raise ConditionError(path, N_("A group holds a list of conditions."))
    if word == "any" and not children:
        raise ConditionError(
            path, N_("Nothing is in this group, so nobody would fit."), remedy=N_("Add a condition, or take it out.")
        )
    if len(children) > MOST_CONDITIONS:
        raise ConditionError(path, N_("An audience has at most %(most)s conditions."), most=MOST_CONDITIONS)
    return {word: [_node(child, (*path, place), depth + 1) for place, child in enumerate(children)]}


def _denied(child: Any, path: tuple[int, ...], depth: int) -> Node:
    """`not` of a condition is the condition's other operator, and of another `not` what stands in that."""
    found = _node(child, path, depth + ("field" not in child if isinstance(child, dict) else 0))
    if "field" in found:
        field = FIELDS[found["field"]]
        return found | {"op": field.no if found["op"] == field.yes else field.yes}
    inside: Node = found.get("not", {"not": found})
    return inside


def _leaf(leaf: Mapping[str, Any], path: tuple[int, ...]) -> Node:
    name, operator = leaf["field"], leaf.get("op")
    field = FIELDS.get(name) if isinstance(name, str) else None
    if field is None:
        raise ConditionError(path, N_("There is no condition “%(name)s”."), name=str(name)[:60])
    if operator not in (field.yes, field.no):
        operators = f"{field.yes}, {field.no}"
        raise ConditionError(path, N_("It goes with one of these: %(operators)s."), operators=operators)
    if unknown := set(leaf) - {"field", "op", "value"}:
        raise ConditionError(path, N_("A condition has no “%(name)s”."), name=str(min(unknown, key=str))[:60])
    return {"field": name, "op": operator, "value": _value(field, leaf.get("value"), path)}


def _value(field: Field, value: Any, path: tuple[int, ...]) -> Any:
    if not field.parts:
        return None
    given = value if isinstance(value, dict) else {}
    if len(field.parts) > 1 and (unknown := set(given) - {part.name for part in field.parts}):
        raise ConditionError(path, N_("A condition has no “%(name)s”."), name=str(min(unknown, key=str))[:60])
    try:
        if len(field.parts) == 1:
            return field.parts[0].check(value)
        known = {part.name: part.default for part in field.parts}
        known |= {name: one for name, one in given.items() if one is not None}
        return {part.name: part.check(known[part.name]) for part in field.parts}
    except InvalidError as error:
        raise ConditionError(path, error.message, remedy=error.remedy, **error.values) from None


def problem(tree: Any) -> GrowthError | None:
    """Why a tree can't be used; None when it can."""
    try:
        checked(tree)
    except ConditionError as error:
        return error
    return None
