"""Jobs in a process of their own: started and waited for by the worker, ending when the worker does."""

import os
import subprocess
import sys
import threading

from sqlalchemy import Engine

from growth.errors import TransientError
from growth.locales import N_
from growth.scheduling import declare
from growth.scheduling.run import Claim, StoppingError


def send(engine: Engine, claim: Claim, stopping: threading.Event) -> None:
    """Have a claim done by `growth.scheduling.alone`, which also writes down how it ended.

    Raises TransientError when that process ended before it could, StoppingError when it was asked to end.
    """
    command = [sys.executable, "-m", "growth.scheduling.alone", claim.kind, str(claim.id), str(claim.attempt)]
    url = engine.url.render_as_string(hide_password=False)
    child = subprocess.Popen(
        [*command, str(os.getpid()), *declare.PACKAGES], env=os.environ | {"GROWTH_DATABASE_URL": url}
    )
    asked = False
    while (status := _wait(child)) is None:
        if stopping.is_set() and not asked:
            child.terminate()
            asked = True
    if status != 0 and asked:
        raise StoppingError  # it was asked to end before it could listen
    if status != 0:
        raise TransientError(
            N_("The process that did this ended before it was done (status %(status)s)."),
            remedy=N_("It may need more memory than there is."),
            status=status,
        )


def _wait(child: subprocess.Popen[bytes]) -> int | None:
    try:
        return child.wait(0.2)
    except subprocess.TimeoutExpired:
        return None
