"""Records of the rules that hold for all campaigns together."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Record


class SendingRules(Record):
    """What holds for every campaign: a single row, made with its defaults when it is first asked for."""

    __tablename__ = "sending_rules"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    quiet_from: Mapped[int | None]
    """Minute of the recipient's day from which on nothing is sent (1260 for 21:00); null for no quiet hours."""
    quiet_until: Mapped[int | None]
    most_per_day: Mapped[int | None]
    """Campaign messages to one person in 24 hours; null for no limit."""
    most_per_week: Mapped[int | None]
    most_by_purpose: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Messages in a week by purpose of permission: {"marketing": 3}."""
    per_hour: Mapped[int | None]
    """Messages of all campaigns together in an hour; null for as fast as it goes."""
    per_receiver: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Messages in an hour by receiver (`identity.receiver`): {"mail.ru": 3000}."""
    warm_up_since: Mapped[date | None]
    """First day of a new sender's warm-up; null for none."""
    warm_up_first: Mapped[int] = mapped_column(server_default="200")
    """Messages on its first day."""
    warm_up_growth: Mapped[int] = mapped_column(server_default="150")
    """Percent of the day before."""
    warm_up_days: Mapped[int] = mapped_column(server_default="21")
    bounce_limit: Mapped[int] = mapped_column(server_default="500")
    """Ten-thousandths of a day's messages, beyond which sending halts by itself."""
    complaint_limit: Mapped[int] = mapped_column(server_default="20")
    approval_from: Mapped[int | None]
    """Recipients from which on a second person has to approve a campaign; null for never."""
    role_addresses: Mapped[str] = mapped_column(server_default="send")
    """send or leave_out: addresses such as info@ and sales@, which several people read."""
    disposable_addresses: Mapped[str] = mapped_column(server_default="leave_out")
    soft_bounces: Mapped[int] = mapped_column(server_default="5")
    """Soft bounces in a row, over at least a week, after which an address is suppressed."""
    seeds: Mapped[list[Any]] = mapped_column(server_default="[]")
    """Own addresses that get a copy of every campaign: [{"email", "locale"}]."""
    halted_at: Mapped[datetime | None]
    halted_because: Mapped[dict[str, Any] | None]
    """{"sentence", "values"}: why all sending was halted; a person takes it away."""
    watched_since: Mapped[datetime | None]
    """When a person let sending go on after a halt: what happened before doesn't halt it again."""
    version: Mapped[int] = mapped_column(server_default="1")
    updated_by: Mapped[str | None]
    updated_at: Mapped[datetime | None]


class SendingPace(Record):
    """How much of an allowance is used up: one row per scope and slice of time, counted under its lock."""

    __tablename__ = "sending_pace"
    __table_args__ = (Index("ix_sending_pace_since", "since"),)

    scope: Mapped[str] = mapped_column(primary_key=True)
    """all, receiver:mail.ru, campaign:17, day."""
    since: Mapped[datetime] = mapped_column(primary_key=True)
    used: Mapped[int]


class UsualHour(Record):
    """The hour of their own day at which somebody usually opens, learned from what they opened."""

    __tablename__ = "usual_hour"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    hour: Mapped[int]
    opens: Mapped[int]
    """How many it rests on."""


class UsualHourOfCountry(Record):
    """Likewise of all whose hour is known in a country, for those whose isn't; '' is everywhere."""

    __tablename__ = "usual_hour_of_country"

    country: Mapped[str] = mapped_column(primary_key=True)
    hour: Mapped[int]
    people: Mapped[int]


class ClockReading(Record):
    """What a machine's clock said when it was last looked at, and how long the machine had run by then."""

    __tablename__ = "clock_reading"

    start: Mapped[str] = mapped_column(primary_key=True)
    """One start of one machine."""
    at: Mapped[datetime]
    seconds: Mapped[float]
    """For which it had run, its sleep included."""
    moved_at: Mapped[datetime | None]
    moved_by: Mapped[int | None]
    """Seconds by which somebody last put it forward, negative for back."""
