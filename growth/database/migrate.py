"""Bringing the schema up to date, one process at a time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from growth.database import records
from growth.errors import PermanentError
from growth.locales import N_

_LOCK = 7310_0000
OLDEST_POSTGRESQL = 15


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without an ini file."""
    records.load()
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> str:
    """Run what is missing, all or nothing, under an advisory lock; returns the revision reached.

    Raises PermanentError when the server is too old or the schema is newer than this program.
    """
    with engine.begin() as connection:
        check_version(major_version(connection))
        connection.execute(text("set local lock_timeout = '60s'"))
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        at = current(connection)
        if at == head():
            return head()
        check_known(at)
        command.upgrade(alembic_config(connection), "head")
    return head()


def check_current(engine: Engine) -> None:
    """Raise PermanentError when the server is too old, or the schema isn't the one this program works with."""
    with engine.connect() as connection:
        check_version(major_version(connection))
        at = current(connection)
    if at == head():
        return
    check_known(at)
    raise PermanentError(
        N_("The database is at revision %(found)s; this growth works with %(needed)s."),
        remedy=N_("Type “growth migrate”."),
        found=at or "0000",
        needed=head(),
    )


def major_version(connection: Connection) -> int:
    """PostgreSQL's major version, 18 for 18.4."""
    return int(connection.exec_driver_sql("show server_version_num").scalar_one()) // 10_000


def check_version(major: int) -> None:
    """Raise PermanentError when a PostgreSQL of this major version is too old."""
    if major < OLDEST_POSTGRESQL:
        raise PermanentError(
            N_("This PostgreSQL is version %(found)s; growth needs %(needed)s or newer."),
            remedy=N_("Point GROWTH_DATABASE_URL at a newer server, or leave it empty for the embedded one."),
            found=major,
            needed=OLDEST_POSTGRESQL,
        )


def check_known(revision: str | None) -> None:
    """Raise PermanentError for a revision this program has never heard of."""
    if revision is not None and revision not in known():
        raise PermanentError(
            N_("The database was made by a newer version of growth (%(revision)s)."),
            remedy=N_("Start the newer version again, or restore a backup."),
            revision=revision,
        )


def current(connection: Connection) -> str | None:
    """The revision the database is at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The newest revision this program knows."""
    revision = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert revision is not None
    return revision


def known() -> set[str]:
    """All revisions this program knows."""
    return {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
