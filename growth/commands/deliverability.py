"""`growth deliverability`: how messages fare at each receiver, on the terminal."""

from typing import Annotated

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def add(app: typer.Typer) -> None:
    """Register `growth deliverability`."""
    app.command("deliverability")(print_deliverability)


def print_deliverability(*, json: JsonOption = False) -> None:
    """What became of the last seven days' messages at each receiver, and what to look at."""
    from dataclasses import asdict

    from rich.console import Console
    from rich.table import Table

    from growth.campaigns.email.deliverability import LIMITS, WINDOW, by_receiver, judge
    from growth.clock import SystemClock
    from growth.commands.connect import database, print_json
    from growth.database.engine import transaction

    with database() as engine, transaction(engine) as session:
        fates = by_receiver(session, since=SystemClock().now() - WINDOW)
    findings = judge(fates)
    if json:
        told = {
            "receivers": {name: asdict(fate) for name, fate in fates.items()},
            "findings": list(map(asdict, findings)),
        }
        print_json(told)
        return
    measures = ("delivered", *(limit.measure for limit in LIMITS), "opened", "clicked")
    table = Table("Receiver", "Sent", *(measure.capitalize() for measure in measures))
    for name, fate in fates.items():
        table.add_row(name or "not known", f"{fate.sent:,}", *(f"{fate.share(measure):.1%}" for measure in measures))
    Console().print(table)
    for finding in findings:
        values = {name: f"{share:.1%}" for name, share in finding.values.items()}
        typer.echo(finding.sentence % (values | {"receiver": finding.receiver or "not known"}))
        typer.echo("  " + finding.remedy)
