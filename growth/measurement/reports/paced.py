"""Budgets as a report keeps them: what the month had cost on its last day, and where it was heading."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from growth.attribution.channels import CHANNELS
from growth.spend.budgets import budgets_of, daily_spend, month_end, month_of
from growth.spend.pacing import HISTORY, pace


@dataclass(frozen=True)
class Paced:
    """A channel's budget of the month, in minor units of its currency, and the month's end with its 90 % interval."""

    channel: str
    month: date
    currency: str
    budget_minor: int
    spent_minor: int
    expected_minor: int
    low_minor: int
    high_minor: int
    told: bool
    """Whether there was history enough for a forecast."""

    @property
    def over(self) -> bool:
        """Whether the month will end above it."""
        return self.expected_minor > self.budget_minor


def paced_budgets(session: Session, side: str, until: date) -> list[Paced]:
    """The budgets that are set for the month of `until`, the last day whose costs count, in the order of pages."""
    month, kept = month_of(until), budgets_of(session, side, until)
    if not kept:
        return []
    first = min(month, until - timedelta(days=HISTORY - 1))
    currency = next(iter(kept.values())).currency
    spend = daily_spend(session, side, (first, until), currency)
    paced = []
    for channel in CHANNELS[side]:
        if channel.key in kept:
            budget, days = kept[channel.key], spend.get(channel.key, [0] * ((until - first).days + 1))
            found = pace(days, until, month_end(month), sum(days[(month - first).days :]))
            paced.append(
                Paced(channel.key, month, budget.currency, budget.amount_minor, found.spent, found.expected, found.low,
                      found.high, found.told)
            )  # fmt: skip
    return paced
