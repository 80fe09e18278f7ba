"""A job that leaves out what it missed, and begins up to twenty seconds late by jitter."""

from datetime import timedelta

from growth.locales import N_
from growth.scheduling.declare import Daily, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Morning letter"),
    does=N_("Sends the morning letter."),
    when=Daily("06:00"),
    missed="skip",
    grace=timedelta(minutes=5),
    jitter=timedelta(seconds=20),
)
def miss_and_skip(run: JobRun) -> None:
    run.tell("Sent.")
