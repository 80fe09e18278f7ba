"""`growth migrate`: bring the database's schema up to date."""

import typer


def add(app: typer.Typer) -> None:
    """Register `growth migrate`."""
    app.command("migrate")(migrate)


def migrate() -> None:
    """Bring the database's schema up to date. Safe to repeat, and for several at once."""
    from growth.commands.connect import database_url
    from growth.database.engine import make_engine
    from growth.database.migrate import migrate as bring_up_to_date

    with database_url() as url:
        engine = make_engine(url, application="growth migrate")
        revision = bring_up_to_date(engine)
        engine.dispose()
    typer.echo(f"The database is at revision {revision}.")
