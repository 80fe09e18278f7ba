"""Adds up the changes of campaigns' figures, of which there is a row for every statement."""

from growth.campaigns.counting import fold
from growth.locales import N_
from growth.scheduling.declare import Daily, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Add up messages"),
    does=N_("Adds up the many small changes of campaigns' figures, so that their pages stay quick."),
    when=Daily("03:40"),
    missed="once",
)
def add_up_messages(run: JobRun) -> None:
    """Fold, in one transaction."""
    with run.transaction() as session:
        rows = fold(session)
        if rows:
            run.tell(N_("Rows added up: %(rows)s."), rows=rows)
