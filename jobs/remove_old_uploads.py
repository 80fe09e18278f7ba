"""Removes uploaded files that nobody brought in."""

from growth.locales import N_
from growth.people.importing.uploads import remove_old
from growth.scheduling.declare import Hourly, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Remove old uploads"),
    does=N_("Removes uploaded files of people that nobody brought in for a day, and rejected rows after a month."),
    when=Hourly(50),
    missed="once",
)
def remove_old_uploads(run: JobRun) -> None:
    """One transaction: there are few."""
    with run.transaction() as session:
        removed = remove_old(session, run.now())
    if removed:
        run.tell(N_("%(files)s files removed."), files=removed)
