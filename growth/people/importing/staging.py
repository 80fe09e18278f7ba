"""The staging table: checked rows of one file, seen by one connection only, gone with it."""

from collections.abc import Iterable
from itertools import islice

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from growth.database.copying import copy_rows
from growth.people.importing.rows import STAGED, StagedRow

BATCH = 20_000
"""Rows a transaction; short ones, so that nobody who waits for old transactions waits for a file to be read."""


def open_staging(connection: Connection) -> None:
    """Make the table, empty. It lives as long as the connection, so that a killed import leaves nothing."""
    columns = ", ".join(f"{name} {kind}" for name, kind in STAGED.items())
    with connection.begin():
        connection.execute(text("drop table if exists pg_temp.import_row"))
        connection.execute(text(f"create temp table import_row ({columns})"))


def stage(connection: Connection, rows: Iterable[StagedRow]) -> int:
    """Copy all rows into the table in binary batches; returns how many. Memory doesn't grow with their number."""
    remaining = iter(rows)
    count = 0
    while True:
        with Session(connection) as session, session.begin():
            copied = copy_rows(
                session, "import_row", list(STAGED), islice(remaining, BATCH), types=list(STAGED.values())
            )
        count += copied
        if copied < BATCH:
            break
    with connection.begin():
        connection.execute(text("analyze import_row"))
    return count


def close_staging(connection: Connection) -> None:
    """Drop the table, so that the connection can go back to its pool."""
    with connection.begin():
        connection.execute(text("drop table if exists pg_temp.import_row"))
