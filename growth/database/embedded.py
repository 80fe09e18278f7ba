"""The embedded PostgreSQL: the wheel's own binaries, run on a folder of the home and reached by a Unix socket."""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from growth import lifeline
from growth.database import system_user
from growth.database.disk import check_room, failure, full_disk, tells_of_full_disk
from growth.database.initial import DATABASE, SUPERUSER, initialise
from growth.database.installed import binary, socket_folder, wheel_version
from growth.errors import GrowthError, PermanentError
from growth.locales import N_

_PATIENCE = 120.0
"""Seconds to wait for PostgreSQL to be ready: after a crash it first reads its write-ahead log again."""


class EmbeddedServer:
    """The server of one home. Several processes may use it; the last one to leave stops it."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.data = self.home / "postgres"
        self.log = self.home / "logs" / "postgres.log"
        self._child: subprocess.Popen[bytes] | None = None
        self._ends_with_us = False
        self._users: int | None = None

    def enter(self, *, ends_with_us: bool = False) -> str:
        """Use the server, started if need be; gives its URL.

        With `ends_with_us` a started server stops when this process is gone, even if it was killed.
        """
        try:
            (self.home / "logs").mkdir(parents=True, exist_ok=True)
            self._users = os.open(self.home / "postgres.users", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with self._starting():
                alone = self._lock_users(fcntl.LOCK_EX)
                if not self._usable(restart=alone and ends_with_us):
                    self._start(ends_with_us=ends_with_us)
                self._lock_users(fcntl.LOCK_SH)
            ensure_database(self.url(SUPERUSER))
        except OSError as error:
            raise failure(error, self.home) from error
        return self.url()

    def leave(self) -> None:
        """Stop using the server; it is stopped when nobody else does, or when it would end with us anyway."""
        if self._users is None:
            return
        with self._starting():
            if self._lock_users(fcntl.LOCK_EX) or (self._child is not None and self._ends_with_us):
                self.stop()
            elif self._child is not None:
                self._child.returncode = 0  # it goes on for the others, and Popen needn't warn of that
            os.close(self._users)
            self._users = None

    def descriptors(self) -> list[int]:
        """The lock's file descriptor, which a forked child has to close: it would hold the lock open."""
        return [] if self._users is None else [self._users]

    def url(self, database: str = DATABASE) -> str:
        """Where the running server is reached."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(socket_folder(self.data)), safe='')}"

    def pid(self) -> int | None:
        """The postmaster's process, or None when none runs on our folder."""
        lines = self._postmaster()
        if not lines or not lines[0].strip().isdigit():
            return None
        try:
            found = psutil.Process(int(lines[0]))
            ours = found.name().startswith("postgres") and Path(found.cwd()) == self.data
        except psutil.Error:
            return None
        return found.pid if ours and found.status() != psutil.STATUS_ZOMBIE else None

    def stop(self) -> None:
        """Stop the server: quickly and safely, after 10 s less gently."""
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            found = self.pid()
            if found is None:
                break
            os.kill(found, how)
            if self._gone(found, 10):
                break
        if self._child is not None:
            self._child.wait()
            self._child = None

    def ensure_running(self, *, ends_with_us: bool) -> bool:
        """Start the server again if it is gone; True when that was so."""
        if self._child is not None:
            self._child.poll()
        if self.pid() is not None:
            return False
        with self._starting():
            self._child = None
            self._start(ends_with_us=ends_with_us)
        return True

    def _usable(self, *, restart: bool) -> bool:
        """Whether a running server can be used as it is; one nobody uses is stopped when it should end with us."""
        found = self.pid()
        if found is None:
            return False
        ready = self._status() == "ready"
        if ready and not restart:
            return True
        self.stop()  # left over by a process that was killed, or about to end
        return False

    def _start(self, *, ends_with_us: bool) -> None:
        self._ends_with_us = ends_with_us
        check_room(self.home, fresh=not self.data.exists())
        owner = system_user.needed(self.home)
        if not self.data.exists():
            initialise(self.data, owner, self.log)
        self._check_version()
        folder = str(socket_folder(self.data)).replace('"', '""')
        arguments = [
            binary("postgres"),
            "-D",
            str(self.data),
            "-k",
            f'"{folder}"',
            "-h",
            "",
            "-c",
            "logging_collector=off",
        ]
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,  # Ctrl-C is for us to pass on
                preexec_fn=_ends_with_parent if ends_with_us else None,  # noqa: PLW1509 - called while we have no threads
                **system_user.run_as(owner),
            )
        self._wait(self._child)

    def _wait(self, child: subprocess.Popen[bytes]) -> None:
        """Wait until the server takes connections."""
        last = time.monotonic() + _PATIENCE
        while self._status() != "ready" or self.pid() != child.pid:
            if child.poll() is not None or time.monotonic() > last:
                raise self._did_not_start()
            time.sleep(0.02)

    def _did_not_start(self) -> GrowthError:
        words = self.log.read_text(errors="replace").splitlines()[-40:] if self.log.exists() else []
        if any(map(tells_of_full_disk, words)):
            return full_disk(self.home)
        told = [line.split(":  ", 1)[-1] for line in words if "FATAL:" in line or "PANIC:" in line]
        return PermanentError(
            N_("The embedded PostgreSQL doesn't start: %(reason)s."),
            remedy=N_("Its log is %(log)s."),
            reason=told[-1].rstrip(".") if told else N_("it says nothing"),
            log=self.log,
        )

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != wheel_version():
            raise PermanentError(
                N_("The database in %(folder)s was made by PostgreSQL %(found)s; this growth brings %(needed)s."),
                remedy=N_("Start the growth it was made with, or move the folder away to begin anew."),
                folder=self.data,
                found=made_by,
                needed=wheel_version(),
            )

    def _postmaster(self) -> list[str]:
        """The lines of postmaster.pid: process, folder, start, port, socket folder, address, shared memory, status."""
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _status(self) -> str:
        lines = self._postmaster()
        return lines[7].strip() if len(lines) > 7 else "starting"

    def _gone(self, pid: int, seconds: float) -> bool:
        last = time.monotonic() + seconds
        while time.monotonic() < last:
            if self._child is not None:
                self._child.poll()
            if self.pid() != pid:
                return True
            time.sleep(0.02)
        return False

    def _lock_users(self, kind: int) -> bool:
        assert self._users is not None
        try:
            fcntl.flock(self._users, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    @contextmanager
    def _starting(self) -> Iterator[None]:
        """One process at a time starts or stops the server."""
        descriptor = os.open(self.home / "postgres.starting", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


@contextmanager
def borrowed(home: Path) -> Iterator[str]:
    """The URL of the home's server, started for as long as it is needed when it isn't running."""
    server = EmbeddedServer(home)
    try:
        yield server.enter()
    finally:
        server.leave()


def ensure_database(maintenance_url: str) -> None:
    """Make our database in a fresh server."""
    with psycopg.connect(maintenance_url, autocommit=True, connect_timeout=10) as connection:
        known = connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
        if known is None:
            connection.execute(f"create database {DATABASE}")


def _ends_with_parent() -> None:
    lifeline.request_death_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
