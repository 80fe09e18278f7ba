"""`growth locale`: keep the catalogues of sentences up to date."""

import typer


def add(app: typer.Typer) -> None:
    """Register `growth locale extract` and `growth locale check`."""
    group = typer.Typer(help="Catalogues of sentences and their translations (in a source checkout).")
    group.command("extract")(extract)
    group.command("check")(check)
    app.add_typer(group, name="locale")


def extract() -> None:
    """Bring the .po files up to the sentences in code and templates; translations are kept."""
    from growth.commands.catalogues import translated_locales, update

    for locale in translated_locales():
        typer.echo(f"{locale}: {update(locale)} sentences want a translation")


def check() -> None:
    """Name what is untranslated, fuzzy or filled in differently; exit status 1 when there is something."""
    from growth.commands.catalogues import problems, translated_locales

    found = [problem for locale in translated_locales() for problem in problems(locale)]
    for problem in found:
        typer.echo(problem)
    if found:
        raise typer.Exit(1)
    typer.echo("Every sentence is translated.")
