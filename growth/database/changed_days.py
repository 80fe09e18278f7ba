"""Days, in the workspace's time zone, whose figures changed: marked by whoever changes them, done by the roll-up."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from growth.database.base import Record
from growth.database.workspace import workspace

SIDES = ("buyer", "seller")


class ChannelDayDue(Record):
    """A (day, side) whose figures changed and must be rolled up again."""

    __tablename__ = "channel_day_due"

    day: Mapped[date] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)


class CurrencyDue(Record):
    """A currency whose rates changed, from a day on: refunds in another currency than their order are weighed anew."""

    __tablename__ = "currency_due"

    currency: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[date]


def mark_changed(session: Session, days: Iterable[tuple[date, str]]) -> None:
    """Have these (day, side) rolled up again. Call it once in a transaction, in the one that changes the figures.

    A row that is there already is locked, so that a roll-up which can't see this transaction yet passes over it.
    """
    rows = [{"day": day, "side": side} for day, side in sorted(set(days))]
    if rows:
        marked = insert(ChannelDayDue)
        session.execute(
            marked.on_conflict_do_update(index_elements=["day", "side"], set_={"day": marked.excluded.day}), rows
        )


def mark_rates(session: Session, changed: Mapping[str, date]) -> None:
    """Have refunds weighed again by the rates of these currencies, each from its day on."""
    rows = [{"currency": currency, "since": changed[currency]} for currency in sorted(changed)]
    if rows:
        marked = insert(CurrencyDue)
        earliest = func.least(CurrencyDue.since, marked.excluded.since)
        session.execute(marked.on_conflict_do_update(index_elements=["currency"], set_={"since": earliest}), rows)


def mark_moments(session: Session, moments: Iterable[tuple[datetime, str]]) -> None:
    """Have the days rolled up again on which these (moment, side) fall."""
    zone = zone_of(session)
    mark_changed(session, {(moment.astimezone(zone).date(), side) for moment, side in moments})


def mark_since(session: Session, first: date, now: datetime) -> None:
    """Have all days from `first` until today rolled up again, on both sides: what they are counted by has changed."""
    today = now.astimezone(zone_of(session)).date()
    span = (first + timedelta(days=number) for number in range((today - first).days + 1))
    mark_changed(session, {(day, side) for day in span for side in SIDES})


def zone_of(session: Session) -> ZoneInfo:
    """The time zone in which the workspace counts days; UTC while the product is not set up."""
    place = workspace(session)
    return ZoneInfo(place.time_zone if place else "UTC")


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments, in UTC, at which a day begins and the next one does."""
    first, last = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    return first, last
