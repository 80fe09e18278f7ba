"""A job that is run once for all the times it missed."""

from datetime import timedelta

from growth.locales import N_
from growth.scheduling.declare import Hourly, job
from growth.scheduling.run import JobRun


@job(name=N_("Roll up"), does=N_("Rolls up."), when=Hourly(), missed="once", grace=timedelta(minutes=5))
def miss_once(run: JobRun) -> None:
    run.tell("Rolled up.")
