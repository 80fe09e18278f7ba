"""The form of channel rules: one row a rule, from what is typed to rules in their order, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from growth.attribution.rules import MOST_RULES, Rules, rules_of
from growth.errors import InvalidError
from growth.locales import N_

PARTS = ("place", "name", "field", "values", "buyer", "seller", "drop")
NEW = {"name": "", "field": "medium", "values": "", "buyer": "other", "seller": "other", "place": "", "drop": ""}
_LONGEST = 20_000


@dataclass(frozen=True)
class RulesTyped:
    """Rows as they were typed; a row without values is an empty one and none."""

    rows: Sequence[Mapping[str, str]]
    version: int

    def rules(self) -> Rules:
        """The rules, by the places that were typed. Raises InvalidError, its field being `<part>_<row>`."""
        kept: list[tuple[int, int, dict[str, Any]]] = []
        for number, row in enumerate(self.rows):
            if row["drop"] or not (row["values"].strip() or row["name"].strip()):
                continue
            kept.append((_place(number, row["place"]), number, dict(row) | {"values": row["values"].split(",")}))
        kept.sort(key=lambda one: one[:2])
        try:
            return rules_of(self.version, [one for *_, one in kept])
        except InvalidError as error:
            part, _, place = error.field.rpartition("_")
            which = kept[int(place)][1] if place.isdecimal() else 0
            raise InvalidError(f"{part or 'rules'}_{which}", error.message, remedy=None, **error.values) from error


def _place(number: int, text: str) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= 6):
        raise InvalidError(f"place_{number}", N_("Give a whole number."))
    return int(plain)


def shown(rules: Rules) -> RulesTyped:
    """Rules as one would type them, with room for one more; places go by tens, so that one fits between."""
    rows = [
        {"place": str(10 * place), "name": one.name, "field": one.field, "values": ", ".join(one.values),
         "buyer": one.buyer, "seller": one.seller, "drop": ""}
        for place, one in enumerate(rules.rules, start=1)
    ]  # fmt: skip
    return RulesTyped([*rows, NEW | {"place": str(10 * (len(rows) + 1))}], rules.version)


def read(form: Mapping[str, str]) -> RulesTyped:
    """The rows of a form."""
    count = _within(form.get("rows", ""), MOST_RULES + 1)
    rows = [{part: form.get(f"{part}_{number}", "")[:_LONGEST] for part in PARTS} for number in range(count)]
    return RulesTyped(rows, _within(form.get("version", ""), 10**9))


def _within(text: str, most: int) -> int:
    return min(int(text), most) if text.isascii() and text.isdecimal() and len(text) < 12 else 0
