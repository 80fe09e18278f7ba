"""Which channel a contact belongs to: rules in order, the first that fits decides. They are data, kept in versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from growth.attribution.channels import keys
from growth.attribution.conditions import EVENTS, LONGEST, Condition, condition_of, tags_of
from growth.attribution.first_rules import FIRST_RULES
from growth.errors import InvalidError
from growth.locales import N_

MOST_RULES = 100
MOST_CONDITIONS = 5
"""Of one rule."""


@dataclass(frozen=True, slots=True)
class Classified:
    """The channel and whether it was acted on (`click`) or only seen (`view`)."""

    channel: str
    kind: Literal["click", "view"]


@dataclass(frozen=True, slots=True)
class Rule:
    """When all of these conditions hold, the contact belongs to these channels."""

    name: str
    conditions: tuple[Condition, ...]
    buyer: str
    seller: str

    def fits(self, event: str, properties: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
        """Whether this rule decides."""
        return all(one.holds(event, properties, tags) for one in self.conditions)


@dataclass(frozen=True)
class Rules:
    """All rules of a version, in order."""

    version: int
    rules: Sequence[Rule]

    def classify(self, kind: str, side: str, properties: Mapping[str, Any]) -> Classified | None:
        """The channel of an event, or None when it is no contact with one (a page inside our own sites, a sale).

        An explicit `channel` in the properties (a rep's contact, a server that knows better) wins over all rules.
        """
        if kind not in EVENTS:
            return None
        acted: Literal["click", "view"] = "view" if kind == "email_open" else "click"
        stated = properties.get("channel")
        if isinstance(stated, str) and stated in keys(side) and not kind.startswith("email_"):
            return Classified(stated, acted)
        tags = tags_of(properties)
        rule = next((rule for rule in self.rules if rule.fits(kind, properties, tags)), None)
        return Classified(rule.seller if side == "seller" else rule.buyer, acted) if rule else None

    @property
    def as_data(self) -> list[dict[str, Any]]:
        """As `ChannelRules` keeps them."""
        return [
            {"name": rule.name, "conditions": [one.as_data for one in rule.conditions],
             "buyer": rule.buyer, "seller": rule.seller}
            for rule in self.rules
        ]  # fmt: skip


def rules_of(version: int, kept: Sequence[Mapping[str, Any]]) -> Rules:
    """Rules from how they are kept.

    Raises InvalidError for rules that can't be; its field is `<what>_<rule>` or `<what>_<rule>_<condition>`.
    """
    if len(kept) > MOST_RULES:
        raise InvalidError("rules", N_("There may be at most %(most)s rules."), most=MOST_RULES)
    return Rules(version, [_rule(place, one) for place, one in enumerate(kept)])


def _rule(place: int, kept: Mapping[str, Any]) -> Rule:
    asked = kept["conditions"]
    if not 0 < len(asked) <= MOST_CONDITIONS:
        raise InvalidError(f"field_{place}_0", N_("A rule has from one to %(most)s conditions."), most=MOST_CONDITIONS)
    conditions = tuple(_condition(f"{place}_{number}", one) for number, one in enumerate(asked))
    for side in ("buyer", "seller"):
        if kept[side] not in keys(side):
            raise InvalidError(f"{side}_{place}", N_("Choose a channel."))
    return Rule(str(kept["name"]).strip()[:LONGEST], conditions, kept["buyer"], kept["seller"])


def _condition(where: str, kept: Mapping[str, Any]) -> Condition:
    try:
        return condition_of(kept)
    except InvalidError as error:
        raise InvalidError(f"{error.field}_{where}", error.message, remedy=None, **error.values) from error


DEFAULT = rules_of(1, FIRST_RULES)
"""What comes with the product."""
classify = DEFAULT.classify
