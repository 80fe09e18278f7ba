"""Budgets of this month that are overspent, or will be even by the forecast's lower end."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from growth.attribution.channels import CHANNELS
from growth.database.changed_days import zone_of
from growth.measurement.figures import Figures
from growth.measurement.periods import Period
from growth.measurement.sums import Cut, sums_of
from growth.spend.budgets import budgets_of
from growth.spend.paced import Paced, paced_months


def overspending(session: Session, side: str, now: datetime) -> list[Paced]:
    """Those of a side, the greatest excess first; none before the set-up or without budgets."""
    today = now.astimezone(zone_of(session)).date()
    budgets = budgets_of(session, side, today)
    channels = [one.key for one in CHANNELS[side] if one.key in budgets]
    months = paced_months(session, side, channels, today, today, spent_by=_rolled_up) if channels else []
    found = [one for one in months if one.overspent or one.will_be_overspent]
    return sorted(found, key=lambda one: (one.budget_minor or 0) - one.pace.expected)


def _rolled_up(session: Session, side: str, days: tuple[date, date], _base: str) -> dict[str, list[int]]:
    """As the ledger has it, but from the roll-up, which pages read fast."""
    period = Period(*days)
    by_day = sums_of(session, Cut(side), period).by_day
    return {
        one.key: [by_day.get((one.key, day), Figures()).cost_minor for day in period.days] for one in CHANNELS[side]
    }
