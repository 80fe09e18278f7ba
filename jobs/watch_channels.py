"""Looks every hour whether a channel left its usual course, and where money would bring more."""

from growth.locales import N_
from growth.measurement.advice.asking import keep_best
from growth.measurement.anomalies.watching import watch
from growth.scheduling.declare import Hourly, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Watch channels"),
    does=N_("Compares the last days of every channel and country with their usual course, and tells what left it."),
    when=Hourly(25),
    missed="once",
    own_process=True,
)
def watch_channels(run: JobRun) -> None:
    """Look, in one transaction; a day told once isn't told again. Then reckon the best move of money, in another."""
    with run.transaction() as session:
        found = watch(session, run.now())
        if found:
            run.tell(N_("Departures from the usual course: %(found)s."), found=found)
    with run.transaction() as session:
        keep_best(session, run.now())
