"""`growth events`: the collector's key, and what a move of the database needs."""

import typer


def add(app: typer.Typer) -> None:
    """Register `growth events key|after-move`."""
    group = typer.Typer(help="What happened: how it comes in, and how it is read.", no_args_is_help=True)
    group.command("key")(key)
    group.command("after-move")(after_move)
    app.add_typer(group, name="events")


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
