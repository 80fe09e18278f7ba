"""`growth channel`: what each channel cost and brought, on the terminal."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from growth.measurement.figures import Figures
    from growth.measurement.report import Report


class Side(StrEnum):
    """The two sides, without the cost of importing the rooms."""

    BUYER = "buyer"
    SELLER = "seller"


SideOption = Annotated[Side, typer.Option(help="Buyers or sellers.")]
DaysOption = Annotated[int, typer.Option(help="7, 28 or 90, today among them.")]
CountryOption = Annotated[str | None, typer.Option(help="Two letters, such as RU. All countries when left out.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def add(app: typer.Typer) -> None:
    """Register `growth channel report|attention|advice`."""
    group = typer.Typer(help="Channels: cost, acquired, return.", no_args_is_help=True)
    group.command("report")(print_report)
    group.command("attention")(print_attention)
    group.command("advice")(print_advice)
    app.add_typer(group, name="channel")


def print_report(
    *, side: SideOption = Side.BUYER, days: DaysOption = 28, country: CountryOption = None, json: JsonOption = False
) -> None:
    """This period against the last, by channel, credited by last touch."""
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.engine import transaction
    from growth.errors import InvalidError
    from growth.locales import N_
    from growth.measurement.report import report

    if country is not None and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise InvalidError("country", N_("We know no such country."))
    with database() as engine, transaction(engine) as session:
        found = report(session, side.value, days, country.upper() if country else None, SystemClock().now())
    if json:
        import orjson

        typer.echo(orjson.dumps(as_json(found), option=orjson.OPT_INDENT_2))
        return
    from rich.console import Console
    from rich.table import Table

    acquired, orders = {"buyer": ("Registered", "First orders"), "seller": ("Shops opened", "First sales")}[side.value]
    first, last, before = found.period.first, found.period.last, found.period.before.first
    table = Table(title=f"{first} – {last}, in {found.currency}; in brackets the days from {before}")
    table.add_column("Channel")
    for name in ("Cost", acquired, "Cost each", orders, "Value", "Return"):
        table.add_column(name, justify="right")
    for line in found.lines:
        table.add_row(line.label, *_row(line.now, line.before, found.currency))
    table.add_row("All", *_row(found.total, found.before, found.currency), style="bold")
    console = Console()
    console.print(table)
    for currency in found.unrated:
        console.print(f"No rate for {currency} on some days: amounts in it are left out.")


def print_attention(*, side: SideOption = Side.BUYER, json: JsonOption = False) -> None:
    """What left its usual course and isn't explained yet."""
    from growth.commands.connect import print_json, work
    from growth.measurement.anomalies.watching import anomalies

    with work() as (session, now):
        found = anomalies(session, side.value, None, now)
        names = ("id", "day", "since", "channel", "country", "measure", "change", "evidence", "state")
        rows = [{name: getattr(one, name) for name in names} for one in found]
    if json:
        print_json(rows)
        return
    for row in rows:
        causes = ", ".join(cause for cause, _ in row["evidence"]["causes"])
        typer.echo(f"{row['since']} {row['channel']} {row['country']} {row['measure']} {row['change'] / 100:+.0f} %"
                   f" ({causes})")  # fmt: skip
    if not rows:
        typer.echo("Nothing left its usual course.")


def print_advice(
    source: Annotated[str, typer.Argument(help="The channel that gives, such as seo.")],
    target: Annotated[str, typer.Argument(help="The channel that gets.")],
    amount: Annotated[str, typer.Argument(help="A month, in the workspace's currency.")],
    *,
    side: SideOption = Side.BUYER,
    json: JsonOption = False,
) -> None:
    """What moving money from one channel to another would bring a month, or why the past can't say."""
    from growth.commands.connect import print_json, work
    from growth.measurement.advice.asking import advise
    from growth.spend.cells import amount_of
    from growth.spend.currencies import base_currency

    with work() as (session, now):
        minor = amount_of(amount, base_currency(session)).minor
        found = advise(session, side.value, (source, target), minor, now=now)
    if json:
        print_json({"expected": found.expected, "low": found.low, "high": found.high})
    else:
        typer.echo(f"Expected a month: {found.expected:+,.0f} ({found.low:,.0f} … {found.high:,.0f})")


def _row(now: "Figures", before: "Figures", currency: str) -> list[str]:
    was = _told(before, currency)
    return [f"{one} ({was[place]})" for place, one in enumerate(_told(now, currency))]


def _told(figures: "Figures", currency: str) -> list[str]:
    from growth.measurement.figures import WHOLE
    from growth.money import Money

    each, back = figures.cost_each, figures.back
    return [
        f"{Money(figures.cost_minor, currency).amount:,}",
        f"{figures.acquired / WHOLE:,g}",
        "–" if each is None else f"{Money(round(each), currency).amount:,}",
        f"{figures.orders / WHOLE:,g}",
        f"{Money(figures.value_minor, currency).amount:,}",
        "–" if back is None else f"{back:.1f}×",
    ]


def as_json(found: "Report") -> dict[str, Any]:
    """The report for programs: amounts in minor units, counts in millionths."""
    from dataclasses import asdict

    return {
        "side": found.side,
        "country": found.country,
        "currency": found.currency,
        "first": found.period.first,
        "last": found.period.last,
        "total": asdict(found.total),
        "before": asdict(found.before),
        "channels": {line.channel: {"now": asdict(line.now), "before": asdict(line.before)} for line in found.lines},
        "countries": [{"country": country, "acquired": acquired} for country, acquired in found.countries],
        "unrated": found.unrated,
    }
