"""The engine and the one transaction of a request or job step."""

from collections.abc import Iterator
from contextlib import contextmanager

import orjson
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from growth.database import records
from growth.errors import InvalidError
from growth.locales import N_


def driver_url(database_url: str) -> URL:
    """The URL with our driver (psycopg 3), whatever flavour of PostgreSQL URL was given. Raises InvalidError."""
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        url = None
    if url is None or not url.drivername.startswith("postgres"):
        # Without the text itself, which may hold a password.
        raise InvalidError(
            "GROWTH_DATABASE_URL",
            N_("GROWTH_DATABASE_URL is no address of a PostgreSQL."),
            remedy=N_("Write it like postgresql://user:password@host:5432/growth."),
        )
    return url.set(drivername="postgresql+psycopg")


def make_engine(database_url: str, *, pool_size: int = 5, application: str = "growth") -> Engine:
    """An engine whose sessions speak UTC and give up on a lock after 10 s rather than hang a page."""
    records.load()
    return create_engine(
        driver_url(database_url),
        pool_size=pool_size,
        max_overflow=5,
        pool_pre_ping=True,
        pool_use_lifo=True,  # the same few connections, so that they know the statements and the others may rest
        json_deserializer=orjson.loads,  # a third of the time
        hide_parameters=True,  # they are what people wrote and who they are, and errors end up in logs
        connect_args={
            "application_name": application,
            "connect_timeout": 10,
            "options": "-c timezone=UTC -c lock_timeout=10s -c idle_in_transaction_session_timeout=10min",
        },
    )


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """A session that is committed once at the end, or rolled back when anything was raised."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session
