"""The home folder: where an installation keeps its database, keys, imports and logs."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from growth.database.disk import failure
from growth.errors import ConflictError
from growth.locales import N_


@contextmanager
def occupied(home: Path) -> Iterator[int]:
    """Hold the home for one `growth run`; gives the lock's file descriptor, which a forked child has to close.

    Raises ConflictError while another one holds it, PermanentError when the folder can't be written or is full.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / "logs").mkdir(exist_ok=True)
        descriptor = os.open(home / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise failure(error, home) from error
    try:
        _lock(descriptor, home)
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, home: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    except BlockingIOError:
        raise ConflictError(
            N_("growth is running in %(home)s already (process %(process)s)."),
            remedy=N_("Use that one, stop it with Ctrl-C, or give another folder with --home."),
            home=home.resolve(),
            process=os.pread(descriptor, 20, 0).decode() or "?",
        ) from None
    except OSError as error:
        raise failure(error, home) from error
