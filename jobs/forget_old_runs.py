"""Forgets old runs, tasks long done, failed sign-ins and ended sessions; the database stays small."""

from datetime import timedelta

from growth.events.ingest import forget_seen
from growth.events.visitors import forget_salts
from growth.locales import N_
from growth.people import leavings
from growth.scheduling import forgetting
from growth.scheduling.declare import Daily, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Forget old runs"),
    does=N_("Removes runs of jobs older than 90 days, except the last 100 of each, and what signing in left behind."),
    when=Daily("04:40"),
    missed="once",
    grace=timedelta(hours=12),
)
def forget_old_runs(run: JobRun) -> None:
    """A thousand rows a step."""
    runs = run.in_chunks(forgetting.forget_runs)
    run.in_chunks(forgetting.forget_tasks)
    run.in_chunks(leavings.forget_attempts)
    run.in_chunks(leavings.forget_sessions)
    run.in_chunks(forget_seen, size=10_000)
    run.in_chunks(forget_salts)
    run.tell(N_("Old runs removed: %(runs)s."), runs=runs)
