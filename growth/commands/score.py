"""`growth score`: judging any file of leads, and training, running and showing our own scoring."""

from pathlib import Path
from typing import Annotated

import typer


def add(app: typer.Typer) -> None:
    """Register `growth score evaluate|train|run|card`."""
    group = typer.Typer(help="Which leads will be won, how sure that is, and why.", no_args_is_help=True)
    group.command("evaluate")(evaluate_file)
    group.command("train")(train)
    group.command("run")(run)
    group.command("card")(card)
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


def train() -> None:
    """Learn from leads whose end is known, now; the new model is used only if it beats the one in use."""
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.engine import transaction
    from growth.scoring.retraining import keep, learn, read
    from growth.scoring.target import SELLER_WON_90D

    clock = SystemClock()
    with database() as engine:
        with transaction(engine) as session:
            examples, champion = read(session, SELLER_WON_90D, clock.now())
        learnt = learn(SELLER_WON_90D, examples, champion)
        with transaction(engine) as session:
            decision = keep(session, SELLER_WON_90D, learnt, champion, clock.now())
    typer.echo(f"Looked at {len(examples.won):,} examples, {int(examples.won.sum()):,} of them won.")
    typer.echo(decision.message % decision.values)


def run() -> None:
    """Score every open lead now, with reasons."""
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.engine import transaction
    from growth.scoring.ranking import score_open

    clock, done, after = SystemClock(), 0, None
    with database() as engine:
        while True:
            with transaction(engine) as session:
                step = score_open(session, clock.now(), after, 1_000)
            done, after = done + step.done, step.next
            if after is None:
                break
    typer.echo(f"{done:,} open leads have a score." if done else "Nothing to score: no open leads, or no model yet.")


def card(json: JsonOption = False) -> None:
    """The card of the model in use: what it looks at, how good it is on later leads, and why it was chosen."""
    from growth.commands.connect import database
    from growth.database.engine import transaction
    from growth.errors import NotFoundError
    from growth.locales import N_
    from growth.scoring.promotion import champion_of
    from growth.scoring.target import SELLER_WON_90D
    from growth.scoring.telling import card_of, card_table

    with database() as engine, transaction(engine) as session:
        model = champion_of(session, SELLER_WON_90D)
        if model is None:
            raise NotFoundError(N_("There is no model yet."), remedy=N_("Train one with: growth score train."))
        told = card_of(model)
    if json:
        import orjson

        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        return
    from rich.console import Console

    Console().print(card_table(told))
