"""The editor of an audience's conditions: what `audience_editor.html` shows, on pages of audiences and campaigns.

A page includes `audience_editor.html` in its form with `editor=editor(…)`, and reads the form with
`growth.web.audience_form.conditions_from`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from sqlalchemy.orm import Session

from growth.campaigns.audiences.conditions import DEEPEST, ConditionError
from growth.campaigns.audiences.fields import FIELDS, Field
from growth.campaigns.audiences.parts import CURRENCIES, SINCE_DAYS, Part
from growth.campaigns.audiences.reading import Offer, offer
from growth.campaigns.audiences.suggesting import suggestions
from growth.clock import Clock
from growth.errors import GrowthError
from growth.locales import N_
from growth.money import Money
from growth.web.audience_form import ROOT
from growth.web.people_words import country_choices, country_name
from growth.web.rendering import locale_of, said

OPERATORS = {
    "in": N_("is one of"),
    "not_in": N_("is none of"),
    "within": N_("at most"),
    "not_within": N_("more than"),
    "since": N_("or later"),
    "before": N_("before it"),
    "is": N_("is true"),
    "is_not": N_("isn't true"),
    "granted": N_("is given"),
    "not_granted": N_("isn't given"),
    "did": N_("they did"),
    "did_not": N_("they didn't"),
    "at_least": N_("at least"),
    "less_than": N_("less than"),
}
GROUPS = {
    "all": N_("all of these hold"),
    "any": N_("any of these holds"),
    "none": N_("none of these holds"),
    "not_all": N_("not all of these hold"),
}
FEW = 8
"""Values up to which each is a box to tick; more are a list."""


@dataclass(frozen=True)
class Input:
    """One part of a condition: how it is asked for, and what stands in it."""

    name: str
    label: str
    widget: str
    value: str
    chosen: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    optional: bool
    """Whether nothing may stand in it."""


@dataclass(frozen=True)
class Row:
    """A condition."""

    path: str
    place: str
    """`2.1`, as people count."""
    field: Field
    operator: str
    inputs: tuple[Input, ...]
    error: ConditionError | None


@dataclass(frozen=True)
class Group:
    """A group, with what stands in it."""

    path: str
    place: str
    kind: str
    children: tuple["Row | Group", ...]
    error: ConditionError | None
    deepest: bool
    """Whether no further group fits into it."""


@dataclass(frozen=True)
class Editor:
    """What the template shows."""

    root: Group
    fields: tuple[tuple[str, tuple[Field, ...]], ...]
    """By heading."""
    error: GrowthError | None
    """Of the whole."""
    countries: tuple[tuple[str, str], ...]
    suggested: Mapping[str, Sequence[str]]
    """What there is to type, by field."""
    focus: str = ""
    """The control that has the focus after a change."""
    currencies: Sequence[str] = CURRENCIES
    groups: Mapping[str, str] = field(default_factory=lambda: GROUPS)
    operators: Mapping[str, str] = field(default_factory=lambda: OPERATORS)


def editor(
    request: Request,
    session: Session,
    tree: Mapping[str, Any],
    zone: str,
    *,
    error: GrowthError | None = None,
    focus: str = "",
) -> Editor:
    """What shows a tree, whether it can be used or not; `error` is said beside its condition, else above all."""
    clock: Clock = request.app.state.clock
    found = error if isinstance(error, ConditionError) else None
    builder = _Builder(request, zone, offer(session, locale_of(request)), found)
    root = builder.node(tree if "field" not in tree else {"all": [tree]}, (), 1)
    assert isinstance(root, Group)
    headings = tuple(dict.fromkeys(each.group for each in FIELDS.values()))
    return Editor(
        root=root,
        fields=tuple((one, tuple(each for each in FIELDS.values() if each.group == one)) for one in headings),
        error=error if found is None or not found.path else None,
        countries=country_choices(locale_of(request)),
        suggested=suggestions(session, builder.asked, clock.now()),
        focus=focus,
    )


class _Builder:
    """Makes rows and groups of nodes."""

    def __init__(self, request: Request, zone: str, offered: Offer, error: ConditionError | None) -> None:
        self.request, self.zone, self.error = request, zone, error
        self.locale = locale_of(request)
        self.asked: set[str] = set()
        """Names of all fields that were made a row of."""
        self.offered: dict[str, Mapping[Any, str]] = {
            "lists": offered.lists,
            "campaigns": offered.campaigns,
            "audiences": offered.audiences,
        }

    def node(self, node: Mapping[str, Any], places: tuple[int, ...], depth: int) -> Row | Group:
        path = ".".join([ROOT, *map(str, places)])
        place = ".".join(str(one + 1) for one in places)
        error = self.error if self.error and self.error.path == places else None
        if "field" in node:
            asked = FIELDS[node["field"]]
            self.asked.add(asked.name)
            inputs = tuple(self._input(part, asked, node.get("value"), path) for part in asked.parts)
            return Row(path, place, asked, node["op"], inputs, error)
        denied = "not" in node
        inside: Mapping[str, Any] = node["not"] if denied else node
        if "field" in inside or "not" in inside:
            inside = {"all": [inside]}
        word = "any" if "any" in inside else "all"
        children = tuple(
            self.node(child, (*places, number), depth + 1) for number, child in enumerate(inside.get(word, ()))
        )
        kind = {"any": "none", "all": "not_all"}[word] if denied else word
        return Group(path, place, kind, children, error, deepest=depth >= DEEPEST)

    def _input(self, part: Part, asked: Field, value: Any, path: str) -> Input:
        given = value
        if len(asked.parts) > 1:
            given = value.get(part.name, part.default) if isinstance(value, dict) else None
        many = tuple(str(one) for one in given) if isinstance(given, list) else ()
        text = self._text(part, given, value)
        offered = self.offered.get(part.name)
        options = [(str(key), name) for key, name in offered.items()] if offered is not None else []
        if offered is None:
            options = [(key, said(self.request, name)) for key, name in part.options.items()]
        known = {key for key, _ in options}
        options += [
            (one, one) for one in (many if part.widget == "many" else [text] if text else []) if one not in known
        ]
        widget = "list" if part.widget == "many" and len(options) > FEW else part.widget
        return Input(f"{path}.v.{part.name}", part.label, widget, text, many, tuple(options), part is SINCE_DAYS)

    def _text(self, part: Part, given: Any, value: Any) -> str:
        """What stands in a field of one line."""
        if given is None or isinstance(given, dict):
            return ""
        if isinstance(given, list):
            names = [country_name(str(one), self.locale) if part.name == "countries" else str(one) for one in given]
            return ", ".join(names)
        if part.widget == "amount" and isinstance(given, int):
            return f"{Money(given, str(value.get('currency') or 'USD')).amount:f}"
        if part.widget == "day":
            return self._day(str(given))
        return str(given)

    def _day(self, moment: str) -> str:
        try:
            found = datetime.fromisoformat(moment)
            return (found.astimezone(ZoneInfo(self.zone)) if found.tzinfo else found).date().isoformat()
        except (ValueError, OverflowError):
            return moment
