"""Brings in a list of addresses that must not be written to."""

from growth.locales import N_
from growth.people.importing.lists_of_addresses import work_on
from growth.scheduling.declare import Retries, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Import a list of addresses"),
    does=N_("Brings in an uploaded list of addresses that must not be written to."),
    when=None,
    started=N_("When such a list is uploaded"),
    one_at_a_time=False,
    retries=Retries(first=5),
)
def import_suppressions(run: JobRun) -> None:
    """One transaction, whatever the list's size."""
    work_on(run)
