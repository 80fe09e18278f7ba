"""Making the embedded server's data folder, all or nothing."""

import os
import shutil
import subprocess
from pathlib import Path

from growth.database import system_user
from growth.database.disk import full_disk, tells_of_full_disk
from growth.database.installed import binary
from growth.errors import GrowthError, PermanentError
from growth.locales import N_

SUPERUSER = "postgres"
DATABASE = "growth"


def initialise(data: Path, owner: system_user.Owner | None, log: Path) -> None:
    """Make `data`. It appears complete or not at all, so that a kill in the middle does no harm."""
    fresh = data.with_name("postgres.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700)
    if owner is not None:
        os.chown(fresh, owner.uid, owner.gid)
    made = subprocess.run(
        [
            binary("initdb"),
            f"--pgdata={fresh}",
            f"--username={SUPERUSER}",
            "--auth=trust",  # the socket lies in a folder that only its owner can enter
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",  # sorts alike on every system, and after its upgrades
            "--no-sync",
        ],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **system_user.run_as(owner),
    )
    if made.returncode != 0:
        log.write_text(made.stdout + made.stderr)
        shutil.rmtree(fresh, ignore_errors=True)
        raise _failed(made.stderr, data, log)
    os.sync()
    fresh.rename(data)


def _failed(words: str, data: Path, log: Path) -> GrowthError:
    if tells_of_full_disk(words):
        return full_disk(data.parent)
    return PermanentError(
        N_("The embedded database could not be made in %(folder)s."),
        remedy=N_("Why is in %(log)s."),
        folder=data,
        log=log,
    )
