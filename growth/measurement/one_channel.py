"""One channel of the report: its figures, where they come from, and how its month goes against its budget."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from growth.database.among import among
from growth.database.changed_days import zone_of
from growth.errors import NotFoundError
from growth.locales import N_
from growth.measurement.figures import Figures
from growth.measurement.periods import Period
from growth.measurement.records import ChannelDay, ChannelDayTotal
from growth.measurement.report import Report
from growth.measurement.sums import ALL, Cut, sums_of
from growth.money import Money
from growth.spend.budgets import budgets_of, held, month_end, month_of
from growth.spend.currencies import base_currency
from growth.spend.pacing import HISTORY, Pace, pace
from growth.spend.records import Budget

NO_CHANNEL = N_("There is no such channel on this side.")


def of_channel(found: Report, channel: str) -> Report:
    """The report of one channel alone. Raises NotFoundError for a channel the side doesn't have."""
    line = next((one for one in found.lines if one.channel == channel), None)
    if line is None:
        raise NotFoundError(NO_CHANNEL)
    mine = {channel: found.by_day[channel]}
    return replace(found, lines=[line], total=line.now, before=line.before, by_day=mine)


def countries_of(session: Session, cut: Cut, channel: str, period: Period) -> list[tuple[str, int]]:
    """Country ("" when nobody knows) and millionths acquired there by the channel, most first, of all countries."""
    rows: Any = ChannelDayTotal if cut.language is None else ChannelDay
    mine = rows.language == (ALL if cut.language is None else cut.language), rows.country != ALL
    return _ranked(session, rows.country, [*_of(rows, cut.side, channel, period), *mine])


def languages_of(session: Session, cut: Cut, channel: str, period: Period) -> list[tuple[str, int]]:
    """The same by language, in the country that is asked for, or else in all."""
    rows: Any = ChannelDayTotal if cut.country is None else ChannelDay
    mine = rows.country == (ALL if cut.country is None else cut.country), rows.language != ALL
    return _ranked(session, rows.language, [*_of(rows, cut.side, channel, period), *mine])


def _of(rows: Any, side: str, channel: str, period: Period) -> list[ColumnElement[bool]]:
    """Day by day, each on the beginning of the key."""
    return [among(rows.day, period.days), rows.side == side, rows.channel == channel]


def _ranked(
    session: Session, column: InstrumentedAttribute[str], mine: Sequence[ColumnElement[bool]]
) -> list[tuple[str, int]]:  # fmt: skip
    acquired = func.sum(column.class_.acquired)
    found = select(column, acquired).where(*mine).group_by(column).having(acquired > 0)
    return [(one, int(count)) for one, count in session.execute(found.order_by(acquired.desc(), column))]


@dataclass(frozen=True)
class Month:
    """How a channel's month goes: what it may cost, has cost until yesterday, and will have cost at its end."""

    side: str
    channel: str
    month: date
    """Its first day."""
    today: date
    budget: Budget | None
    currency: str
    pace: Pace
    held_minor: int
    """What its budget can't go below: spent already, or held by plans."""

    @property
    def until(self) -> date:
        """The last of its days that has begun."""
        return min(month_end(self.month), self.today)

    @property
    def budget_minor(self) -> int | None:
        """None where there is no budget."""
        return self.budget.amount_minor if self.budget else None

    @property
    def planned(self) -> Money:
        """What plans hold of the budget."""
        return Money(self.budget.planned_minor if self.budget else 0, self.currency)

    def share_of(self, budget_minor: int) -> Decimal | None:
        """Which share of a budget the month will have cost, None for a budget of nothing."""
        return Decimal(self.pace.expected) / budget_minor if budget_minor else None


def month_of_channel(session: Session, side: str, channel: str, month: date, now: datetime) -> Month:
    """From the roll-up, in the workspace's currency; costs without a rate are left out."""
    today, first, end = now.astimezone(zone_of(session)).date(), month_of(month), month_end(month)
    yesterday = min(max(today - timedelta(days=1), first - timedelta(days=1)), end)
    read = Period(min(first, yesterday - timedelta(days=HISTORY - 1)), end)
    by_day = sums_of(session, Cut(side), read).by_day
    costs = [by_day.get((channel, day), Figures()).cost_minor for day in read.days]
    until = (yesterday - read.first).days + 1
    spent = sum(costs[(first - read.first).days : until])
    base = base_currency(session)
    return Month(
        side=side,
        channel=channel,
        month=first,
        today=today,
        budget=budgets_of(session, side, first).get(channel),
        currency=base,
        pace=pace(costs[:until], yesterday, end, spent),
        held_minor=held(session, channel, first, base),
    )
