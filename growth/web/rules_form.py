"""The form of channel rules: one row a rule, from what is typed to rules in their order, and back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from growth.attribution.adopting import LONGEST_DAYS
from growth.attribution.rules import MOST_CONDITIONS, MOST_RULES, Rule, Rules, rules_of
from growth.errors import InvalidError
from growth.locales import N_

PARTS = ("place", "name", "buyer", "seller", "drop")
ASKED = ("field", "operator", "values")
DAYS = "90"
"""Of the past, unless others are typed."""
_LONGEST = 20_000
_EMPTY = {"field": "", "operator": "is", "values": ""}


@dataclass(frozen=True)
class Row:
    """A rule as it was typed; its last condition is one to fill in, and none when it looks at nothing."""

    place: str = ""
    name: str = ""
    buyer: str = "other"
    seller: str = "other"
    drop: str = ""
    conditions: Sequence[Mapping[str, str]] = field(default_factory=lambda: [_EMPTY | {"field": "medium"}])

    @property
    def empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.name.strip() or any(one["values"].strip() for one in self.conditions))

    @property
    def room(self) -> bool:
        """Whether one more condition fits."""
        return len(self.conditions) < MOST_CONDITIONS


@dataclass(frozen=True)
class RulesTyped:
    """Rows as they were typed; a row without values is an empty one and none."""

    rows: Sequence[Row]
    version: int
    past: str = ""
    """Whether contacts of earlier days are told anew too."""
    days: str = DAYS

    def rules(self) -> Rules:
        """The rules, by the places typed. Raises InvalidError, its field being `<part>_<row>` or with a condition."""
        kept = sorted(self._kept(), key=lambda one: one[:2])
        try:
            return rules_of(self.version, [one for *_, one in kept])
        except InvalidError as error:
            part, *places = error.field.split("_")
            if not places:
                raise InvalidError("rules_0", error.message, remedy=None, **error.values) from error
            where = "_".join([str(kept[int(places[0])][1]), *places[1:]])
            raise InvalidError(f"{part}_{where}", error.message, remedy=None, **error.values) from error

    def _kept(self) -> Iterator[tuple[int, int, dict[str, Any]]]:
        for number, row in enumerate(self.rows):
            if not (row.drop or row.empty):
                asked = [dict(one) | {"values": one["values"].split(",")} for one in row.conditions]
                yield _place(number, row.place), number, {
                    "name": row.name, "buyer": row.buyer, "seller": row.seller, "conditions": asked
                }  # fmt: skip

    def back(self) -> int:
        """Of how many days contacts are told anew, or would be. Raises InvalidError, field `days`."""
        plain = self.days.strip()
        if not (plain.isascii() and plain.isdecimal() and len(plain) < 6 and 1 <= int(plain) <= LONGEST_DAYS):
            raise InvalidError("days", N_("Give days from %(least)s to %(most)s."), least=1, most=LONGEST_DAYS)
        return int(plain)

    def since(self, now: datetime) -> datetime | None:
        """The moment from which contacts are told anew; None for none. Raises InvalidError, field `days`."""
        return now - timedelta(days=self.back()) if self.past else None


def _place(number: int, text: str) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= 6):
        raise InvalidError(f"place_{number}", N_("Give a whole number."))
    return int(plain)


def shown(rules: Rules) -> RulesTyped:
    """Rules as one would type them, with room for one more; places go by tens, so that one fits between."""
    rows = [_row(str(10 * place), one) for place, one in enumerate(rules.rules, start=1)]
    return RulesTyped([*rows, Row(place=str(10 * (len(rows) + 1)))], rules.version)


def _row(place: str, rule: Rule) -> Row:
    asked = [{"field": one.field, "operator": one.operator, "values": ", ".join(one.values)} for one in rule.conditions]
    return Row(place, rule.name, rule.buyer, rule.seller, "", asked)


def read(form: Mapping[str, str]) -> RulesTyped:
    """The rows of a form."""
    count = _within(form.get("rows", ""), MOST_RULES + 1)
    rows = [_typed(form, number) for number in range(count)]
    return RulesTyped(
        rows, _within(form.get("version", ""), 10**9), form.get("past", "")[:10], form.get("days", DAYS)[:20]
    )


def _typed(form: Mapping[str, str], number: int) -> Row:
    asked = [
        {part: form.get(f"{part}_{number}_{place}", "")[:_LONGEST] for part in ASKED}
        for place in range(MOST_CONDITIONS)
    ]
    parts = {part: form.get(f"{part}_{number}", "")[:_LONGEST] for part in PARTS}
    return Row(**parts, conditions=[one for place, one in enumerate(asked) if place == 0 or one["field"]])


def _within(text: str, most: int) -> int:
    return min(int(text), most) if text.isascii() and text.isdecimal() and len(text) < 12 else 0
