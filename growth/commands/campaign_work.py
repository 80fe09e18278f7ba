"""What commands of campaigns share: the campaign they name, one transaction, and JSON."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ACTOR = "command line"
Which = Annotated[str, typer.Argument(help="The campaign's name or number.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def work() -> Iterator[tuple["Session", datetime]]:
    """One transaction and the present moment."""
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.engine import transaction

    with database() as engine, transaction(engine) as session:
        yield session, SystemClock().now()


def zone_of(session: "Session") -> str:
    """The organisation's time zone."""
    from growth.database.workspace import workspace

    place = workspace(session)
    return place.time_zone if place else "UTC"


def said(sentence: str, values: Any) -> str:
    """A marked sentence in English."""
    from growth.locales import translate

    return translate("en", sentence, **values)


def print_json(found: Any) -> None:
    """As people and programs read it."""
    import orjson

    typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2, default=str))
