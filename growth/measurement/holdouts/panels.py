"""What came by country and week, and in all, read from the roll-up."""

from datetime import date, timedelta

from sqlalchemy import Integer, func, select, type_coerce
from sqlalchemy.orm import Session

from growth.experiments.holdouts.choosing import Panel
from growth.measurement.figures import WHOLE
from growth.measurement.periods import Period
from growth.measurement.records import ChannelDay, ChannelDayTotal
from growth.measurement.sums import of_countries, of_period

OUTCOMES = ("acquired", "orders")
PAST_WEEKS = 26
"""From which the usual movement is learned."""


def panel(session: Session, side: str, outcome: str, starts_on: date, weeks: int = PAST_WEEKS) -> Panel:
    """What came in each country in each whole week before a day, of all channels, since the first week of all.

    A country of which nothing came in a week has 0 there.
    """
    first = starts_on - timedelta(weeks=weeks)
    week = type_coerce(ChannelDayTotal.day - first, Integer) // 7
    came = func.sum(getattr(ChannelDayTotal, outcome))
    wanted = select(ChannelDayTotal.country, week, came).where(
        *of_countries(side, Period(first, starts_on - timedelta(days=1))), ChannelDayTotal.country != ""
    )
    found: dict[str, list[float]] = {}
    for country, place, amount in session.execute(wanted.group_by(ChannelDayTotal.country, week)):
        found.setdefault(country, [0.0] * weeks)[place] = float(amount / WHOLE)
    begun = min((place for row in found.values() for place, amount in enumerate(row) if amount), default=0)
    whole = begun + 1 if begun else 0  # the very first may have begun in its middle
    return {country: row[whole:] for country, row in found.items()}


def came_in(session: Session, side: str, outcome: str, first: date, last: date) -> dict[str, float]:
    """What came by country between two days, both counted; "" where nobody knows the country."""
    came = func.sum(getattr(ChannelDayTotal, outcome))
    wanted = select(ChannelDayTotal.country, came).where(*of_countries(side, Period(first, last)))
    wanted = wanted.group_by(ChannelDayTotal.country)
    return {country: float(amount / WHOLE) for country, amount in session.execute(wanted)}


def cost_in(session: Session, side: str, channel: str, first: date, last: date) -> dict[str, int]:
    """What a channel cost by country between two days, in the workspace's minor units."""
    cost = func.sum(ChannelDay.cost_minor)
    mine = *of_period(side, first, last, None), ChannelDay.channel == channel
    wanted = select(ChannelDay.country, cost).where(*mine).group_by(ChannelDay.country)
    return {country: int(amount) for country, amount in session.execute(wanted)}
