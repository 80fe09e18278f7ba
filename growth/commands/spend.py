"""`growth spend`: costs of channels and rates of currencies, brought in from files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from growth.spend.files import Wrong

_ACTOR = "command line"
_SHOWN = 50

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A file with a header.")]


def add(app: typer.Typer) -> None:
    """Register `growth spend import|rates`."""
    group = typer.Typer(help="What channels cost, and what currencies are worth.", no_args_is_help=True)
    group.command("import")(import_costs)
    group.command("rates")(import_rates)
    app.add_typer(group, name="spend")


def import_costs(file: File) -> None:
    """Bring in costs: day, side, channel, country, campaign, amount, currency. The same file again changes nothing."""
    from growth.attribution.channels import SIDES, labels
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.audit import audit
    from growth.database.engine import transaction
    from growth.spend.files import read_costs
    from growth.spend.ledger import record_costs

    now = SystemClock().now()
    read = read_costs(file, {side: labels(side) for side in SIDES}, now)
    with database() as engine, transaction(engine) as session:
        kept = record_costs(session, read.good, now)
        if kept.new or kept.changed:
            detail = {"new": kept.new, "changed": kept.changed, "wrong": len(read.wrong)}
            audit(session, actor=_ACTOR, action="spend import", subject=file.name, detail=detail, now=now)
    typer.echo(f"{kept.new} new, {kept.changed} changed, {kept.same} the same, {len(read.wrong)} left out.")
    _tell(read.wrong, nothing=not read.good)


def import_rates(file: File) -> None:
    """Bring in rates: day, currency, rate, which is what one unit was worth in the workspace's currency."""
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.audit import audit
    from growth.database.engine import transaction
    from growth.spend.currencies import base_currency, record_rates
    from growth.spend.files import read_rates

    now = SystemClock().now()
    read = read_rates(file, now)
    with database() as engine, transaction(engine) as session:
        base = base_currency(session)
        changed = record_rates(session, base, read.good, now)
        if changed:
            detail = {"changed": changed, "base": base, "wrong": len(read.wrong)}
            audit(session, actor=_ACTOR, action="rates import", subject=file.name, detail=detail, now=now)
    typer.echo(f"{changed} new or changed, {len(read.good) - changed} the same, {len(read.wrong)} left out.")
    _tell(read.wrong, nothing=not read.good)


def _tell(wrong: "Sequence[Wrong]", *, nothing: bool) -> None:
    for one in wrong[:_SHOWN]:
        typer.echo(f"Row {one.row}, {one.error.field}: {one.error}", err=True)
    if len(wrong) > _SHOWN:
        typer.echo(f"… and {len(wrong) - _SHOWN} more.", err=True)
    if nothing and wrong:
        raise typer.Exit(1)
