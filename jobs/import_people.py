"""Checks a file of people that was uploaded, or brings it in."""

from growth.locales import N_
from growth.scheduling.declare import Retries, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Import people"),
    does=N_("Checks an uploaded file of people, and brings it in once somebody said so."),
    when=None,
    started=N_("When a file of people is imported"),
    one_at_a_time=False,
    own_process=True,
    retries=Retries(first=5),
)
def import_people(run: JobRun) -> None:
    """Either step, started on the page of the import."""
    from growth.people.importing.working import work_on  # noqa: PLC0415 - heavy: only the run's own process pays

    work_on(run)
