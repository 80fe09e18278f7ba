"""The system user PostgreSQL runs as when we are root, since it refuses to run as root itself."""

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from growth.database.installed import installation, make_socket_folder
from growth.errors import PermanentError
from growth.locales import N_

NAME = "pgserver"
"""The name the wheel itself uses for this."""


@dataclass(frozen=True)
class Owner:
    """Who owns the data folder and runs the server."""

    uid: int
    gid: int


class _RunAs(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def needed(home: Path) -> Owner | None:
    """The user to run PostgreSQL as, made if need be; None when we aren't root and it runs as us."""
    if os.geteuid() != 0:
        make_socket_folder(home / "postgres", os.geteuid())
        return None
    owner = _existing() or _made()
    for folder in (home, installation() / "bin"):
        let_through(folder)
    _let_read(installation())
    make_socket_folder(home / "postgres", owner.uid)
    return owner


def run_as(owner: Owner | None) -> _RunAs:
    """What `subprocess` is told, to run something as `owner`."""
    return {} if owner is None else {"user": owner.uid, "group": owner.gid, "extra_groups": []}


def let_through(folder: Path) -> None:
    """Let others pass through `folder` and those above it (`x`, not `r`: they still can't be listed)."""
    for one in (folder, *folder.parents):
        mode = one.stat().st_mode
        if not mode & stat.S_IXOTH:
            one.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _let_read(installed: Path) -> None:
    """Let others run the server's programs, where they were installed for root alone."""
    if (installed / "bin" / "postgres").stat().st_mode & stat.S_IROTH:
        return
    for one in (installed, *installed.rglob("*")):
        mode = stat.S_IMODE(one.stat().st_mode)
        one.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _existing() -> Owner | None:
    try:
        found = pwd.getpwnam(NAME)
    except KeyError:
        return None
    return Owner(found.pw_uid, found.pw_gid)


def _made() -> Owner:
    try:
        subprocess.run(["useradd", "--system", "--no-create-home", NAME], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise PermanentError(
            N_("PostgreSQL doesn't run as root, and the system user “%(name)s” could not be made."),
            remedy=N_("Start growth as an ordinary user, or set GROWTH_DATABASE_URL."),
            name=NAME,
        ) from None
    found = _existing()
    assert found is not None
    return found
