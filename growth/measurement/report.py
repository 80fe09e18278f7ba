"""The channel report: this period against the last, by channel, by day and by country, read from the roll-up alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from growth.attribution.channels import labels
from growth.database.changed_days import zone_of
from growth.errors import NotFoundError
from growth.locales import N_
from growth.measurement.figures import Figures
from growth.measurement.periods import Period, period_until
from growth.measurement.records import ChannelDay
from growth.spend.currencies import base_currency

_SUMS = [func.sum(getattr(ChannelDay, name)) for name in Figures.__slots__]


@dataclass(frozen=True)
class Line:
    """A channel in this period and in the one before."""

    channel: str
    label: str
    """Translatable."""
    now: Figures
    before: Figures
    share: Decimal
    """Of all acquired in this period, 0..1."""


@dataclass(frozen=True)
class Report:
    """What `/channels` shows."""

    side: str
    country: str | None
    currency: str
    period: Period
    lines: Sequence[Line]
    """Every channel of the side in the order of pages; other sites and unknown ones where they have figures."""
    total: Figures
    before: Figures
    by_day: Mapping[str, Sequence[Figures]]
    """Channel → its figures on each day of the period."""
    countries: Sequence[tuple[str, int]]
    """Country ("" when nobody knows) and millionths acquired there, most first; of all countries, whatever is asked."""
    unrated: Sequence[str]
    """Currencies in which amounts are left out since there is no rate for some day."""
    without_country_minor: int
    """Cost of the period that names no country: not in the figures when one is asked for."""

    @property
    def empty(self) -> bool:
        """Whether nothing at all happened, in this period and the one before."""
        return not self.countries and self.total == self.before == Figures()

    @property
    def days(self) -> list[Figures]:
        """All channels together on each day of the period."""
        return [sum(ones, Figures()) for ones in zip(*self.by_day.values(), strict=True)]


def report(session: Session, side: str, days: int, country: str | None, now: datetime) -> Report:
    """The report of the last `days` days. Raises InvalidError for a length there isn't, RefusedError before set-up."""
    period = period_until(now, zone_of(session), days)
    by_day = _by_day(session, side, period, country)
    unrated = _unrated(session, side, period, country)
    return Report(
        side=side,
        country=country,
        currency=base_currency(session),
        period=period,
        lines=_lines(side, by_day, period),
        total=_sum(by_day, period),
        before=_sum(by_day, period.before),
        by_day={channel: [by_day.get((channel, day), Figures()) for day in period.days] for channel in labels(side)},
        countries=_countries(session, side, period),
        unrated=unrated,
        without_country_minor=_without_country(session, side, period) if country else 0,
    )


@dataclass(frozen=True)
class ChannelDays:
    """What a channel's figures of a period are made of."""

    channel: str
    label: str
    currency: str
    period: Period
    days: Sequence[tuple[date, Figures]]
    """Days with anything to tell, the newest first."""
    countries: Sequence[tuple[str, Figures]]
    """The same by country, most acquired first."""

    @property
    def total(self) -> Figures:
        """All days together."""
        return sum((figures for _, figures in self.days), Figures())


def channel_days(
    session: Session, side: str, channel: str, *, days: int, country: str | None, now: datetime
) -> ChannelDays:
    """The days and countries behind a channel's figures. Raises NotFoundError for a channel the side doesn't have."""
    label = labels(side).get(channel)
    if label is None:
        raise NotFoundError(N_("There is no such channel on this side."))
    period = period_until(now, zone_of(session), days)
    mine = [*of_period(side, period.first, period.last, country), ChannelDay.channel == channel]
    by_day, by_country = (
        [
            (one, Figures(*map(int, sums)))
            for one, *sums in session.execute(select(by, *_SUMS).where(*mine).group_by(by))
        ]
        for by in (ChannelDay.day, ChannelDay.country)
    )
    return ChannelDays(
        channel=channel,
        label=label,
        currency=base_currency(session),
        period=period,
        days=sorted(by_day, key=lambda one: one[0], reverse=True),
        countries=sorted(by_country, key=lambda one: (-one[1].acquired, -one[1].touches, one[0])),
    )


def of_period(side: str, first: date, last: date, country: str | None) -> list[ColumnElement[bool]]:
    """The rows of the roll-up of a side, between two days and in a country, all of them when it is None."""
    wanted = [ChannelDay.side == side, ChannelDay.day.between(first, last)]
    return wanted if country is None else [*wanted, ChannelDay.country == country]


def _by_day(session: Session, side: str, period: Period, country: str | None) -> dict[tuple[str, date], Figures]:
    columns: list[Any] = [ChannelDay.channel, ChannelDay.day, *_SUMS]
    found = select(*columns).where(*of_period(side, period.before.first, period.last, country))
    rows = session.execute(found.group_by(ChannelDay.channel, ChannelDay.day))
    return {(channel, day): Figures(*map(int, sums)) for channel, day, *sums in rows}


def _sum(by_day: Mapping[tuple[str, date], Figures], period: Period, channel: str | None = None) -> Figures:
    mine = (
        figures
        for (one, day), figures in by_day.items()
        if period.first <= day <= period.last and channel in {None, one}
    )
    return sum(mine, Figures())


def _lines(side: str, by_day: Mapping[tuple[str, date], Figures], period: Period) -> list[Line]:
    total = _sum(by_day, period).acquired
    lines = []
    for channel, label in labels(side).items():
        now, before = _sum(by_day, period, channel), _sum(by_day, period.before, channel)
        share = Decimal(now.acquired) / total if total > 0 else Decimal(0)
        lines.append(Line(channel, label, now, before, share))
    return lines


def _countries(session: Session, side: str, period: Period) -> list[tuple[str, int]]:
    acquired = func.sum(ChannelDay.acquired)
    found = select(ChannelDay.country, acquired).where(*of_period(side, period.first, period.last, None))
    ranked = found.group_by(ChannelDay.country).having(acquired > 0).order_by(acquired.desc(), ChannelDay.country)
    return [(country, int(count)) for country, count in session.execute(ranked)]


def _unrated(session: Session, side: str, period: Period, country: str | None) -> list[str]:
    found = select(ChannelDay.unrated).where(*of_period(side, period.before.first, period.last, country))
    named = session.scalars(found.where(ChannelDay.unrated != "").distinct())
    return sorted({currency for one in named for currency in one.split()})


def _without_country(session: Session, side: str, period: Period) -> int:
    cost = select(func.sum(ChannelDay.cost_minor)).where(*of_period(side, period.first, period.last, ""))
    return int(session.scalar(cost) or 0)
