"""A job in a process of its own: writes that process's id, then does what its arguments say."""

import os
import signal
import time

from sqlalchemy import text

from growth.errors import PermanentError
from growth.locales import N_
from growth.scheduling.declare import Retries, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Live apart"),
    does=N_("Lives apart."),
    when=None,
    started=N_("When it is told how to end"),
    own_process=True,
    retries=Retries(times=0),
)
def live_apart(run: JobRun) -> None:
    with run.transaction() as session:
        session.execute(text("insert into numbered (number) values (:pid)"), {"pid": os.getpid()})
    if run.args["then"] == "fail":
        raise PermanentError("There are no leads yet.")
    if run.args["then"] == "vanish":
        os.kill(os.getpid(), signal.SIGKILL)
    if run.args["then"] == "sleep":
        time.sleep(60)
