"""`growth channel`: what each channel cost and brought, on the terminal."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from growth.measurement.figures import Figures
    from growth.measurement.holdouts.caused import Caused
    from growth.measurement.periods import Period
    from growth.measurement.report import Report


class Side(StrEnum):
    """The two sides, without the cost of importing the rooms."""

    BUYER = "buyer"
    SELLER = "seller"


class Compare(StrEnum):
    """What a period is compared with."""

    BEFORE = "before"
    YEAR = "year"
    NONE = "none"


SideOption = Annotated[Side, typer.Option(help="Buyers or sellers.")]
DaysOption = Annotated[int, typer.Option(help="7, 28 or 90, today among them.")]
CountryOption = Annotated[str | None, typer.Option(help="Two letters, such as RU. All countries when left out.")]
LanguageOption = Annotated[
    str | None, typer.Option(help="en, ru, pt_BR, zh_CN or other: what people read. All languages when left out.")
]
MonthOption = Annotated[str | None, typer.Option(help="A month, such as 2026-10, instead of days.")]
FirstOption = Annotated[str | None, typer.Option("--from", help="The first day, such as 2026-10-01.")]
LastOption = Annotated[str | None, typer.Option("--to", help="The last day; today when left out.")]
CompareOption = Annotated[Compare, typer.Option(help="What it is compared with.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def add(app: typer.Typer) -> None:
    """Register `growth channel report|attention|advice|show|funnel`."""
    from growth.commands.channel_one import show_channel, show_funnels

    group = typer.Typer(help="Channels: cost, acquired, return.", no_args_is_help=True)
    group.command("report")(print_report)
    group.command("attention")(print_attention)
    group.command("advice")(print_advice)
    group.command("show")(show_channel)
    group.command("funnel")(show_funnels)
    app.add_typer(group, name="channel")


def print_report(
    *,
    side: SideOption = Side.BUYER,
    days: DaysOption = 28,
    country: CountryOption = None,
    language: LanguageOption = None,
    month: MonthOption = None,
    first: FirstOption = None,
    last: LastOption = None,
    compare: CompareOption = Compare.BEFORE,
    json: JsonOption = False,
) -> None:
    """A period against another, by channel, credited by the model in force."""
    from growth.commands.connect import print_json, work
    from growth.measurement.holdouts.caused import all_caused
    from growth.measurement.report import report

    with work() as (session, now):
        period = _period(session, now, days, month, (first, last))
        found = report(
            session,
            side.value,
            period,
            _country(country),
            now,
            language=_language(language),
            comparison=compare.value,
        )
        caused = all_caused(session, side.value, period) if found.whole else {}
    if json:
        print_json(as_json(found, caused))
    else:
        _print_table(found, caused)


def _period(
    session: "Session", now: "datetime", days: int, month: str | None, span: tuple[str | None, str | None]
) -> "Period":
    from growth.database.changed_days import zone_of
    from growth.measurement.periods import between, month_of, period_until

    zone = zone_of(session)
    today = now.astimezone(zone).date()
    if any(span):
        return between(span[0] or "", span[1] or today.isoformat(), today)
    return month_of(month, today) if month else period_until(now, zone, days)


def _country(given: str | None) -> str | None:
    from growth.errors import InvalidError
    from growth.locales import N_

    if given is not None and not (len(given) == 2 and given.isascii() and given.isalpha()):
        raise InvalidError("country", N_("We know no such country."))
    return given.upper() if given else None


def _language(given: str | None) -> str | None:
    from growth.errors import InvalidError
    from growth.locales import N_
    from growth.measurement.languages import LANGUAGES

    if given is not None and given not in LANGUAGES:
        raise InvalidError("language", N_("Figures are cut by no such language."))
    return given


def _print_table(found: "Report", caused: "Mapping[str, Caused]") -> None:
    from rich.console import Console
    from rich.table import Table

    seller = found.side == "seller"
    acquired, orders = ("Shops opened", "First sales") if seller else ("Registered", "First orders")
    then = f"; in brackets {found.against.first} – {found.against.last}" if found.against else ""
    table = Table(title=f"{found.period.first} – {found.period.last}, in {found.currency}{then}")
    table.add_column("Channel")
    for name in ("Cost", acquired, "Cost each", orders, "In 60 days", "Repeat", "Value", "Return", "Caused"):
        table.add_column(name, justify="right")
    for line in found.lines:
        one = caused.get(line.channel)
        told = f"{one.value:+,.0f} ± {(one.high - one.low) / 2:,.0f}" if one else "–"
        table.add_row(line.label, *_row(line.now, line.before, found), told)
    table.add_row("All", *_row(found.total, found.before, found), "", style="bold")
    Console().print(table)
    if found.open_since:
        typer.echo(f"Of those from {found.open_since} on the 60 days are not over: more of them may yet order.")
    for currency in found.unrated:
        typer.echo(f"No rate for {currency} on some days: amounts in it are left out.")


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
        causes = ", ".join(cause for cause, *_ in row["evidence"]["causes"])
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


def _row(now: "Figures", before: "Figures", found: "Report") -> list[str]:
    if found.against is None:
        return _told(now, found.currency)
    was = _told(before, found.currency)
    return [f"{one} ({was[place]})" for place, one in enumerate(_told(now, found.currency))]


def _told(figures: "Figures", currency: str) -> list[str]:
    from growth.measurement.figures import WHOLE
    from growth.money import Money

    each, back, ordered, repeated = figures.cost_each, figures.back, figures.order_share, figures.repeat_share
    return [
        f"{Money(figures.cost_minor, currency).amount:,}",
        f"{figures.acquired / WHOLE:,g}",
        "–" if each is None else f"{Money(round(each), currency).amount:,}",
        f"{figures.orders / WHOLE:,g}",
        "–" if ordered is None else f"{ordered:.1%}",
        "–" if repeated is None else f"{repeated:.1%}",
        f"{Money(figures.value_minor, currency).amount:,}",
        "–" if back is None else f"{back:.1f}×",
    ]


def as_json(found: "Report", caused: "Mapping[str, Caused]") -> dict[str, Any]:
    """The report for programs: amounts in minor units, counts in millionths; what was caused in people."""
    from dataclasses import asdict

    channels = {
        line.channel: {
            "now": asdict(line.now),
            "before": asdict(line.before) if found.against else None,
            "caused": asdict(caused[line.channel]) if line.channel in caused else None,
        }
        for line in found.lines
    }
    return {
        "side": found.side,
        "country": found.country,
        "language": found.language,
        "currency": found.currency,
        "first": found.period.first,
        "last": found.period.last,
        "compared_with": asdict(found.against) if found.against else None,
        "open_since": found.open_since,
        "total": asdict(found.total),
        "before": asdict(found.before) if found.against else None,
        "channels": channels,
        "countries": [{"country": country, "acquired": acquired} for country, acquired in found.countries],
        "unrated": found.unrated,
    }
