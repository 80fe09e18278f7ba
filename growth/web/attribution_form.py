"""The form by which a model and its windows are chosen: from the address to a choice, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from growth.attribution.adopting import Choice, check
from growth.attribution.channels import CHANNELS, SIDES
from growth.errors import InvalidError
from growth.locales import N_

PERIODS = (7, 28, 90)
_NUMBERS = ("clicks", "views", "half_life", "order")
_LONGEST = 9


@dataclass(frozen=True)
class Typed:
    """The fields as they were typed, by name; windows of a channel are `clicks_<channel>` and `views_<channel>`."""

    side: str
    days: int
    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """What stands in a field."""
        return self.fields.get(name, "")

    @property
    def asked(self) -> bool:
        """Whether another model is to be compared."""
        return "model" in self.fields

    @property
    def query(self) -> str:
        """The same in an address."""
        return urlencode({"side": self.side, "days": self.days, **self.fields})

    def choice(self) -> Choice:
        """What was chosen. Raises InvalidError, naming the field."""
        numbers = {name: _number(name, self[name]) for name in _NUMBERS}
        channels = {}
        for channel in CHANNELS[self.side]:
            names = [f"{kind}_{channel.key}" for kind in ("clicks", "views")]
            if any(self[name].strip() for name in names):
                own = [_number(name, self[name] or self[name.split("_")[0]]) for name in names]
                channels[channel.key] = (own[0], own[1])
        chosen = Choice(side=self.side, model=self["model"], channels=channels, **numbers)
        check(chosen)
        return chosen


def _number(field: str, text: str) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= _LONGEST):
        raise InvalidError(field, N_("Give a whole number."))
    return int(plain)


def side_of(given: str | None) -> str:
    """A side, buyers unless sellers are asked for."""
    return given if given in SIDES else SIDES[0]


def read(given: Mapping[str, str]) -> Typed:
    """What an address or a form says."""
    side, days = side_of(given.get("side")), given.get("days", "")
    channels = [f"{kind}_{channel.key}" for channel in CHANNELS[side] for kind in ("clicks", "views")]
    wanted = {"model", *_NUMBERS, *channels}
    kept = {name: text[:40] for name, text in given.items() if name in wanted and isinstance(text, str)}
    return Typed(side, int(days) if days in map(str, PERIODS) else PERIODS[1], kept)


def typed(choice: Choice) -> dict[str, str]:
    """What counts, as one would type it."""
    own = {
        f"{kind}_{name}": str(days)
        for name, both in choice.channels.items()
        for kind, days in zip(("clicks", "views"), both, strict=True)
    }
    return {"model": choice.model} | {name: str(getattr(choice, name)) for name in _NUMBERS} | own
