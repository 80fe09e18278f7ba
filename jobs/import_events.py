"""Brings in a file of events."""

from growth.events.uploaded import work_on
from growth.locales import N_
from growth.scheduling.declare import Retries, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Import events"),
    does=N_("Brings in an uploaded file of events: visits, orders, refunds."),
    when=None,
    started=N_("When a file of events is uploaded"),
    one_at_a_time=False,
    retries=Retries(first=5),
)
def import_events(run: JobRun) -> None:
    """One transaction, whatever the file's size."""
    work_on(run)
