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
    """Register `growth spend import|rates|budget|price|hours|enter`."""
    group = typer.Typer(help="What channels cost, and what currencies are worth.", no_args_is_help=True)
    group.command("import")(import_costs)
    group.command("rates")(import_rates)
    group.command("budget")(set_budget)
    group.command("price")(keep_price)
    group.command("hours")(keep_hours)
    group.command("enter")(enter_cost)
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
        set_to = change_budget(session, side, channel, first, minor, version=version, actor=_ACTOR, now=now)
        typer.echo(f"{channel}, {month}: {amount} {set_to.currency}.")


def keep_price(
    kind: Annotated[str, typer.Argument(help="email (a thousand messages) or rep_hour.")],
    since: Annotated[str, typer.Argument(help="The first day, such as 2026-11-01.")],
    amount: Annotated[str, typer.Argument(help="Such as 1.20.")],
    currency: Annotated[str, typer.Argument(help="Such as USD.")],
) -> None:
    """Set what a thousand messages, or an hour of a sales rep, costs from a day on."""
    from growth.commands.connect import work
    from growth.spend.cells import amount_of, currency_of, day_of
    from growth.spend.prices import set_price

    with work() as (session, now):
        price = amount_of(amount, currency_of(currency))
        set_price(session, kind, day_of(since, now), price, actor=_ACTOR, now=now)
    typer.echo(f"{kind} from {since}: {price.amount} {price.currency}.")


def keep_hours(
    day: Annotated[str, typer.Argument(help="Such as 2026-11-24.")],
    who: Annotated[str, typer.Argument(help="The sales rep; the same day and rep again replaces.")],
    hours: Annotated[str, typer.Argument(help="Such as 6.5.")],
    channel: Annotated[str, typer.Option(help="A channel of sellers.")] = "offline",
) -> None:
    """Enter the hours a sales rep worked on a channel, at the price of an hour on that day."""
    from growth.commands.connect import work
    from growth.spend.cells import day_of, number_of
    from growth.spend.prices import record_hours

    with work() as (session, now):
        minor = record_hours(session, day_of(day, now), who, number_of(hours, "hours", 2), channel=channel, now=now)
    typer.echo(f"{who}, {day}: {minor.amount} {minor.currency}.")


def enter_cost(
    day: Annotated[str, typer.Argument(help="Such as 2026-11-24.")],
    channel: Annotated[str, typer.Argument(help="A channel's key, such as offline.")],
    name: Annotated[str, typer.Argument(help="What for, such as Canton Fair; the same day and name again replaces.")],
    amount: Annotated[str, typer.Argument(help="Such as 4200.")],
    currency: Annotated[str, typer.Argument(help="Such as CNY.")],
    *,
    side: Annotated[str, typer.Option(help="buyer or seller.")] = "seller",
) -> None:
    """Enter one cost by hand, such as a fair's."""
    from growth.attribution.channels import SIDES, labels
    from growth.commands.connect import work
    from growth.database.audit import audit
    from growth.spend.cells import amount_of, channel_of, currency_of, day_of, side_of
    from growth.spend.ledger import NewCost, record_cost

    channels = {one: labels(one) for one in SIDES}
    with work() as (session, now):
        found = side_of(side, channels)
        key, cost = channel_of(channel, found, channels), amount_of(amount, currency_of(currency))
        on = day_of(day, now)
        line = NewCost(
            source="entered", source_key=f"{found}\n{key}\n{name[:300]}", day=on, side=found, channel=key,
            campaign=name[:300], amount_minor=cost.minor, currency=cost.currency,
        )  # fmt: skip
        record_cost(session, line, now)
        audit(session, actor=_ACTOR, action="cost entered", subject=name[:300],
              detail={"day": str(on), "amount_minor": cost.minor, "currency": cost.currency}, now=now)  # fmt: skip
    typer.echo(f"{name}, {on}: {cost.amount} {cost.currency}.")


def _tell(wrong: "Sequence[Wrong]", *, nothing: bool) -> None:
    for one in wrong[:_SHOWN]:
        typer.echo(f"Row {one.row}, {one.error.field}: {one.error}", err=True)
    if len(wrong) > _SHOWN:
        typer.echo(f"… and {len(wrong) - _SHOWN} more.", err=True)
    if nothing and wrong:
        raise typer.Exit(1)
