"""Keeping reports: that of a finished week once per side, made again only on purpose, and found by week."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.database.changed_days import SIDES
from growth.errors import NotFoundError
from growth.locales import N_
from growth.measurement.report import Report, report
from growth.measurement.reports.records import ReportSnapshot
from growth.measurement.reports.snapshot import Snapshot, as_json, from_json, snapshot_of
from growth.measurement.reports.weeks import is_counted, name_of, period_of

MOST_MISSED = 12
"""Weeks that are made up for when the computer was off."""
_LARGEST_ID = 2**63 - 1


def keep_week(
    session: Session, week: date, side: str, *, made_by: str, now: datetime, again: bool = False
) -> ReportSnapshot:
    """The report of a week that has ended, made the first time; `again` makes the next version, audited.

    Two who ask at once get the same one. Raises RefusedError before set-up.
    """
    newest = newest_of(session, week, side)
    if newest is not None and not again:
        return newest
    version = newest.version + 1 if newest else 1
    found = report(session, side, period_of(week), None, now)
    snapshot = snapshot_of(session, found, now, unfinished=not is_counted(session, week))
    row = _row(snapshot, made_by, now) | {"week": week, "version": version}
    made = session.scalar(insert(ReportSnapshot).values(row).on_conflict_do_nothing().returning(ReportSnapshot.id))
    if made is not None and again:
        detail = {"week": name_of(week), "side": side, "version": version}
        audit(session, actor=made_by, action="report made again", subject=str(made), detail=detail, now=now)
    kept = newest_of(session, week, side)
    assert kept is not None
    return kept


def keep_until(session: Session, week: date, *, made_by: str, now: datetime) -> int:
    """The reports of a week, and of those before it that nobody was there to make; gives how many weeks were missing.

    Back to the newest there is, at most `MOST_MISSED`.
    """
    earlier = select(func.max(ReportSnapshot.week)).where(ReportSnapshot.week < week)
    newest = session.scalar(earlier) or week - timedelta(weeks=1)
    missed = min((week - newest).days // 7 - 1, MOST_MISSED)
    for back in reversed(range(missed + 1)):
        for side in SIDES:
            keep_week(session, week - timedelta(weeks=back), side, made_by=made_by, now=now)
    return missed


def keep_shared(session: Session, found: Report, *, made_by: str, now: datetime) -> ReportSnapshot:
    """Any report as it is now, for a link."""
    kept = ReportSnapshot(**_row(snapshot_of(session, found, now), made_by, now))
    session.add(kept)
    session.flush()
    return kept


def _row(snapshot: Snapshot, made_by: str, now: datetime) -> dict[str, object]:
    return {
        "side": snapshot.side,
        "first": snapshot.period.first,
        "last": snapshot.period.last,
        "content": as_json(snapshot),
        "made_by": made_by,
        "made_at": now,
    }


def newest_of(session: Session, week: date, side: str) -> ReportSnapshot | None:
    """The newest version of a week's report, if there is any."""
    mine = select(ReportSnapshot).where(ReportSnapshot.week == week, ReportSnapshot.side == side)
    return session.scalar(mine.order_by(ReportSnapshot.version.desc()).limit(1))


def versions_of(session: Session, week: date, side: str) -> Sequence[tuple[int, int]]:
    """Version and id of each, the newest first; at most 20."""
    columns = select(ReportSnapshot.version, ReportSnapshot.id)
    mine = columns.where(ReportSnapshot.week == week, ReportSnapshot.side == side)
    return [(row.version, row.id) for row in session.execute(mine.order_by(ReportSnapshot.version.desc()).limit(20))]


def report_by_id(session: Session, number: int) -> ReportSnapshot:
    """A kept weekly report. Raises NotFoundError."""
    kept = session.get(ReportSnapshot, number) if 0 < number <= _LARGEST_ID else None
    if kept is None or kept.week is None:
        raise NotFoundError(N_("There is no such report."))
    return kept


@dataclass(frozen=True)
class Week:
    """A week and the newest report of each side that has one."""

    week: date
    by_side: Mapping[str, tuple[ReportSnapshot, Snapshot]]


def weeks(session: Session, *, before: date | None = None, limit: int = 20) -> list[Week]:
    """Weeks that have reports, the newest first, before the one given."""
    named = select(ReportSnapshot.week).where(ReportSnapshot.week.is_not(None)).distinct()
    if before is not None:
        named = named.where(ReportSnapshot.week < before)
    shown = [one for one in session.scalars(named.order_by(ReportSnapshot.week.desc()).limit(limit)) if one]
    mine = select(ReportSnapshot).where(ReportSnapshot.week.in_(shown))
    newest = mine.ext(distinct_on(ReportSnapshot.week, ReportSnapshot.side))
    order = ReportSnapshot.week.desc(), ReportSnapshot.side.desc(), ReportSnapshot.version.desc()
    rows = session.scalars(newest.order_by(*order)).all()
    by_week = {one: {row.side: row for row in rows if row.week == one} for one in shown}
    return [
        Week(one, {side: (kept[side], from_json(kept[side].content)) for side in SIDES if side in kept})
        for one, kept in by_week.items()
    ]
