"""Makes the report of the week that ended, and sends it to the managers who want it."""

from datetime import timedelta

from growth.database.changed_days import zone_of
from growth.database.workspace import workspace
from growth.locales import N_
from growth.measurement.reports import mailing
from growth.measurement.reports.keeping import keep_until
from growth.measurement.reports.readers import number_of_readers
from growth.measurement.reports.weeks import is_counted, last_week, name_of
from growth.scheduling.declare import Daily, job
from growth.scheduling.run import JobRun, LaterError

PATIENCE = timedelta(hours=3)


@job(
    name=N_("Weekly report"),
    does=N_("Makes the report of the week that ended, and sends it to the managers who want it."),
    when=Daily("07:00", days=("mon",)),
    missed="once",
)
def weekly_report(run: JobRun) -> None:
    """Wait until the week is counted, keep its report, then post the letters; each of them once."""
    with run.transaction() as session:
        if workspace(session) is None:
            return
        week = last_week(run.due_at, zone_of(session))
        if not is_counted(session, week) and run.now() < run.due_at + PATIENCE:
            raise LaterError(run.now() + timedelta(minutes=5))
        keep_until(session, week, made_by=mailing.POSTED_BY, now=run.now())
        run.expect(number_of_readers(session))
    readers = run.in_chunks(mailing.post_next, 20, week=str(week))
    run.tell(N_("Week %(week)s, readers: %(readers)s."), week=name_of(week), readers=readers)
