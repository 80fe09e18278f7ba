"""The disk under the home folder: whether there is room, and what its failures mean."""

import errno
import shutil
from pathlib import Path

from growth.errors import GrowthError, PermanentError
from growth.locales import N_

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Numbers of the errors that mean: no more room."""

ROOM_TO_START = 200 * 10**6
"""Bytes a first start wants: a new database has about 50 MB, its write-ahead log as much again and more later."""

ROOM_TO_RESTART = 32 * 10**6
"""Bytes below which PostgreSQL is better not started: one segment of its write-ahead log has 16 MB."""


_FULL_IN_WORDS = ("No space left on device", "Disk quota exceeded", "File too large", "File size limit exceeded")


def tells_of_full_disk(words: str) -> bool:
    """Whether PostgreSQL's words mean: no more room."""
    return any(sign in words for sign in _FULL_IN_WORDS)


def check_room(home: Path, *, fresh: bool) -> None:
    """Raise PermanentError when the disk under `home` hasn't the room to start, for the first time or again."""
    free = shutil.disk_usage(home).free
    if not enough_room(free, fresh=fresh):
        raise full_disk(home)


def enough_room(free: int, *, fresh: bool) -> bool:
    """Whether so many free bytes are enough to start."""
    return free >= (ROOM_TO_START if fresh else ROOM_TO_RESTART)


def full_disk(home: Path) -> GrowthError:
    """The error that says that the disk is full."""
    return PermanentError(
        N_("There is no room on the disk that holds %(home)s; %(free)s MB are left."),
        remedy=N_("Free some space, or give a folder on another disk with --home or GROWTH_HOME."),
        home=home.resolve(),
        free=shutil.disk_usage(home if home.exists() else Path()).free // 10**6,
    )


def failure(error: OSError, home: Path) -> GrowthError:
    """What a failure of the file system means for people."""
    if error.errno in FULL:
        return full_disk(home)
    return PermanentError(
        N_("The folder %(home)s can't be used: %(reason)s."),
        remedy=N_("Make it writable, or give another folder with --home or GROWTH_HOME."),
        home=home.absolute(),
        reason=(error.strerror or str(error)).lower(),
    )
