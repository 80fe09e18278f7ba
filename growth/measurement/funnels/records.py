"""Records of funnels: how far each one has come, and the roll-ups that pages read."""

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class Way(Record):
    """How far one person, visitor nobody knows, or lead without a person has come on a side."""

    __tablename__ = "way"
    __table_args__ = (Index("ix_way_reached", "side", "reached", "entered", "who"),)

    side: Mapped[str] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(primary_key=True)
    """`p` and a person's id, `v` and a visitor's, `l` and a lead's."""
    entered: Mapped[date]
    """The day of the first step, in the workspace's time zone."""
    reached: Mapped[int]
    """How many steps of the side's funnel; one who skipped a step has passed it."""
    channels: Mapped[dict[str, Any]]
    """{channel: millionths}, together a million."""
    country: Mapped[str]
    language: Mapped[str]
    """One of `growth.measurement.languages`, "" where nobody knows, as of the country."""
    week: Mapped[date | None]
    """The Monday of the week of the registration, or of the opened shop."""
    within: Mapped[int | None]
    """In which week after it the first order, or the first sale, came; from 1."""


class WayDue(Record):
    """Somebody of whom something changed (append, by triggers): their way is looked at again."""

    __tablename__ = "way_due"

    id: Mapped[Id]
    side: Mapped[str]
    who: Mapped[str]


class StepDay(Record):
    """The roll-up of a funnel: of those who entered on a day, how many have reached a step so far.

    A country or language of `*` stands for all, so that a page reads a row for each day and step.
    """

    __tablename__ = "step_day"
    __table_args__ = (CheckConstraint("people > 0", name="people"), Index("ix_step_day_side_day", "side", "day"))

    side: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    people: Mapped[int]
    """In millionths, since credit is shared."""


class CohortWeek(Record):
    """The roll-up of cohorts: of those acquired in a week, how many first ordered in a week after it; `*` as above."""

    __tablename__ = "cohort_week"
    __table_args__ = (CheckConstraint("people > 0", name="people"),)

    side: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    week: Mapped[date] = mapped_column(primary_key=True)
    """Its Monday."""
    country: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    within: Mapped[int] = mapped_column(primary_key=True)
    """1 for those who ordered within a week, and so on; 0 for all who were acquired."""
    people: Mapped[int]
    """In millionths."""
