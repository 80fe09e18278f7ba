"""Reading leads for scoring: with their ends for learning, open ones for scoring, by the same features."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Interval,
    RowMapping,
    Select,
    and_,
    cast,
    column,
    literal,
    or_,
    select,
    values,
)
from sqlalchemy.orm import Session

from growth.leads.records import Lead
from growth.scoring.features import FEATURES, Feature
from growth.scoring.known import LeadAt, as_number, as_words
from growth.scoring.models.columns import CategoryColumn, Column, Flags, Frame, NumberColumn, Numbers
from growth.scoring.target import Target

MOST_LEADS = 60_000
"""The newest leads that a model is learnt from."""


@dataclass(frozen=True)
class Examples:
    """Leads whose end is known, each looked at at one or several ages.

    Args:
        frame: one row for each lead and age, a column for each feature.
        won: whether it was won within the horizon.
        contacted: seconds since 1970 of its first contact.
        leads: its lead, so that rows of one lead stay together.
    """

    frame: Frame
    won: Flags
    contacted: Numbers
    leads: NDArray[np.int64]


@dataclass(frozen=True)
class OpenLeads:
    """Open leads at a moment."""

    frame: Frame
    leads: list[int]
    words: list[dict[str, Any]]
    """Each lead's feature values, for sentences."""


def read_examples(session: Session, target: Target, now: datetime) -> Examples:
    """Leads contacted at least a horizon ago, looked at at the target's ages as long as they were open.

    A younger lead is left out whether it was won already or not: it has no label yet, and taking only those won so
    far would flatter. What is known by `now` alone counts, so the same call with an earlier `now` gives that day's.
    """
    newest = (
        select(Lead.id)
        .where(Lead.side == target.side, Lead.contacted_at <= now - target.horizon)
        .order_by(Lead.contacted_at.desc(), Lead.id.desc())
        .limit(MOST_LEADS)
    )
    ages = values(column("age", Interval), name="ages").data([(age,) for age in target.ages]).alias("ages")
    moment = Lead.contacted_at + ages.c.age
    won_in_time = and_(Lead.won_at <= Lead.contacted_at + target.horizon, Lead.won_at <= now)
    ended = or_(Lead.won_at <= moment, Lead.closed_at <= moment)
    found = (
        _with_features(moment)
        .add_columns(won_in_time.is_(True).label("_won"), Lead.contacted_at.label("_contacted"))
        .join(ages, literal(value=True))
        .where(Lead.id.in_(newest), or_(Lead.won_at.is_(None), Lead.won_at >= Lead.contacted_at))
        .where(or_(ages.c.age == literal(target.ages[0], Interval), ended.is_not(True)))
        .order_by(Lead.contacted_at, Lead.id, ages.c.age)
    )
    rows = session.execute(found).mappings().all()
    return Examples(
        _frame(rows),
        np.array([row["_won"] for row in rows], np.bool_),
        np.array([row["_contacted"].timestamp() for row in rows], np.float64),
        np.array([row["_lead"] for row in rows], np.int64),
    )


def read_open(session: Session, target: Target, now: datetime, after: int | None, size: int) -> OpenLeads:
    """The next `size` open leads by id, as they are known at `now`."""
    found = (
        _with_features(cast(literal(now), DateTime(timezone=True)))
        .where(Lead.side == target.side, Lead.won_at.is_(None), Lead.closed_at.is_(None), Lead.id > (after or 0))
        .order_by(Lead.id)
        .limit(size)
    )
    rows = session.execute(found).mappings().all()
    words = [{key: row[key] for key in FEATURES} for row in rows]
    return OpenLeads(_frame(rows), [row["_lead"] for row in rows], words)


def _with_features(moment: ColumnElement[datetime]) -> Select[Any]:
    lead = LeadAt(Lead, moment)
    return select(Lead.id.label("_lead"), *(_value(one, lead).label(key) for key, one in FEATURES.items()))


def _value(one: Feature, lead: LeadAt) -> ColumnElement[Any]:
    known = one.known(lead)
    return as_number(known) if one.kind == "number" else as_words(known)


def _frame(rows: Sequence[RowMapping]) -> Frame:
    columns: list[Column] = []
    for key, one in FEATURES.items():
        cells = [row[key] for row in rows]
        if one.kind == "number":
            columns.append(NumberColumn(key, np.array(cells, np.float64), key))
        else:
            columns.append(_category(key, cells))
    return Frame(tuple(columns), len(rows))


def _category(key: str, cells: list[str | None]) -> CategoryColumn:
    levels = sorted({cell for cell in cells if cell is not None})
    place = {level: number for number, level in enumerate(levels)}
    codes = np.array([-1 if cell is None else place[cell] for cell in cells], np.int32)
    return CategoryColumn(key, codes, tuple(levels), key)
