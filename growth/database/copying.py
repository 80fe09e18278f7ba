"""Bulk rows by PostgreSQL's COPY, inside the session's own transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Cursor, sql
from sqlalchemy.orm import Session

ALIKE = {"render_nulls": True}
"""Execution options by which rows with and without a null go in one statement; else each change starts another."""


def cursor_of(session: Session) -> Cursor[Any]:
    """A psycopg cursor on the session's connection, so that it shares the transaction."""
    raw = session.connection().connection.cursor()
    assert isinstance(raw, Cursor)
    return raw


def copy_rows(
    session: Session,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    types: Sequence[str] | None = None,
) -> int:
    """Append `rows` to `table`; returns how many. With `types` (PostgreSQL type names) in the binary format.

    A generator of rows is read as it is sent, so memory does not grow with the number of rows.
    """
    form = sql.SQL("COPY {} ({}) FROM STDIN" + (" (FORMAT BINARY)" if types else "")).format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    count = 0
    with cursor_of(session) as cursor, cursor.copy(form) as copy:
        if types:
            copy.set_types(types)
        for row in rows:
            copy.write_row(row)
            count += 1
    return count
