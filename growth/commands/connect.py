"""The database a command works on: the one of GROWTH_DATABASE_URL, or the home's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session


@contextmanager
def database_url() -> Iterator[str]:
    """Where the database is. The embedded one is used when it runs, else started for as long as this is open."""
    from growth.settings import settings

    config = settings()
    if config.database_url is not None:
        yield config.database_url
        return
    from growth.database.embedded import borrowed

    with borrowed(config.home) as url:
        yield url


@contextmanager
def database() -> Iterator["Engine"]:
    """An engine on the database, of the version this program needs.

    Raises PermanentError when there is another version in it or it was filled under another key, TransientError when
    it can't be reached.
    """
    from growth.database.engine import make_engine, transaction
    from growth.database.migrate import check_current, migrate
    from growth.people.root_key import check_key
    from growth.settings import settings

    with database_url() as url:
        engine = make_engine(url, application="growth command")
        try:
            # Nobody else migrates the embedded one; with a database of your own, `growth migrate` is your decision.
            (migrate if settings().database_url is None else check_current)(engine)
            with transaction(engine) as session:
                check_key(session)
            yield engine
        finally:
            engine.dispose()


@contextmanager
def work() -> Iterator[tuple["Session", datetime]]:
    """One transaction on the database, and the moment it is done at. Raises as `database` does."""
    from growth.clock import SystemClock
    from growth.database.engine import transaction

    with database() as engine, transaction(engine) as session:
        yield session, SystemClock().now()


def print_json(value: Any) -> None:
    """For a command's `--json`."""
    import orjson

    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str))
