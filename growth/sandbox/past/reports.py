"""The weekly reports of the demo's last weeks, each as of its Monday."""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy.orm import Session

from growth.database.changed_days import SIDES, zone_of
from growth.measurement.reports.keeping import keep_week
from growth.measurement.reports.mailing import POSTED_BY
from growth.measurement.reports.weeks import last_week

WEEKS = 4
_AT = time(7)


def keep_reports(session: Session, now: datetime) -> None:
    """Those of the last weeks, as if the job had made them; again changes nothing."""
    zone = zone_of(session)
    latest = last_week(now, zone)
    for back in reversed(range(WEEKS)):
        week = latest - timedelta(weeks=back)
        made_at = datetime.combine(week + timedelta(days=7), _AT, zone).astimezone(UTC)
        for side in SIDES:
            keep_week(session, week, side, made_by=POSTED_BY, now=min(made_at, now))
