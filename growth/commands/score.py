"""`growth score`: judging any file of leads, and training, running and showing our own scoring."""

from pathlib import Path
from typing import Annotated

import typer


def add(app: typer.Typer) -> None:
    """Register `growth score evaluate|train|run|card`."""
    group = typer.Typer(help="Which leads will be won, how sure that is, and why.", no_args_is_help=True)
    group.command("evaluate")(evaluate_file)
    app.add_typer(group, name="score")


File = Annotated[Path, typer.Argument(help="A CSV file, packed or not, with a header.")]
LabelOption = Annotated[str | None, typer.Option("--label", help="Column that says how it ended. Found when left out.")]
TimeOption = Annotated[
    str | None,
    typer.Option("--time", help="Column of dates: learn from the first 70 %, judge on the last 30 %."),
]
DropOption = Annotated[list[str] | None, typer.Option("--drop", help="A column to leave out. May be given repeatedly.")]
PositiveOption = Annotated[str | None, typer.Option("--positive", help="The label's value that counts as won.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def evaluate_file(
    file: File,
    *,
    label: LabelOption = None,
    time: TimeOption = None,
    drop: DropOption = None,
    positive: PositiveOption = None,
    json: JsonOption = False,
) -> None:
    """How well the leads in a file can be told apart, with nothing prepared."""
    import orjson

    from growth.scoring.evaluating import Asked, evaluate

    found = evaluate(Asked(file, label, time, tuple(drop or ()), positive))
    if json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    from rich.console import Console

    from growth.scoring.telling import tables

    console = Console()
    for table in tables(found):
        console.print(table)
    for note in found["notes"]:
        console.print(note)
