"""`growth sandbox`: the rehearsal market, played through the front doors, and what is true of it."""

from typing import TYPE_CHECKING, Annotated

import typer

from growth.commands.connect import print_json

if TYPE_CHECKING:
    from growth.sandbox.market.played import Played

Days = Annotated[int, typer.Option(min=1, max=730, help="So many days.")]
Until = Annotated[
    str | None,
    typer.Option(help="Their end, such as 2026-11-24 or 2026-11-24T12:00, in UTC; now, when it isn't given."),
]
Seed = Annotated[str, typer.Option(help="The same seed gives the same market.")]
People = Annotated[int | None, typer.Option(min=10, max=20_000, help="Buyers who begin to look on an ordinary day.")]
Off = Annotated[
    list[str] | None,
    typer.Option(
        help="Switch a channel off: paid_search, paid_search:RU,KZ or paid_search:RU,KZ:2026-08-01..2026-08-28."
    ),
]
Url = Annotated[
    str | None, typer.Option(help="Of the running product whose database this is, such as http://127.0.0.1:8000.")
]
HoldOut = Annotated[list[str] | None, typer.Option(help="Hold a share of the people out of a channel: email:10.")]


def add(app: typer.Typer) -> None:
    """Register `growth sandbox play|truth`."""
    group = typer.Typer(help="The rehearsal market, of which the truth is known.", no_args_is_help=True)
    group.command("play")(play)
    group.command("truth")(truth)
    app.add_typer(group, name="sandbox")


def play(
    *,
    days: Days = 60,
    until: Until = None,
    seed: Seed = "1",
    people: People = None,
    off: Off = None,
    hold_out: HoldOut = None,
    url: Url = None,
) -> None:
    """Play a market through the collector, the provider's hook, links of messages and the orders of a shop.

    Only in an empty installation, which becomes a demo without other sample data, or in the demo. Without --url the
    front doors are opened for as long as the play takes, by a clock of their own.
    """
    from contextlib import nullcontext

    from growth.clock import FixedClock, SystemClock
    from growth.commands.connect import database
    from growth.events.collecting import collector_key
    from growth.running.front import front_doors
    from growth.sandbox import stage
    from growth.sandbox.playing import Play
    from growth.sandbox.product import Product
    from growth.settings import settings

    now, market = SystemClock().now(), _market(days, until, seed, people=people, off=off, hold_out=hold_out)
    key = stage.open_hook(settings().home)
    if url:
        stage.speak_for(url)
    with database() as engine:
        stage.prepare(engine, now)
        market = stage.with_holdouts(engine, market)
        clock = SystemClock() if url else FixedClock(market.until)
        with nullcontext(url) if url else front_doors(engine, clock) as doors:
            report = Play(engine, Product(doors, collector_key()), clock, key, market).run(typer.echo)
        stage.settle(engine, market, now)
    stage.remember(settings().home, market)
    typer.echo(report)


def truth(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, also by country and by month.")] = False,
    days: Annotated[int | None, typer.Option(min=1, max=730, help="So many days.")] = None,
    until: Until = None,
    seed: Seed = "1",
    people: People = None,
    off: Off = None,
    hold_out: HoldOut = None,
) -> None:
    """Print what each channel truly caused; without --days of what was played last, or else of the demo."""
    from growth.sandbox import stage
    from growth.sandbox.market.truth import truth as truth_of
    from growth.settings import settings

    if days is not None:
        market = _market(days, until, seed, people=people, off=off, hold_out=hold_out)
    else:
        market = stage.remembered(settings().home) or _of_demo()
    told = truth_of(market)
    if as_json:
        print_json(told)
        return
    for side, one in told["sides"].items():
        typer.echo(f"{side}: {_in_words(one['all'])}; anyway: {_in_words(one['anyway'])}")
        for channel, caused in one["channels"].items():
            typer.echo(f"  {channel}: {_in_words(caused)}")


def _market(
    days: int,
    until: str | None,
    seed: str,
    *,
    people: int | None,
    off: list[str] | None,
    hold_out: list[str] | None,
) -> "Played":
    from growth.clock import SystemClock
    from growth.sandbox.stage import end_of, market_of

    end = end_of(until, SystemClock().now())
    return market_of(seed, days, end, people=people, off=off or (), hold_out=hold_out or ())


def _in_words(counted: dict[str, object]) -> str:
    return ", ".join(f"{value} {kind}" for kind, value in counted.items() if isinstance(value, int))


def _of_demo() -> "Played":
    from growth.commands.connect import database
    from growth.sandbox import stage

    with database() as engine:
        return stage.of_demo(engine)
