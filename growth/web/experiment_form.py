"""The form of an experiment: what was typed, kept as it was, and what it declares."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import BaseModel, ConfigDict

from growth.campaigns.experiments.fields import NAMES, OUTCOMES, Declaration
from growth.campaigns.experiments.sizing import Expected
from growth.experiments.assigning import Arm
from growth.experiments.deciding import Rule
from growth.locales import LOCALES

_PARTS = ("subject", "preheader")


class Asked(BaseModel):
    """An experiment as it was typed; each version has fields of its own, such as `share_B` and `subject_B_ru`."""

    model_config = ConfigDict(extra="allow")

    arms: str = "0"
    outcome: str = "click"
    horizon_days: str = "3"
    rule: str = Rule.FIXED.value
    test_percent: str = "100"
    base_rate: str = ""
    smallest_effect: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The versions that are compared; none while everybody gets the same."""
        number = int(self.arms) if self.arms.isascii() and self.arms.isdecimal() and len(self.arms) < 3 else 0
        return NAMES[: min(number, len(NAMES))] if number > 1 else ()

    def typed(self, field: str) -> str:
        """A field of a version."""
        value = (self.model_extra or {}).get(field)
        return value if isinstance(value, str) else ""

    def changed(self, name: str) -> bool:
        """Whether a version says anything of its own."""
        return any(value for key, value in (self.model_extra or {}).items() if _version_of(key) == name
                   and not key.startswith("share_"))  # fmt: skip

    def wanted(self) -> dict[str, Any]:
        """For `checked_experiment`; what can't be read as a number is None."""
        return {
            "arms": [{"share": hundredths(self.typed(f"share_{name}")), "changes": self._changes(name)}
                     for name in self.names],
            "outcome": self.outcome,
            "horizon_days": whole(self.horizon_days),
            "rule": self.rule,
            "test_percent": whole(self.test_percent.strip().removesuffix("%")),
            "base_rate": hundredths(self.base_rate),
            "smallest_effect": hundredths(self.smallest_effect),
        }  # fmt: skip

    def _changes(self, name: str) -> dict[str, Any]:
        texts = {f"{part}s": {locale: self.typed(f"{part}_{name}_{locale}") for locale in LOCALES} for part in _PARTS}
        hour = self.typed(f"hour_{name}")
        told: int | None = whole(hour) if hour else None
        return texts | {"message": self.typed(f"message_{name}"), "hour": -1 if hour and told is None else told}

    def with_one_more(self) -> "Asked":
        """With another version, all of one size."""
        return self._sized(NAMES[: min(max(len(self.names) + 1, 2), len(NAMES))], self.model_dump())

    def without(self, name: str) -> "Asked":
        """With one version less, the later ones moved up; of two, everybody gets the first."""
        kept = [one for one in self.names if one != name]
        fields = {key: value for key, value in self.model_dump().items() if _version_of(key) is None}
        for new, old in zip(NAMES, kept, strict=False):
            mine = ((key, value) for key, value in self.model_dump().items() if _version_of(key) == old)
            fields |= {"_".join([*key.split("_")[:1], new, *key.split("_")[2:]]): value for key, value in mine}
        return self._sized(NAMES[: len(kept)], fields)

    def _sized(self, names: Iterable[str], fields: dict[str, Any]) -> "Asked":
        chosen = list(names)
        each = 10_000 // max(len(chosen), 1)
        sizes = {f"share_{name}": percent(each) for name in chosen}
        if chosen:
            sizes["share_A"] = percent(10_000 - each * (len(chosen) - 1))
        return Asked(**fields | sizes | {"arms": str(len(chosen))})


def _version_of(field: str) -> str | None:
    """`B` of `subject_B_ru`; None for a field of the whole."""
    parts = field.split("_")
    return parts[1] if len(parts) > 1 and parts[1] in NAMES else None


def whole(text: str) -> int | None:
    """A whole number as it was typed."""
    typed = text.strip()
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else None


def hundredths(text: str) -> int | None:
    """A percentage or points, with a point or a comma, in hundredths of them; finer ones are rounded."""
    typed = text.strip().removesuffix("%").strip().replace(",", ".")
    if not typed.isascii() or len(typed) > 12:
        return None
    try:
        number = Decimal(typed)
    except InvalidOperation:
        return None
    return round(number * 100) if number.is_finite() and abs(number) < 10_000 else None


def percent(hundredths_of_it: int) -> str:
    """The reverse: `2.5` of 250."""
    return (
        f"{Decimal(hundredths_of_it) / 100:f}".rstrip("0").rstrip(".")
        if hundredths_of_it % 100
        else str(hundredths_of_it // 100)
    )


def asked_of(declared: Declaration | None, known: Expected) -> Asked:
    """The form of an experiment as it is saved, or an empty one with what is expected filled in."""
    if declared is None:
        return Asked(base_rate=percent(known.rate), smallest_effect=percent(max(known.rate // 5, 1)))
    fields = {"arms": str(len(declared.arms))}
    for arm in declared.arms:
        fields |= _fields_of(arm)
    return Asked(
        outcome=declared.outcome if declared.outcome in OUTCOMES else "click",
        horizon_days=str(declared.horizon_days),
        rule=declared.rule,
        test_percent=str(declared.test_percent),
        base_rate=percent(declared.base_rate),
        smallest_effect=percent(declared.smallest_effect),
        **fields,
    )


def _fields_of(arm: Arm) -> dict[str, str]:
    fields = {f"share_{arm.name}": percent(arm.share), f"message_{arm.name}": arm.message or ""}
    fields[f"hour_{arm.name}"] = "" if arm.hour is None else str(arm.hour)
    for part in _PARTS:
        for locale, text in arm.changes.get(f"{part}s", {}).items():
            fields[f"{part}_{arm.name}_{locale}"] = text
    return fields
