"""`growth spend list|correct|move|fair|…`: the cost ledger and budget advice from the command line."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from growth.commands.connect import print_json, work

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from growth.spend.listing import Line

ACTOR = "command line"
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
Day = Annotated[str, typer.Argument(help="Such as 2026-11-24.")]
Amount = Annotated[str, typer.Argument(help="Such as 4200.")]
Currency = Annotated[str, typer.Argument(help="Such as CNY.")]


def list_costs(
    *,
    first: Annotated[str, typer.Option(help="The first day; 28 days before the last one when left out.")] = "",
    last: Annotated[str, typer.Option(help="The last day; today when left out.")] = "",
    side: Annotated[str, typer.Option(help="buyer or seller.")] = "",
    channel: Annotated[str, typer.Option(help="A channel's key.")] = "",
    country: Annotated[str, typer.Option(help="Two letters; - for none.")] = "",
    campaign: Annotated[str, typer.Option(help="Its whole name.")] = "",
    source: Annotated[str, typer.Option(help="Such as file, entered, email, rep_hour, activity, correction.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Lines at most, the newest.")] = 50,
    json: Json = False,
) -> None:
    """List lines of cost, the newest first, with their number, and the sum of all that fit."""
    from growth.spend.listing import CostFilter, lines, sum_of

    with work() as (session, now):
        begin, end = _days(session, first, last, now)
        wanted = CostFilter(begin, end, side, channel, country.upper(), campaign, source)
        found, told = lines(session, wanted, limit=limit), sum_of(session, wanted)
    if json:
        print_json({"total": {"minor": told.total.minor, "currency": told.total.currency}, "lines": told.lines,
                    "unrated": told.unrated, "costs": [_as_json(one) for one in found]})  # fmt: skip
        return
    for one in found:
        cost = one.cost
        where = " ".join(part for part in (cost.side, cost.channel, cost.country, cost.campaign) if part)
        typer.echo(f"{cost.id}  {cost.day}  {one.amount.amount} {cost.currency}  {where}  ({cost.source})")
    more = "" if len(found) == told.lines else f", {len(found)} shown"
    typer.echo(f"{told.lines} lines{more}, {told.total.amount} {told.total.currency}.")


def _as_json(line: "Line") -> dict[str, object]:
    names = ("id", "day", "side", "channel", "country", "campaign", "source", "amount_minor", "currency", "corrects")
    return {name: getattr(line.cost, name) for name in names} | {
        "turned_minor": line.turned.minor if line.turned else None
    }


def _days(session: "Session", first: str, last: str, now: "datetime") -> "tuple[date, date]":
    from datetime import timedelta

    from growth.database.changed_days import zone_of
    from growth.spend.cells import day_of

    end = day_of(last, now) if last else now.astimezone(zone_of(session)).date()
    return (day_of(first, now) if first else end - timedelta(days=27)), end


def correct_cost(
    line: Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="Its number, as `growth spend list` shows it.")],
    amount: Annotated[str, typer.Argument(help="What it should be, in its own currency; 0 for what never was.")],
    reason: Annotated[str, typer.Argument(help="Why.")],
) -> None:
    """Put a line right by one beside it; the line itself stays."""
    from growth.spend.cells import amount_of
    from growth.spend.correcting import correct, cost_by_id

    with work() as (session, now):
        should_be = amount_of(amount, cost_by_id(session, line).currency)
        difference = correct(session, line, should_be, reason, actor=ACTOR, now=now)
    typer.echo(f"{line}: {should_be.amount} {should_be.currency}, a difference of {difference.amount}.")


def enter_cost(
    day: Day,
    channel: Annotated[str, typer.Argument(help="A channel's key, such as offline.")],
    name: Annotated[str, typer.Argument(help="What for, such as Canton Fair; the same first day and name replaces.")],
    amount: Amount,
    currency: Currency,
    *,
    last: Annotated[str, typer.Option(help="The last day it was for; the amount is spread evenly.")] = "",
    country: Annotated[str, typer.Option(help="Where it was for one country.")] = "",
    side: Annotated[str, typer.Option(help="buyer or seller.")] = "seller",
) -> None:
    """Enter a cost by hand, such as a fair's, over its days."""
    from growth.attribution.channels import SIDES, labels
    from growth.people.importing.cells import country_of
    from growth.spend.cells import amount_of, channel_of, currency_of, day_of, side_of
    from growth.spend.entering import Entry, enter

    channels = {one: labels(one) for one in SIDES}
    with work() as (session, now):
        found = side_of(side, channels)
        first = day_of(day, now)
        entry = Entry(
            name=" ".join(name.split()), first=first, last=day_of(last, now) if last else first, side=found,
            channel=channel_of(channel, found, channels), country=country_of(country) or "",
            amount=amount_of(amount, currency_of(currency)),
        )  # fmt: skip
        enter(session, entry, actor=ACTOR, now=now)
    until = "" if entry.last == entry.first else f" to {entry.last}"
    typer.echo(f"{entry.name}, {entry.first}{until}: {entry.amount.amount} {entry.amount.currency}.")


def move_money(
    source: Annotated[str, typer.Argument(help="The channel that gets less, such as seo.")],
    target: Annotated[str, typer.Argument(help="The channel that gets more, such as paid_search.")],
    amount: Annotated[str, typer.Argument(help="A month, such as 3000, or '20000 CNY'.")],
    *,
    side: Annotated[str, typer.Option(help="buyer or seller.")] = "buyer",
    json: Json = False,
) -> None:
    """Tell what moving an amount a month from one channel to another would bring; refused where the past can't say."""
    from dataclasses import asdict

    from growth.measurement.advice.asking import advise
    from growth.spend.cells import amount_with_currency
    from growth.spend.currencies import base_currency, turned_today

    with work() as (session, now):
        moved = turned_today(session, amount_with_currency(amount, base_currency(session)), now)
        told = advise(session, side, (source, target), moved.minor, now=now)
    if json:
        print_json(asdict(told))
        return
    what = "registered buyers" if side == "buyer" else "opened shops"
    typer.echo(f"{moved.amount} {moved.currency} from {source} to {target}: expected {told.expected:+,.0f} "
               f"({told.low:,.0f} … {told.high:,.0f}) {what} a month.")  # fmt: skip
    if not told.tested:
        typer.echo("No hold-out anchors both channels; a hold-out makes it surer.")


COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("list", list_costs),
    ("correct", correct_cost),
    ("enter", enter_cost),
    ("move", move_money),
)
