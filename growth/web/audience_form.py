"""The form of an audience's conditions, read: a tree out of its fields, with one change of its shape when asked for.

A node's fields begin with its path, `c`, `c.0`, `c.0.1`: of a group `group`, of a condition `field`, `was` (the field
its values are of), `op` and one `v.<part>` for each part.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request
from starlette.datastructures import FormData

from growth.campaigns.audiences.conditions import DEEPEST, EVERYBODY, MOST_CONDITIONS, Node
from growth.campaigns.audiences.countries import country_names
from growth.campaigns.audiences.fields import FIELDS, Field
from growth.campaigns.audiences.parts import Part
from growth.campaigns.fields import day_start_in
from growth.errors import InvalidError
from growth.money import Money

ROOT = "c"
LONGEST_LINK = 6_000
"""Characters of conditions in a link; what is longer has to be saved."""

NEW: Node = {"field": "event", "op": "did", "value": {"kind": "order", "times": 1, "days": 90}}
"""What a condition begins as."""
_FIRST: Mapping[str, Any] = {
    "joined": 30,
    "side": ["buyer"],
    "permission": {"purpose": "marketing", "bases": []},
    "event": NEW["value"],
    "custom_event": {"name": "basket", "times": 1, "days": 30},
    "spent": {"amount_minor": 10_000, "currency": "USD", "days": 180},
    "message": {"step": "clicked", "campaigns": [], "days": 30},
    "unopened": 5,
    "lead_score": 50,
}
"""What stands in a condition of a field at first; nothing in the others."""
_GROUPS = {"all": ("all", False), "any": ("any", False), "none": ("any", True), "not_all": ("all", True)}
"""(word, denied) by what the form calls a group."""


async def _posted(request: Request) -> FormData:
    return await request.form()


FormDep = Annotated[FormData, Depends(_posted)]
"""All fields of a posted form."""


def conditions_from(form: FormData, *, zone: str, locale: str) -> Node:
    """The tree as it was filled in, not checked yet, with the change asked for by `do`; days are of the time zone.

    `do` is `add:<path>`, `group:<path>` or `remove:<path>`.
    """
    tree = _Reader(form, zone, locale).node(ROOT, 1) or EVERYBODY
    word, _, path = str(form.get("do", "")).partition(":")
    change = _CHANGES.get(word)
    places = [int(one) for one in path.split(".")[1:] if one.isascii() and one.isdecimal() and len(one) < 4]
    return _changed(tree, places, change) if change else tree


def asks_for_change(form: FormData) -> bool:
    """Whether a button that changes the shape was pressed, or `update`, rather than the one that saves."""
    return str(form.get("do", "")).partition(":")[0] in {*_CHANGES, "update"}


def link_of(tree: Node) -> str:
    """Compact JSON for a link; empty for what is too long."""
    text = orjson.dumps(tree).decode()
    return text if len(text) <= LONGEST_LINK else ""


def tree_of_link(text: str | None) -> Node | None:
    """The tree of a link, as far as it can be shown; None for none."""
    if not text or len(text) > 4 * LONGEST_LINK:
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    shown = _shown(found, 1)
    return {"all": [shown]} if shown is not None and "field" in shown else shown


def _shown(node: Any, depth: int) -> Node | None:
    """What of a node from elsewhere the form can show: known fields and groups, not too deep or many."""
    if not isinstance(node, dict) or depth > DEEPEST + 1:
        return None
    if isinstance(node.get("field"), str) and node["field"] in FIELDS:
        field = FIELDS[node["field"]]
        operator = node.get("op") if node.get("op") in (field.yes, field.no) else field.yes
        return {"field": field.name, "op": operator, "value": node.get("value")}
    if "not" in node:
        inside = _shown(node["not"], depth)
        return {"not": inside} if inside is not None else None
    for word in ("all", "any"):
        if isinstance(node.get(word), list):
            children = [_shown(child, depth + 1) for child in node[word][:MOST_CONDITIONS]]
            return {word: [child for child in children if child is not None]}
    return None


class _Reader:
    """Reads nodes out of a form."""

    def __init__(self, form: FormData, zone: str, locale: str) -> None:
        self.form, self.zone, self.locale = form, zone, locale

    def node(self, path: str, depth: int) -> Node | None:
        if (name := self._text(f"{path}.field")) in FIELDS:
            return self._leaf(FIELDS[name], path)
        if (kind := self._text(f"{path}.group")) not in _GROUPS or depth > DEEPEST + 1:
            return None
        word, denied = _GROUPS[kind]
        children = [self.node(f"{path}.{place}", depth + 1) for place in range(MOST_CONDITIONS)]
        group: Node = {word: [child for child in children if child is not None]}
        return {"not": group} if denied else group

    def _leaf(self, field: Field, path: str) -> Node:
        operator = self._text(f"{path}.op")
        if self._text(f"{path}.was") != field.name:  # another field was chosen: what was filled in doesn't fit it
            return {"field": field.name, "op": field.yes, "value": _FIRST.get(field.name)}
        values = {part.name: self._value(part, path) for part in field.parts}
        value = values if len(values) > 1 else next(iter(values.values()), None)
        return {"field": field.name, "op": operator if operator == field.no else field.yes, "value": value}

    def _value(self, part: Part, path: str) -> Any:
        name = f"{path}.v.{part.name}"
        if part.widget == "many":
            chosen = [str(one) for one in self.form.getlist(name)]
            return [_number(one) for one in chosen] if part.name in {"campaigns", "audiences"} else chosen
        text = self._text(name)
        return _READ[part.widget](self, text, path) if text else [] if part.widget == "texts" else None

    def _text(self, name: str) -> str:
        return str(self.form.get(name, "")).strip()

    def _texts(self, text: str, path: str) -> list[str]:
        parts = [part.strip() for part in text.translate(str.maketrans(";，、\n", ",,,,")).split(",")]
        if self._text(f"{path}.field") != "country":
            return [part for part in parts if part]
        codes = {name.casefold(): code for one in ("en", self.locale) for code, name in country_names(one).items()}
        return [codes.get(part.casefold(), part.upper() if len(part) == 2 else part) for part in parts if part]

    def _amount(self, text: str, path: str) -> int | str:
        try:
            amount = Decimal(text.replace(" ", "").replace("\u00a0", "").replace(",", "."))
        except InvalidOperation:
            return text
        readable = amount.is_finite() and abs(amount.adjusted()) < 15
        return Money.of(amount, self._text(f"{path}.v.currency").upper()).minor if readable else text

    def _day(self, text: str, _: str) -> str:
        try:
            return day_start_in(text, self.zone).isoformat()
        except InvalidError:
            return text


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else text


_READ: dict[str, Callable[[_Reader, str, str], Any]] = {
    "number": lambda _, text, __: _number(text),
    "amount": _Reader._amount,  # noqa: SLF001 - its own
    "texts": _Reader._texts,  # noqa: SLF001 - likewise
    "day": _Reader._day,  # noqa: SLF001 - likewise
    "text": lambda _, text, __: text,
    "one": lambda _, text, __: text,
}


def _added(group: list[Node]) -> list[Node]:
    return [*group, NEW]


def _grouped(group: list[Node]) -> list[Node]:
    return [*group, {"any": [NEW]}]


_CHANGES: dict[str, Callable[[list[Node]], list[Node]] | str] = {"add": _added, "group": _grouped, "remove": "remove"}


def _changed(node: Node, places: list[int], change: Callable[[list[Node]], list[Node]] | str) -> Node:
    """The tree with a change at a place; what isn't there stays as it is."""
    if "not" in node:
        return {"not": _changed(node["not"], places, change)}
    if "field" in node:
        return node
    ((word, children),) = node.items()
    if not places:
        return {word: change(children)} if callable(change) else node
    first, *rest = places
    if not rest and not callable(change):
        return {word: [child for place, child in enumerate(children) if place != first]}
    return {word: [_changed(child, rest, change) if place == first else child for place, child in enumerate(children)]}
