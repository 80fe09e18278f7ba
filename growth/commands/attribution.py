"""`growth attribution`: who gets the credit, in a file of paths and in the ledger."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from growth.commands.channel import Side, SideOption

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from growth.attribution.adopting import Choice

_SHOWN = 50
_ACTOR = "command line"

File = Annotated[
    Path,
    typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV: path, conversions, value, nulls."),
]
ModelOption = Annotated[
    str,
    typer.Option(help="last, first, last-non-direct, linear, position, time-decay, markov or shapley."),
]
OrderOption = Annotated[int, typer.Option(help="Markov: how many contacts a state remembers, 1 to 3.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def add(app: typer.Typer) -> None:
    """Register `growth attribution evaluate|models|compare|adopt|separate`."""
    group = typer.Typer(help="Who gets the credit.", no_args_is_help=True)
    group.command("evaluate")(evaluate_file)
    group.command("models")(show_models)
    group.command("compare")(compare_models)
    group.command("adopt")(adopt_model)
    group.command("separate")(separate_visitor)
    app.add_typer(group, name="attribution")


def evaluate_file(file: File, *, model: ModelOption = "last", order: OrderOption = 1, json: JsonOption = False) -> None:
    """Share the conversions and the value of a file of paths among its channels; the parts add up exactly."""
    from growth.attribution.evaluating import evaluate, names_of
    from growth.commands.connect import print_json

    found = evaluate(file, model, order)
    for one in found.wrong[:_SHOWN]:
        typer.echo(f"{file.name}, row {one.row}, {one.error.field}: {one.error}", err=True)
    if len(found.wrong) > _SHOWN:
        typer.echo(f"… and {len(found.wrong) - _SHOWN} more.", err=True)
    if json:
        print_json(found.told)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{found.told['conversions']:,g} conversions by {found.told['model']}", title_justify="left")
    table.add_column("Channel")
    for name in ("Conversions", "Value"):
        table.add_column(name, justify="right")
    for name in names_of(found.told["credits"]):
        one = found.told["credits"][name]
        table.add_row(name, f"{one['conversions']:,.2f}", f"{one['value']:,.2f}")
    Console().print(table)


ClicksOption = Annotated[int | None, typer.Option(help="Days after a click. As it is when left out.")]
ViewsOption = Annotated[int | None, typer.Option(help="Days after a view; 0: views earn nothing.")]
WindowOption = Annotated[
    list[str] | None,
    typer.Option(
        "--window", help="A channel's own days after a click and a view, such as paid_search=7/1; seo= takes them away."
    ),
]
DaysOption = Annotated[int, typer.Option(min=1, max=730, help="Conversions of so many days are compared.")]
BackOption = Annotated[
    int, typer.Option("--back", min=0, max=3_650, help="Credit conversions of so many days anew too.")
]


def show_models(*, side: SideOption = Side.BUYER) -> None:
    """Which model counts on a side, and which counted before."""
    from growth.attribution.adopting import default_choice, history
    from growth.commands.connect import work

    with work() as (session, _):
        versions = history(session, side.value)
    for one in versions:
        kept = one.settings
        since = "all" if one.effective_from.year <= 1970 else f"{one.effective_from:%Y-%m-%d %H:%M}"
        own = "".join(f", {name} {clicks}/{views}" for name, (clicks, views) in kept["channels"].items())
        typer.echo(
            f"{one.number}  {one.model}, clicks {kept['clicks']} days, views {kept['views']}{own}, since {since}"
        )
    first = default_choice(side.value)
    typer.echo(f"1  {first.model}, clicks {first.clicks} days, views {first.views}, before")


def compare_models(
    *,
    model: ModelOption,
    side: SideOption = Side.BUYER,
    order: OrderOption = 1,
    clicks: ClicksOption = None,
    views: ViewsOption = None,
    window: WindowOption = None,
    days: DaysOption = 28,
    json: JsonOption = False,
) -> None:
    """A model or windows beside what counts, over the latest conversions. Nothing is changed."""
    from growth.commands.connect import print_json, work
    from growth.measurement.comparing_models import compare

    with work() as (session, now):
        choice, _ = _chosen(session, side.value, model=model, order=order, clicks=clicks, views=views, window=window)
        found = compare(session, choice, days, now)
    if json:
        lines = {label: {"now": asdict(has), "would": asdict(would)} for label, has, would in found.lines}
        print_json({"conversions": found.conversions, "all": found.all_of_them, "currency": found.currency,
                    "channels": lines})  # fmt: skip
        return
    typer.echo(f"{found.conversions:,} conversions, acquired and value in {found.currency}: now → would be")
    for label, has, would in found.lines:
        typer.echo(f"{label}: {has.acquired / 1e6:,.1f} → {would.acquired / 1e6:,.1f}, "
                   f"{has.value_minor:,} → {would.value_minor:,} minor units")  # fmt: skip


def adopt_model(
    *,
    model: ModelOption,
    side: SideOption = Side.BUYER,
    order: OrderOption = 1,
    clicks: ClicksOption = None,
    views: ViewsOption = None,
    window: WindowOption = None,
    back: BackOption = 0,
) -> None:
    """Have conversions credited by a model from now on; other settings stay as they are."""
    from growth.attribution.adopting import adopt, since_days
    from growth.commands.connect import work

    with work() as (session, now):
        choice, after = _chosen(
            session, side.value, model=model, order=order, clicks=clicks, views=views, window=window
        )
        version = adopt(session, choice, since=since_days(now, back), after=after, actor=_ACTOR, now=now)
        typer.echo(f"{version.model} is version {version.number}; credits are brought up to date within a minute.")


def _chosen(
    session: "Session", side: str, *, model: str, order: int, clicks: int | None, views: int | None,
    window: list[str] | None,
) -> "tuple[Choice, int]":  # fmt: skip
    """What counts with these changes, and the number of what counts. Raises InvalidError."""
    from growth.attribution.adopting import choice_of, default_choice, latest
    from growth.attribution.evaluating import model_key

    counts = latest(session, side)
    kept = choice_of(counts) if counts else default_choice(side)
    choice = replace(
        kept,
        model=model_key(model),
        order=order,
        clicks=kept.clicks if clicks is None else clicks,
        views=kept.views if views is None else views,
    )
    own = dict(kept.channels)
    for told in window or ():
        name, _, days = told.partition("=")
        own.pop(name, None)
        if days.strip():
            own[name] = _days(days, choice.views)
    return replace(choice, channels=own), counts.number if counts else 1


def _days(told: str, views: int) -> tuple[int, int]:
    """Days after a click and a view, from `7/1` or `7`; then views have the side's."""
    from growth.errors import InvalidError
    from growth.locales import N_

    parts = [part.strip() for part in told.split("/")]
    if len(parts) > 2 or not all(part.isascii() and part.isdecimal() and len(part) < 6 for part in parts):
        raise InvalidError("window", N_("Write a window as channel=days or channel=days/days, such as seo=30/1."))
    return int(parts[0]), int(parts[1]) if len(parts) > 1 else views


def separate_visitor(
    person: Annotated[int, typer.Argument(help="The person's number.")],
    visitor: Annotated[UUID, typer.Argument(help="The visitor's id.")],
    *,
    again: Annotated[bool, typer.Option("--again", help="Take it back: the visitor is them.")] = False,
) -> None:
    """Say that a visitor isn't this person; what both did is told apart and credited anew."""
    from growth.attribution.separating import join_again, separate
    from growth.commands.connect import work

    say = join_again if again else separate
    with work() as (session, now):
        changed = say(session, visitor, person=person, actor=_ACTOR, now=now)
    typer.echo("Told apart." if changed and not again else "Joined again." if changed else "It was so already.")
