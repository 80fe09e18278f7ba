"""How a month goes against its budgets: what was spent until yesterday, and where each channel's month will end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from growth.spend.budgets import budgets_of, daily_spend, month_end, month_of
from growth.spend.currencies import base_currency
from growth.spend.pacing import HISTORY, Pace, pace
from growth.spend.records import Budget


@dataclass(frozen=True)
class Paced:
    """A channel's month, in the workspace's currency."""

    channel: str
    currency: str
    budget: Budget | None
    pace: Pace

    @property
    def budget_minor(self) -> int | None:
        """What it may cost; None where there is no budget, or only one in a currency that is no longer ours."""
        return self.budget.amount_minor if self.budget and self.budget.currency == self.currency else None

    @property
    def overspent(self) -> bool:
        """Whether more is spent than it may cost."""
        return self.budget_minor is not None and self.pace.spent > self.budget_minor

    @property
    def will_be_overspent(self) -> bool:
        """Whether even the forecast's lower end is above what it may cost."""
        return self.budget_minor is not None and self.pace.told and self.pace.low > self.budget_minor


Spend = Callable[[Session, str, tuple[date, date], str], Mapping[str, Sequence[int]]]
"""As `daily_spend`."""


def paced_months(
    session: Session, side: str, channels: Sequence[str], month: date, today: date, *, spent_by: Spend = daily_spend
) -> list[Paced]:
    """Each channel's month, as it is known at the beginning of `today`, a day in the workspace's time zone."""
    base, first, end = base_currency(session), month_of(month), month_end(month)
    yesterday = min(today - timedelta(days=1), end)
    begin = min(first, yesterday) - timedelta(days=HISTORY)
    spend = spent_by(session, side, (begin, yesterday), base)
    kept = budgets_of(session, side, month)
    months = []
    for one in channels:
        days = spend.get(one, [0] * ((yesterday - begin).days + 1))
        spent = sum(days[(first - begin).days :]) if first <= yesterday else 0
        months.append(Paced(one, base, kept.get(one), pace(days, yesterday, end, spent, first)))
    return months
