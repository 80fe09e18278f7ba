"""`growth settings`: every setting, its default and its present value."""

from typing import Annotated

import typer


def add(app: typer.Typer) -> None:
    """Register `growth settings`."""
    app.command("settings")(show)


def show(
    markdown: Annotated[bool, typer.Option("--markdown", help="The page docs/settings.md instead.")] = False,
) -> None:
    """Every setting with its present value; secrets are not shown."""
    from growth.running import settings_table
    from growth.settings import settings

    if markdown:
        typer.echo(settings_table.markdown(), nl=False)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("setting", "present", "default", "meaning", box=None)
    for line in settings_table.lines(settings()):
        table.add_row(line.variable, line.present, line.default, line.meaning)
    Console().print(table)
