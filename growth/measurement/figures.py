"""What a channel brought and cost, the figures that follow from it, and how they compare with before. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

WHOLE = 1_000_000


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over days. `acquired` and `orders` are millionths, amounts are minor units of one currency."""

    touches: int = 0
    acquired: int = 0
    orders: int = 0
    value_minor: int = 0
    cost_minor: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, name) + getattr(other, name) for name in Figures.__slots__))

    @property
    def cost_each(self) -> Decimal | None:
        """Minor units of cost for each one acquired; None when it cost nothing or nobody came."""
        return Decimal(self.cost_minor) * WHOLE / self.acquired if self.acquired > 0 and self.cost_minor > 0 else None

    @property
    def back(self) -> Decimal | None:
        """Value for each unit of cost; None when it cost nothing."""
        return Decimal(self.value_minor) / self.cost_minor if self.cost_minor > 0 else None


Tone = Literal["good", "bad", ""]


@dataclass(frozen=True, slots=True)
class Delta:
    """How a figure compares with the period before: `change` is a share of 1, None when there is nothing to compare."""

    change: Decimal | None
    tone: Tone


def compare(now: Decimal | int | None, before: Decimal | int | None, *, more_is: Tone) -> Delta:
    """This period against the last. `more_is` says what a rise means; a change of less than 0.05 % means nothing."""
    if now is None or before is None or before <= 0:
        return Delta(None, "")
    change = (Decimal(now) - Decimal(before)) / Decimal(before)
    if more_is == "" or abs(change) < Decimal("0.0005"):
        return Delta(change, "")
    less_is: Tone = "bad" if more_is == "good" else "good"
    return Delta(change, more_is if change > 0 else less_is)
