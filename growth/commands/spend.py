"""`growth spend`: costs of channels and rates of currencies, brought in from files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from growth.commands import spend_ledger
from growth.commands.spend_ledger import ACTOR

if TYPE_CHECKING:
    from growth.spend.files import Read

_SHOWN = 50

Rejected = Annotated[Path | None, typer.Option(dir_okay=False, help="Where to write the rows that were left out.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A file with a header.")]


def add(app: typer.Typer) -> None:
    """Register `growth spend import|rates|budget|price|hours|list|correct|enter|move`."""
    group = typer.Typer(help="What channels cost, and what currencies are worth.", no_args_is_help=True)
    group.command("import")(import_costs)
    group.command("rates")(import_rates)
    group.command("budget")(set_budget)
    group.command("price")(keep_price)
    group.command("hours")(keep_hours)
    for name, command in spend_ledger.COMMANDS:
        group.command(name)(command)
    app.add_typer(group, name="spend")


def import_costs(file: File, *, rejected: Rejected = None) -> None:
    """Bring in costs: day, side, channel, country, campaign, amount, currency. The same file again changes nothing."""
    from growth.attribution.channels import SIDES, labels
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.engine import transaction
    from growth.spend.files import read_costs
    from growth.spend.uploaded import bring_costs

    now = SystemClock().now()
    read = read_costs(file, {side: labels(side) for side in SIDES}, now)
    with database() as engine, transaction(engine) as session:
        kept = bring_costs(session, read, name=file.name, actor=ACTOR, now=now)
    typer.echo(f"{kept.new} new, {kept.changed} changed, {kept.same} the same, {len(read.wrong)} left out.")
    _tell(file, read, rejected)


def import_rates(file: File, *, rejected: Rejected = None) -> None:
    """Bring in rates: day, currency, rate, which is what one unit was worth in the workspace's currency."""
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.engine import transaction
    from growth.spend.files import read_rates
    from growth.spend.uploaded import bring_rates

    now = SystemClock().now()
    read = read_rates(file, now)
    with database() as engine, transaction(engine) as session:
        kept = bring_rates(session, read, name=file.name, actor=ACTOR, now=now)
    typer.echo(f"{kept.changed} new or changed, {kept.same} the same, {len(read.wrong)} left out.")
    _tell(file, read, rejected)


def set_budget(
    channel: Annotated[str, typer.Argument(help="A channel's key, such as paid_search.")],
    month: Annotated[str, typer.Argument(help="Such as 2026-11.")],
    amount: Annotated[str, typer.Argument(help="In the workspace's currency, such as 3000.")],
) -> None:
    """Set what a channel may cost in a month; plans never pass it."""
    from datetime import date

    from growth.attribution.channels import CHANNELS
    from growth.commands.connect import work
    from growth.errors import InvalidError
    from growth.locales import N_
    from growth.spend.budgets import budgets_of, change_budget
    from growth.spend.cells import amount_of
    from growth.spend.currencies import base_currency

    side = next((side for side, ones in CHANNELS.items() if channel in (one.key for one in ones)), None)
    if side is None:
        raise InvalidError("channel", N_("There is no such channel."))
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise InvalidError("month", N_("Write the month like 2026-11.")) from None
    with work() as (session, now):
        kept = budgets_of(session, side, first).get(channel)
        minor = amount_of(amount, base_currency(session)).minor
        version = kept.version if kept else 0
        set_to = change_budget(session, side, channel, first, minor, version=version, actor=ACTOR, now=now)
        typer.echo(f"{channel}, {month}: {amount} {set_to.currency}.")


def keep_price(
    kind: Annotated[str, typer.Argument(help="email (a thousand messages) or rep_hour.")],
    since: Annotated[str, typer.Argument(help="The first day, such as 2026-11-01.")],
    amount: Annotated[str, typer.Argument(help="Such as 1.20.")],
    currency: Annotated[str, typer.Argument(help="Such as USD.")],
) -> None:
    """Set what a thousand messages, or a rep's hour, costs from a day on; days since then are counted again."""
    from growth.commands.connect import work
    from growth.scheduling.firing import fire_free
    from growth.spend.cells import amount_of, currency_of, day_of
    from growth.spend.prices import JOBS, set_price

    with work() as (session, now):
        price = amount_of(amount, currency_of(currency))
        first = day_of(since, now)
        set_price(session, kind, first, price, actor=ACTOR, now=now)
        fire_free(session, JOBS[kind], now=now, fired_by=ACTOR, args={"since": str(first)})
    typer.echo(f"{kind} from {since}: {price.amount} {price.currency}.")


def keep_hours(
    day: Annotated[str, typer.Argument(help="Such as 2026-11-24.")],
    who: Annotated[str, typer.Argument(help="The sales rep's address; the same day and rep again replaces.")],
    hours: Annotated[str, typer.Argument(help="Such as 6.5.")],
    channel: Annotated[str, typer.Option(help="A channel of sellers.")] = "offline",
) -> None:
    """Enter the hours a sales rep worked on a channel, at the price of an hour on that day."""
    from growth.commands.connect import work
    from growth.spend.cells import day_of, number_of
    from growth.spend.hours import record_hours

    with work() as (session, now):
        minor = record_hours(
            session, day_of(day, now), who, number_of(hours, "hours", 2), channel=channel, actor=ACTOR, now=now
        )
    typer.echo(f"{who}, {day}: {minor.amount} {minor.currency}.")


def _tell(file: Path, read: "Read[Any]", rejected: Path | None) -> None:
    """Name the rows that were left out, and write them to a file where one is asked for."""
    for one in read.wrong[:_SHOWN]:
        typer.echo(f"{file.name}, row {one.row}, {one.error.field}: {one.error}", err=True)
    if len(read.wrong) > _SHOWN:
        typer.echo(f"… and {len(read.wrong) - _SHOWN} more.", err=True)
    if rejected and read.wrong:
        from growth.spend.uploaded import write_rejected

        write_rejected(rejected, read.header, read.wrong, "en")
        typer.echo(f"They are in {rejected}, each with how to put it right.", err=True)
    if read.wrong and not read.good:
        raise typer.Exit(1)
