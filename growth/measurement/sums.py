"""Sums of the roll-up for a side, or a country or language of it, by channel and day: few rows, whatever its size."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, or_, select, text
from sqlalchemy.orm import Session

from growth.attribution.channels import keys
from growth.database.among import among
from growth.measurement.figures import Figures, added
from growth.measurement.periods import Period
from growth.measurement.records import ChannelDay, ChannelDayTotal

ALL = "*"
"""How totals name all channels, countries or languages."""


@dataclass(frozen=True)
class Cut:
    """A part of everything: a side, and of it a country and a language where given; "" is nobody knows which."""

    side: str
    country: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class Sums:
    """What was found of a period, and of the one it is compared with."""

    by_day: Mapping[tuple[str, date], Figures]
    """By channel and day of the period; days with nothing are missing."""
    against: Mapping[str, Figures]
    """By channel, of the other period as a whole."""
    unrated: frozenset[str]
    """Currencies that are left out on some day since there is no rate."""

    @property
    def by_channel(self) -> dict[str, Figures]:
        """The sums of the period by channel; one with nothing is missing."""
        days: dict[str, list[Figures]] = {}
        for (channel, _), figures in self.by_day.items():
            days.setdefault(channel, []).append(figures)
        return {channel: added(figures) for channel, figures in days.items()}


def sums_of(session: Session, cut: Cut, period: Period, against: Period | None = None) -> Sums:
    """The figures of a period by channel and day, beside those of another that has no day in common with it."""
    table: Any = ChannelDayTotal
    periods = [period, against] if against else [period]
    if cut.country is None or cut.language is None:
        wanted = [table.channel != ALL, or_(*(table.day.between(one.first, one.last) for one in periods))]
    else:
        # Each row by its whole key: few of all that a day has.
        table = ChannelDay
        wanted = [among(table.channel, keys(cut.side)), among(table.day, [day for one in periods for day in one.days])]
    place = [
        table.side == cut.side,
        table.country == (ALL if cut.country is None else cut.country),
        table.language == (ALL if cut.language is None else cut.language),
    ]
    day = case((table.day.between(period.first, period.last), table.day), else_=None)
    columns = [cast(func.sum(getattr(table, name)), BigInteger) for name in Figures.__slots__]
    words = func.string_agg(table.unrated, " ")
    found = select(table.channel, day, words, *columns).where(*place, *wanted).group_by(text("1, 2"))
    by_day, compared, unrated = {}, {}, set()
    for channel, when, named, *figures in session.execute(found):
        unrated.update(named.split())
        if when is None:
            compared[channel] = Figures(*figures)
        else:
            by_day[channel, when] = Figures(*figures)
    return Sums(by_day, compared, frozenset(unrated))


def acquired_by_country(
    session: Session, side: str, period: Period, language: str | None = None
) -> list[tuple[str, int]]:
    """Country ("" when nobody knows) and millionths acquired there, most first."""
    acquired = func.sum(ChannelDayTotal.acquired)
    found = select(ChannelDayTotal.country, acquired).where(*of_countries(side, period, language))
    ranked = found.group_by(ChannelDayTotal.country).having(acquired > 0)
    rows = session.execute(ranked.order_by(acquired.desc(), ChannelDayTotal.country))
    return [(country, int(count)) for country, count in rows]


def figures_by_country(
    session: Session, side: str, period: Period, language: str | None = None
) -> list[tuple[str, Figures]]:
    """Country ("" when nobody knows) and all its figures, most acquired first."""
    sums = [func.sum(getattr(ChannelDayTotal, name)) for name in Figures.__slots__]
    found = select(ChannelDayTotal.country, *sums).where(*of_countries(side, period, language))
    rows = session.execute(found.group_by(ChannelDayTotal.country))
    told = [(country, Figures(*map(int, figures))) for country, *figures in rows]
    return sorted(told, key=lambda one: (-one[1].acquired, -one[1].touches, one[0]))


def of_countries(side: str, period: Period, language: str | None = None) -> list[ColumnElement[bool]]:
    """The rows of `ChannelDayTotal` that hold all channels together, by country, of a side and period."""
    return [
        ChannelDayTotal.side == side,
        ChannelDayTotal.channel == ALL,
        ChannelDayTotal.language == (ALL if language is None else language),
        ChannelDayTotal.country != ALL,
        ChannelDayTotal.day.between(period.first, period.last),
    ]


def cost_without_country(session: Session, side: str, period: Period) -> int:
    """Minor units that name no country."""
    cost = select(func.sum(ChannelDayTotal.cost_minor)).where(
        *of_countries(side, period), ChannelDayTotal.country == ""
    )
    return int(session.scalar(cost) or 0)


def of_period(side: str, first: date, last: date, country: str | None) -> list[ColumnElement[bool]]:
    """The rows of `ChannelDay` of a side, between two days and in a country, all of them when it is None."""
    wanted = [ChannelDay.side == side, ChannelDay.day.between(first, last)]
    return wanted if country is None else [*wanted, ChannelDay.country == country]
