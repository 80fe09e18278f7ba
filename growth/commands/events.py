"""`growth events`: files of events, the collector's key, and what a move of the database needs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from growth.errors import InvalidError
    from growth.events.files import Row

_ACTOR = "command line"
_SHOWN = 50
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or Parquet.")]
Zone = Annotated[str | None, typer.Option(help="Where moments without an offset are meant; else the workspace's.")]
Rejected = Annotated[Path | None, typer.Option(help="Where rows that don't go in are written, as CSV.")]


def add(app: typer.Typer) -> None:
    """Register `growth events import|key|after-move`."""
    group = typer.Typer(help="What happened: how it comes in, and how it is read.", no_args_is_help=True)
    group.command("import")(import_file)
    group.command("key")(key)
    group.command("after-move")(after_move)
    app.add_typer(group, name="events")


def import_file(file: File, zone: Zone = None, rejected: Rejected = None) -> None:
    """Bring in events: kind, at, and id, side, visitor, email, country, amount; other columns are properties.

    Good rows go in, bad ones are named. The same file again changes nothing.
    """
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.audit import audit
    from growth.database.changed_days import zone_of
    from growth.database.engine import transaction
    from growth.errors import InvalidError
    from growth.events.importing import import_events, shown
    from growth.events.uploaded import FIELD_NAMES
    from growth.locales import N_
    from growth.people.importing.rejected import RejectedFile
    from growth.people.set_up import time_zones

    if zone is not None and zone not in time_zones():
        raise InvalidError("zone", N_("There is no such time zone."), remedy=N_("Write it like Asia/Shanghai."))
    wrong = RejectedFile(rejected or file.with_suffix(".rejected.csv"), ["Row as it was"], "en", FIELD_NAMES)

    def reject(number: int, row: "Row", error: "InvalidError") -> None:
        wrong.reject(number, list(shown(row)), error)
        if wrong.count <= _SHOWN:
            typer.echo(f"{file.name}, row {number}, {error.field}: {error}", err=True)

    now = SystemClock().now()
    with database() as engine, transaction(engine) as session:
        done = import_events(session, file, now, zone=zone or zone_of(session).key, reject=reject)
        detail = {"new": done.new, "known": done.known, "rejected": done.rejected}
        if done.new:
            audit(session, actor=_ACTOR, action="events import", subject=file.name, detail=detail, now=now)
    wrong.close()
    typer.echo(f"{done.new} new, {done.known} known already, {done.rejected} left out.")
    if done.strangers:
        typer.echo(f"{done.strangers} have an address that is nobody's we know.")
    if done.rejected:
        typer.echo(f"Rows that didn't go in are in {wrong.path}.", err=True)
        raise typer.Exit(0 if done.new or done.known else 1)


def key() -> None:
    """Print the key that your servers show to send orders: “Authorization: Bearer …” on POST /e."""
    from growth.events.collecting import collector_key

    typer.echo(collector_key())


def after_move() -> None:
    """Once, after the database was restored on another server: let readers go on where they were."""
    from growth.commands.connect import database
    from growth.database.engine import transaction
    from growth.events import reading

    with database() as engine, transaction(engine) as session:
        needed = reading.after_move(session)
    typer.echo("Readers go on where they were." if needed else "Nothing to do: this database was not moved.")
