"""The cost ledger: what was spent on a channel on a day, each line under its source's own key."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.database.changed_days import mark_changed
from growth.spend.records import Cost

CORRECTION = "correction"
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
    units: Decimal | None = None
    corrects: int | None = None
    note: str = ""

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

    The days of lines that are new or different are rolled up again. The last of two with one key counts. A line that
    its own source changes is right now, so what was corrected of it by hand is taken back, by a line of its own.
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
    different += _taken_back(session, [cost.key for cost in different if cost.key in known])
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


def _taken_back(session: Session, keys: Collection[tuple[str, str, date]]) -> list[NewCost]:
    """Lines that make the corrections of these lines come to nothing."""
    if not keys:
        return []
    about = select(Cost.id).where(tuple_(Cost.source, Cost.source_key, Cost.day).in_(keys))
    place = (Cost.corrects, Cost.day, Cost.side, Cost.channel, Cost.country, Cost.campaign, Cost.currency)
    left = func.sum(Cost.amount_minor)
    corrections = select(*place, left, func.max(Cost.id)).where(Cost.corrects.in_(about)).group_by(*place)
    return [
        NewCost(source=CORRECTION, source_key=f"{line} {last}", day=day, side=side, channel=channel, country=country,
                campaign=campaign, amount_minor=-int(minor), currency=currency, corrects=line)
        for line, day, side, channel, country, campaign, currency, minor, last in session.execute(
            corrections.having(left != 0))
    ]  # fmt: skip
