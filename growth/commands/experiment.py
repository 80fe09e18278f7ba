"""`growth campaigns experiment`: judging any experiment that is in a file, and those of our own campaigns."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from growth.commands.connect import print_json

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from growth.campaigns.experimenting import Setup
    from growth.campaigns.records import Campaign

experiment_app = typer.Typer(help="What is compared, what came of it, and how sure that is.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="A CSV file, packed or not, with a header; a row for each person.")]
GroupOption = Annotated[str, typer.Option("--group", help="Column that says which version each person got.")]
ControlOption = Annotated[str, typer.Option("--control", help="The group that all others are compared with.")]
OutcomeOption = Annotated[
    str, typer.Option("--outcome", help="Column that says what came of it: yes or no, or how much.")
]
ValueOption = Annotated[str | None, typer.Option("--value", help="Column of amounts, such as what each person spent.")]
SegmentOption = Annotated[str | None, typer.Option("--segment", help="Column by which the effect is shown apart too.")]
SplitOption = Annotated[
    list[str] | None,
    typer.Option("--split", help="GROUP=SHARE as it was planned, for each group; all alike when left out."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@experiment_app.command("evaluate")
def evaluate_file(
    file: File,
    *,
    group: GroupOption,
    control: ControlOption,
    outcome: OutcomeOption,
    value: ValueOption = None,
    segment: SegmentOption = None,
    split: SplitOption = None,
    json: JsonOption = False,
) -> None:
    """What each group did beside the control, between which bounds, and whether the groups' sizes can be believed."""
    from growth.experiments.evaluating import Asked, evaluate

    found = evaluate(Asked(file, group, control, outcome, value, segment, _shares(split)))
    if json:
        print_json(found)
        return
    from rich.console import Console

    from growth.experiments.telling import notes, tables

    console = Console()
    for table in tables(found):
        console.print(table)
    for note in notes(found):
        console.print(note, markup=False, highlight=False)


def _shares(split: list[str] | None) -> dict[str, float] | None:
    """`--split A=50 --split B=50`; a name may have an equals sign itself."""
    from growth.experiments.cells import read_number

    if not split:
        return None
    shares: dict[str, float] = {}
    for one in split:
        name, _, told = one.rpartition("=")
        share = read_number(told)
        if not name.strip() or share is None:
            raise typer.BadParameter(f"Write GROUP=SHARE, such as “--split Control=10”; not “{one}”.")
        shares[" ".join(name.split())] = share
    return shares


Which = Annotated[str, typer.Argument(help="The campaign's name or number.")]


@contextmanager
def _campaign(which: str) -> Iterator[tuple["Session", "Campaign", datetime]]:
    from growth.campaigns.reading import find_campaign
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.engine import transaction

    with database() as engine, transaction(engine) as session:
        yield session, find_campaign(session, which), SystemClock().now()


@experiment_app.command("set")
def set_experiment(
    which: Which,
    file: Annotated[
        typer.FileText, typer.Argument(help="JSON as `show --json` prints it under `declared`; - reads it.")
    ],
) -> None:
    """Declare what a draft compares, and how that is decided."""
    from growth.campaigns.experiments.declaring import save_experiment
    from growth.campaigns.experiments.fields import checked_experiment, read_json

    with _campaign(which) as (session, campaign, now):
        declared = checked_experiment(session, campaign, read_json(file.read()))
        save_experiment(session, campaign.id, declared, version=campaign.version, now=now)
        typer.echo(f"“{campaign.name}” compares {len(declared.arms)} versions.")


@experiment_app.command("remove")
def remove(which: Which) -> None:
    """Have a draft go out in one version."""
    from growth.campaigns.experiments.declaring import save_experiment

    with _campaign(which) as (session, campaign, now):
        save_experiment(session, campaign.id, None, version=campaign.version, now=now)
        typer.echo(f"“{campaign.name}” goes out in one version.")


@experiment_app.command("size")
def size(which: Which, *, json: JsonOption = False) -> None:
    """Whether there are enough people, worked out before it begins."""
    from growth.campaigns.audience import review
    from growth.campaigns.experiments.sizing import foresee

    with _campaign(which) as (session, campaign, now):
        setup = _setup(session, campaign)
        found = foresee(setup.declaration, review(session, campaign, now).reached)
    if json:
        print_json({"needed": found.needed, "people": found.people, "smallest": found.smallest, "enough": found.enough})
        return
    seen = (
        f"{found.smallest * 100:.2f} points will be seen 8 times in 10" if found.smallest else "no difference will show"
    )
    people = ", ".join(f"{arm.name} {number:,}" for arm, number in zip(setup.arms, found.people, strict=True))
    typer.echo(f"People: {people}; needed in each: {found.needed:,}. With these, {seen}.")


@experiment_app.command("show")
def show(which: Which, *, json: JsonOption = False) -> None:
    """What is compared, how far it is, and what sending truly caused."""
    from growth.campaigns.experimenting import experiment_of
    from growth.campaigns.experiments.effects import caused
    from growth.campaigns.experiments.telling import causes_told, lines, setup_told

    with _campaign(which) as (session, campaign, _):
        setup = experiment_of(session, campaign.id)
        told = {"campaign": campaign.id, **(setup_told(setup) if setup else {})}
        told["caused"] = causes_told(caused(session, campaign.id))
    if json:
        print_json(told)
        return
    for line in lines(told):
        typer.echo(line)


@experiment_app.command("choose")
def choose(which: Which, arm: Annotated[str, typer.Argument(help="A, B, C …")]) -> None:
    """Stop comparing: the rest gets this version."""
    from growth.campaigns.experiments.winners import choose as end

    with _campaign(which) as (session, campaign, now):
        end(session, campaign.id, arm, actor="command line", now=now)
        typer.echo(f"From now on everybody gets version {arm} of “{campaign.name}”.")


def _setup(session: "Session", campaign: "Campaign") -> "Setup":
    from growth.campaigns.experimenting import experiment_of
    from growth.errors import NotFoundError
    from growth.locales import N_

    setup = experiment_of(session, campaign.id)
    if setup is None:
        raise NotFoundError(N_("This campaign has no experiment."))
    return setup
