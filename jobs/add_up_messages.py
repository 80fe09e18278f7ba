"""Adds up the changes of campaigns' figures, of which there is a row for every statement."""

from growth.campaigns.counting import fold
from growth.campaigns.email.deliverability import fold_minutes
from growth.locales import N_
from growth.scheduling.declare import Every, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Add up messages"),
    does=N_("Adds up the many small changes of campaigns' figures, so that their pages stay quick."),
    when=Every(hours=1),
    missed="once",
)
def add_up_messages(run: JobRun) -> None:
    """Fold, in one transaction."""
    with run.transaction() as session:
        rows = fold(session) + fold_minutes(session, run.now())
        if rows:
            run.tell(N_("Rows added up: %(rows)s."), rows=rows)
