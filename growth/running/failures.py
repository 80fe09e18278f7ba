"""What the failures of others mean: errors of the database, the disk and the settings, as sentences for people."""

from pathlib import Path

import psycopg
from psycopg import errors as postgres
from pydantic import ValidationError

from growth.database.disk import FULL, failure, full_disk
from growth.errors import GrowthError, InvalidError, PermanentError, TransientError
from growth.locales import N_

_NOT_SUCH_A_FILE = (IsADirectoryError, NotADirectoryError, FileNotFoundError, FileExistsError)


def in_words(error: BaseException) -> GrowthError | None:
    """The sentence for `error`, or None when it is a fault of ours that nobody outside can put right."""
    while isinstance(getattr(error, "orig", None), BaseException):  # SQLAlchemy wraps the driver's
        error = error.orig  # type: ignore[attr-defined] # just asked for
    if isinstance(error, psycopg.Error):
        return _database(error)
    if isinstance(error, ValidationError) and error.title == "Settings":
        return _setting(error)
    if isinstance(error, OSError) and (error.errno in FULL or isinstance(error, PermissionError)):
        return failure(error, Path(error.filename) if error.filename else Path())
    if isinstance(error, _NOT_SUCH_A_FILE) and error.filename:
        reason = (error.strerror or str(error)).lower()
        return PermanentError(N_("%(path)s can't be used: %(reason)s."), path=error.filename, reason=reason)
    return None


def _database(error: psycopg.Error) -> GrowthError | None:
    if isinstance(error, postgres.DiskFull):
        return full_disk(Path())
    if isinstance(error, postgres.UndefinedTable):
        return PermanentError(N_("The database has no growth in it yet."), remedy=N_("Type “growth migrate” first."))
    if isinstance(error, postgres.LockNotAvailable):
        return TransientError(N_("Somebody else is working on the same rows."), remedy=N_("Try again in a moment."))
    if isinstance(error, psycopg.DataError):
        return PermanentError(N_("A value is larger than we can keep, or has characters that no text has."))
    if isinstance(error, psycopg.OperationalError):
        return unreachable(error)
    return None


def unreachable(error: psycopg.Error) -> GrowthError:
    """The sentence for a database that doesn't answer, or doesn't let us in. Never names the password."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.startswith("\t")]
    reason = lines[-1].removeprefix("- ") if lines else type(error).__name__
    return TransientError(
        N_("The database can't be reached: %(reason)s"),
        remedy=N_("Check that it runs and that GROWTH_DATABASE_URL names it, then try again."),
        reason=reason.rstrip(".") + ".",
    )


def _setting(error: ValidationError) -> GrowthError:
    first = error.errors()[0]
    name = f"GROWTH_{'_'.join(str(part) for part in first['loc'])}".upper()
    return InvalidError(
        name,
        N_("%(name)s can't be used: %(reason)s."),
        remedy=N_("See docs/settings.md."),
        name=name,
        reason=first["msg"][:1].lower() + first["msg"][1:],
    )
