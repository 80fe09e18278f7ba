"""`growth experiments`: hold-outs of channels, planned, begun, read."""

from datetime import date
from typing import Annotated, Any

import typer

from growth.commands.connect import print_json, work

ACTOR = "command line"
experiments_app = typer.Typer(
    help="What a channel truly causes: let it rest somewhere, and see what fails to come.", no_args_is_help=True
)

Which = Annotated[str, typer.Argument(help="Its name or number.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def add(app: typer.Typer) -> None:
    """Register `growth experiments`."""
    app.add_typer(experiments_app, name="experiments")


@experiments_app.command("plan")
def plan(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    *,
    channel: Annotated[str, typer.Option(help="Such as paid_search.")],
    side: Annotated[str, typer.Option(help="buyer or seller.")] = "buyer",
    kind: Annotated[
        str, typer.Option(help="regions: it rests in some countries; people: for some people.")
    ] = "regions",
    outcome: Annotated[str, typer.Option(help="acquired or orders.")] = "acquired",
    weeks: Annotated[int, typer.Option(help="Weeks that are counted: 2, 3, 4, 6, 8 or 12.")] = 4,
    percent: Annotated[int, typer.Option(help="At most this share of all that comes; of people, their share.")] = 30,
    regions: Annotated[str, typer.Option(help="Just these countries, such as BR,MX; chosen when left out.")] = "",
    start: Annotated[str, typer.Option(help="Its first day; tomorrow when left out.")] = "",
    settle_days: Annotated[int, typer.Option(help="Days at the beginning that aren't counted.")] = 7,
    save: Annotated[bool, typer.Option("--save", help="Keep the plan; it begins on its day.")] = False,
    json: JsonOption = False,
) -> None:
    """Say which regions, how long, and how small an effect will be seen; `--save` keeps the plan."""
    from datetime import timedelta

    from growth.measurement.holdouts.planning import offer, today_of, told
    from growth.measurement.holdouts.planning import save as keep
    from growth.measurement.holdouts.wishes import checked

    with work() as (session, now):
        today: date = today_of(session, now)
        given = {"name": name, "kind": kind, "side": side, "channel": channel, "outcome": outcome, "regions": regions}
        numbers = {"weeks": str(weeks), "percent": str(percent), "settle_days": str(settle_days)}
        starts_on = start or (today + timedelta(days=1)).isoformat()
        wanted = checked(given | numbers | {"starts_on": starts_on}, today)
        if save:
            kept = keep(session, wanted, actor=ACTOR, now=now)
            found = {"id": kept.id, "starts_on": kept.starts_on, "ends_on": kept.ends_on} | kept.plan
        else:
            found = told(offer(session, wanted, now))
    if json:
        print_json(found)
        return
    _print_plan(found)
    typer.echo(f"Kept; it begins on {wanted.starts_on}." if save else "Nothing is kept; add --save to keep it.")


def _print_plan(found: dict[str, Any]) -> None:
    if found["regions"]:
        typer.echo(f"It rests in {', '.join(found['regions'])}: {found['share']:.0%} of all that comes.")
    else:
        typer.echo(f"It rests for {found['share']:.0%} of the people known.")
    for one in found["seen"]:
        told = f"{one['smallest']:.1%} of what comes" if one["smallest"] < 1 else "nothing"
        typer.echo(f"  {one['weeks']:>2} weeks: {told} is seen 8 times in 10")


@experiments_app.command("start")
def start(which: Which) -> None:
    """Begin one today instead of on its day."""
    from growth.measurement.holdouts import running

    with work() as (session, now):
        found = running.start(session, running.named(session, which).id, actor=ACTOR, now=now)
        typer.echo(f"“{found.name}” rests until {found.ends_on}.")


@experiments_app.command("stop")
def stop(which: Which) -> None:
    """End one before its time, without a result."""
    from growth.measurement.holdouts import running

    with work() as (session, now):
        found = running.stop(session, running.named(session, which).id, actor=ACTOR, now=now)
        typer.echo(f"“{found.name}” is stopped.")


@experiments_app.command("read")
def read(which: Which, *, json: JsonOption = False) -> None:
    """What one shows: its result, or while it runs what is known after its last whole week."""
    from growth.measurement.holdouts import running
    from growth.measurement.holdouts.telling import holdout_told, sentence

    with work() as (session, _):
        found = running.named(session, which)
        told = holdout_told(found)
    if json:
        print_json(told)
        return
    typer.echo(sentence(told))


@experiments_app.command("list")
def show_all(*, json: JsonOption = False) -> None:
    """The newest hold-outs."""
    from growth.measurement.holdouts.running import holdouts
    from growth.measurement.holdouts.telling import holdout_told, sentence

    with work() as (session, _):
        found = [holdout_told(one) for one in holdouts(session, None, 100)]
    if json:
        print_json(found)
        return
    for one in found:
        typer.echo(f"{one['id']}  {sentence(one)}")
