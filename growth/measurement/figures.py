"""What a channel brought and cost, the figures that follow from it, and how they compare with before. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

WHOLE = 1_000_000


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over days. Counts but `touches` are millionths, amounts are minor units of one currency."""

    touches: int = 0
    acquired: int = 0
    orders: int = 0
    value_minor: int = 0
    cost_minor: int = 0
    ordered: int = 0
    repeated: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.touches + other.touches,
            self.acquired + other.acquired,
            self.orders + other.orders,
            self.value_minor + other.value_minor,
            self.cost_minor + other.cost_minor,
            self.ordered + other.ordered,
            self.repeated + other.repeated,
        )

    @property
    def cost_each(self) -> Decimal | None:
        """Minor units of cost for each one acquired; None when it cost nothing or nobody came."""
        return Decimal(self.cost_minor) * WHOLE / self.acquired if self.acquired > 0 and self.cost_minor > 0 else None

    @property
    def back(self) -> Decimal | None:
        """Value for each unit of cost; None when it cost nothing."""
        return Decimal(self.value_minor) / self.cost_minor if self.cost_minor > 0 else None

    @property
    def order_share(self) -> Decimal | None:
        """Which share of those acquired ordered (sold) within 60 days; None when nobody came."""
        return Decimal(self.ordered) / self.acquired if self.acquired > 0 else None

    @property
    def repeat_share(self) -> Decimal | None:
        """Which share of those who ordered for the first time ordered again within 60 days; None without any."""
        return Decimal(self.repeated) / self.orders if self.orders > 0 else None


def added(ones: Iterable[Figures]) -> Figures:
    """All of them together, for when there are many."""
    rows = [
        (one.touches, one.acquired, one.orders, one.value_minor, one.cost_minor, one.ordered, one.repeated)
        for one in ones
    ]
    return Figures(*map(sum, zip(*rows, strict=True)))


Tone = Literal["good", "bad", ""]


@dataclass(frozen=True, slots=True)
class Delta:
    """How a figure compares: `change` is a share of 1, or a difference; None when there is nothing to compare."""

    change: Decimal | None
    tone: Tone


def compare(now: Decimal | int | None, before: Decimal | int | None, *, more_is: Tone) -> Delta:
    """This period against the last. `more_is` says what a rise means; a change of less than 0.05 % means nothing."""
    if now is None or before is None or before <= 0:
        return Delta(None, "")
    return _judged((Decimal(now) - Decimal(before)) / Decimal(before), Decimal("0.0005"), more_is)


def differ(now: Decimal | None, before: Decimal | None, *, least: Decimal, more_is: Tone) -> Delta:
    """The same by subtraction, for shares and ratios; a difference of less than `least` means nothing."""
    return Delta(None, "") if now is None or before is None else _judged(now - before, least, more_is)


def _judged(change: Decimal, least: Decimal, more_is: Tone) -> Delta:
    if more_is == "" or abs(change) < least:
        return Delta(change, "")
    less_is: Tone = "bad" if more_is == "good" else "good"
    return Delta(change, more_is if change > 0 else less_is)
