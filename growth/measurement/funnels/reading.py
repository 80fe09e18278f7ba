"""Funnels and cohorts of channels, read from their roll-ups."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from growth.attribution.channels import keys
from growth.database.among import among
from growth.measurement.funnels.records import CohortWeek, StepDay, WayDue
from growth.measurement.funnels.steps import STEPS
from growth.measurement.periods import Period
from growth.measurement.sums import ALL, Cut

WITHIN = (1, 2, 4, 8, 12)
"""Weeks after which is looked at how many have ordered."""
COHORTS = 12
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Reached:
    """A step, and how many of those who entered in the period have reached it so far, in millionths."""

    step: str
    label: str
    """Translatable."""
    people: int
    of_step_before: Decimal | None
    """0..1; None for the first step, and where nobody had reached the one before."""
    of_first: Decimal
    lost: int
    """Reached the step before, and not this one."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Which share of a cohort has ordered within so many weeks."""

    weeks: int
    share: Decimal | None
    """None where nobody came, and for weeks ahead."""
    over: bool
    """Whether the weeks are over for all of the cohort; until then the share may yet grow."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Those acquired in the week from `week`, a Monday."""

    week: date
    people: int
    """In millionths."""
    cells: Sequence[Cell]


def funnel(session: Session, channel: str, cut: Cut, period: Period) -> list[Reached]:
    """The funnel of a channel: all steps of the side, of those whose first step was in the period."""
    return steps_of(cut.side, funnels(session, cut, period, [channel]).get(channel, {}))


def funnels(
    session: Session, cut: Cut, period: Period, channels: Sequence[str] = ()
) -> Mapping[str, Mapping[str, int]]:
    """By channel, all of the side's when left out, and step how many have reached it, in millionths."""
    mine = [
        StepDay.side == cut.side,
        among(StepDay.channel, list(channels) or list(keys(cut.side))),
        among(StepDay.day, period.days),
        StepDay.country == (ALL if cut.country is None else cut.country),
        StepDay.language == (ALL if cut.language is None else cut.language),
    ]
    columns = (StepDay.channel, StepDay.step)
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for channel, step, people in session.execute(
        select(*columns, func.sum(StepDay.people)).where(*mine).group_by(*columns)
    ):
        found[channel][step] = int(people)
    return found


def steps_of(side: str, people: Mapping[str, int]) -> list[Reached]:
    """All steps of a side in their order, from how many have reached each. Pure."""
    counts = [people.get(step, 0) for step in STEPS[side]]
    first = counts[0]
    found: list[Reached] = []
    for (step, label), (before, now) in zip(STEPS[side].items(), pairwise([first, *counts]), strict=True):
        share = Decimal(now) / before if before and found else None
        found.append(Reached(step, label, now, share, Decimal(now) / first if first else Decimal(0), before - now))
    return found


def cohorts(session: Session, channel: str, cut: Cut, until: date, today: date) -> list[Cohort]:
    """The cohorts of twelve weeks, the last one that of the day `until`, the newest first, as they are today."""
    last = until - timedelta(days=until.weekday())
    weeks = [last - WEEK * back for back in range(COHORTS)]
    mine = [
        CohortWeek.side == cut.side,
        CohortWeek.channel == channel,
        among(CohortWeek.week, weeks),
        CohortWeek.country == (ALL if cut.country is None else cut.country),
        CohortWeek.language == (ALL if cut.language is None else cut.language),
    ]
    columns = (CohortWeek.week, CohortWeek.within)
    found: dict[date, dict[int, int]] = defaultdict(dict)
    for week, within, people in session.execute(
        select(*columns, func.sum(CohortWeek.people)).where(*mine).group_by(*columns)
    ):
        found[week][within] = int(people)
    return [cohort_of(week, found.get(week, {}), today) for week in weeks]


def cohort_of(week: date, people: Mapping[int, int], today: date) -> Cohort:
    """A cohort from how many were acquired (0) and how many first ordered in each week after it. Pure.

    Of the weeks that are not over only the first ones have a share: those after it would but say the same.
    """
    acquired, cells = people.get(0, 0), []
    begun = True
    for weeks in WITHIN:
        over = today >= week + WEEK * (weeks + 1)
        ordered = sum(count for within, count in people.items() if 1 <= within <= weeks)
        cells.append(Cell(weeks, Decimal(ordered) / acquired if acquired and begun else None, over))
        begun = over
    return Cohort(week, acquired, cells)


def is_behind(session: Session) -> bool:
    """Whether something changed that these figures don't tell yet; the job is done with it within a minute or so."""
    return bool(session.scalar(select(exists(select(WayDue.id)))))
