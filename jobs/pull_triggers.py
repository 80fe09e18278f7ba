"""Sees what people did, and writes to those whose triggered campaigns are set off by it."""

from growth.campaigns.occasions import triggered
from growth.campaigns.planning import send_soon
from growth.locales import N_
from growth.scheduling.declare import Every, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Triggered campaigns"),
    does=N_("Looks for what sets triggered campaigns off, and plans the messages whose delay has passed."),
    when=Every(minutes=1),
    missed="once",
)
def pull_triggers(run: JobRun) -> None:
    """Note causes, then decide about those that are due; the sending takes it from there."""
    noted = run.in_chunks(triggered.take_events, 1_000) + run.in_chunks(triggered.take_stages, 1_000)
    planned = run.in_chunks(triggered.admit, 1_000)
    if planned:
        with run.transaction() as session:
            send_soon(session, actor="growth", now=run.now())
    if noted or planned:
        run.tell(N_("Causes found: %(noted)s. Messages planned: %(planned)s."), noted=noted, planned=planned)
