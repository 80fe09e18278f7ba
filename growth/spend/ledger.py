"""The cost ledger: what was spent on a channel on a day, each line under its source's own key."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.database.changed_days import mark_changed
from growth.spend.records import Cost

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCost:
    """A line of the ledger; the fields are the columns of `Cost`. A country or campaign of "" is none."""

    source: str
    """Who says so: `file`, `google_ads` …"""
    source_key: str
    """What the source calls it, without the day."""
    day: date
    side: str
    channel: str
    country: str = ""
    campaign: str = ""
    amount_minor: int
    currency: str

    @property
    def key(self) -> tuple[str, str, date]:
        """What it is known by."""
        return self.source, self.source_key, self.day


@dataclass
class Recorded:
    """What became of the lines."""

    new: int = 0
    changed: int = 0
    same: int = 0


def record_cost(session: Session, cost: NewCost, now: datetime) -> Recorded:
    """Keep one line, see `record_costs`."""
    return record_costs(session, [cost], now)


def record_costs(session: Session, costs: Sequence[NewCost], now: datetime) -> Recorded:
    """Keep lines; the same (source, source key, day) again replaces the line, and changes nothing when it is the same.

    The days of lines that are new or different are rolled up again. The last of two with one key counts.
    """
    recorded, days = Recorded(), set[tuple[date, str]]()
    given = list({cost.key: cost for cost in costs}.values())
    for start in range(0, len(given), _AT_ONCE):
        _record(session, given[start : start + _AT_ONCE], now, recorded, days)
    mark_changed(session, days)
    return recorded


def _record(
    session: Session, costs: Sequence[NewCost], now: datetime, recorded: Recorded, days: set[tuple[date, str]]
) -> None:
    known = _known(session, costs)
    different = [cost for cost in costs if known.get(cost.key) != cost]
    for cost in different:
        before = known.get(cost.key)
        days |= {(cost.day, cost.side)} | ({(before.day, before.side)} if before else set())
    recorded.same += len(costs) - len(different)
    recorded.changed += sum(cost.key in known for cost in different)
    recorded.new += sum(cost.key not in known for cost in different)
    if different:
        line = insert(Cost)
        replaced = {name: line.excluded[name] for name in (*NewCost.__slots__[3:], "recorded_at")}
        kept = line.on_conflict_do_update(index_elements=["source", "source_key", "day"], set_=replaced)
        session.execute(kept, [asdict(cost) | {"recorded_at": now} for cost in different])


def _known(session: Session, costs: Sequence[NewCost]) -> dict[tuple[str, str, date], NewCost]:
    """The lines that are there already, locked, so that two who change the same one take turns."""
    columns: list[Any] = [getattr(Cost, name) for name in NewCost.__slots__]
    there = tuple_(Cost.source, Cost.source_key, Cost.day).in_([cost.key for cost in costs])
    rows = session.execute(select(*columns).where(there).order_by(Cost.id).with_for_update())
    lines = (NewCost(**dict(zip(NewCost.__slots__, row, strict=True))) for row in rows)
    return {line.key: line for line in lines}


def costs_of(
    session: Session,
    side: str,
    channel: str,
    days: tuple[date, date],
    *,
    country: str | None = None,
    after: tuple[date, int] | None = None,
    limit: int = 50,
) -> list[Cost]:
    """Lines of a channel between two days, the newest first, after the line of this (day, id) when given."""
    mine = select(Cost).where(Cost.day.between(*days), Cost.side == side, Cost.channel == channel)
    if country is not None:
        mine = mine.where(Cost.country == country)
    if after is not None:
        mine = mine.where(tuple_(Cost.day, Cost.id) < tuple_(*map(literal, after)))
    return list(session.scalars(mine.order_by(Cost.day.desc(), Cost.id.desc()).limit(limit)))
