"""Settles messages of which nobody knows whether the provider has them."""

from growth.campaigns import running
from growth.campaigns.email import reconcile
from growth.locales import N_
from growth.scheduling.declare import Every, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Settle messages in doubt"),
    does=N_("Looks for traces of messages whose sending was interrupted, and sends again those that left none."),
    when=Every(minutes=1),
    missed="once",
)
def reconcile_deliveries(run: JobRun) -> None:
    """Settle, then let runs go on or end."""
    with run.transaction() as session:
        settled = reconcile.settle(session, run.now())
        if settled.found or settled.released:
            sentence = N_("Batches in doubt: %(found)s had arrived, %(released)s are sent again.")
            run.tell(sentence, found=settled.found, released=settled.released)
        if settled.open:
            run.tell(settled.words, level="warning", batches=settled.open)
    with run.transaction() as session:
        running.look_after(session, run.now())
