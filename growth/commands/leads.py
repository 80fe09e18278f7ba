"""`growth leads`: bringing leads in from files, and the queue on a terminal."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from growth.commands.connect import print_json

if TYPE_CHECKING:
    from growth.leads.importing.bring_in import Brought


class DateOrder(StrEnum):
    """What comes first in a date such as 03-04-2026."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


class ViewName(StrEnum):
    """Which leads to list."""

    TODO = "todo"
    FOLLOW_UPS = "follow-ups"
    ALL = "all"


Paths = Annotated[
    list[Path], typer.Argument(help="CSV files, packed or not, or a folder: leads, and deals that closed.")
]
SourceOption = Annotated[
    str | None, typer.Option(help="Where they come from; with the lead's number it makes them known again.")
]
DatesOption = Annotated[
    DateOrder | None, typer.Option("--dates", help="How 03-04-2026 is meant. Told by the files when left out.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Check and count, and change nothing.")]
RejectedOption = Annotated[
    Path | None, typer.Option("--rejected", help="Folder for rows that can't go in. Default: <home>/imports")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def add(app: typer.Typer) -> None:
    """Register `growth leads import|list|show`."""
    group = typer.Typer(help="Seller leads: who to call next, and why.", no_args_is_help=True)
    group.command("import")(import_files)
    group.command("list")(list_leads)
    group.command("show")(show)
    app.add_typer(group, name="leads")


def import_files(
    paths: Paths,
    *,
    source: SourceOption = None,
    dates: DatesOption = None,
    dry_run: DryRunOption = False,
    rejected: RejectedOption = None,
    json: JsonOption = False,
) -> None:
    """Bring leads in: new ones are added, changed ones changed, and the same file again changes nothing."""
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.leads.importing.bring_in import LeadImport, import_leads
    from growth.settings import settings

    asked = LeadImport(
        paths=paths,
        rejected=rejected or settings().home / "imports",
        source=source,
        day_first=None if dates is None else dates is DateOrder.DAY_FIRST,
    )
    with database() as engine:
        brought = import_leads(engine, SystemClock(), asked, by="command line", dry_run=dry_run)
    if json:
        print_json(asdict(brought.counts) | {"source": brought.source, "rejected_files": brought.rejected})
    else:
        _tell(brought, dry_run=dry_run)


def _tell(brought: "Brought", *, dry_run: bool) -> None:
    counts = brought.counts
    would = "would be " if dry_run else ""
    typer.echo(
        f"{counts.read:,} rows read: {counts.new:,} leads {would}new, {counts.changed:,} {would}changed, "
        f"{counts.same:,} known already; {counts.won:,} {would}newly won."
    )
    if counts.repeated:
        typer.echo(f"{counts.repeated:,} rows were left for a later row of the same lead.")
    for path in brought.rejected:
        typer.echo(f"{counts.rejected:,} rows can't go in; what is wrong with each is in {path}")


def list_leads(
    view: Annotated[ViewName, typer.Option(help="Those to do, those promised something, or all open ones.")] = (
        ViewName.ALL
    ),
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=10_000)] = 20,
    json: JsonOption = False,
) -> None:
    """The queue, the most promising first."""
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.engine import transaction
    from growth.leads.reading import Worker
    from growth.scoring.queue import Asked, read_queue

    asked = Asked(view.value, Worker(account_id=0, sees_all=True))
    with database() as engine, transaction(engine) as session:
        page = read_queue(session, asked, SystemClock().now(), size=limit)
    if json:
        print_json([asdict(entry) for entry in page.entries])
        return
    for entry in page.entries:
        chance = f"{entry.probability:6.1%}" if entry.probability is not None else "     –"
        typer.echo(f"{entry.lead_id:>8}  {chance}  {entry.stage:<10}  {entry.contacted_at:%Y-%m-%d}  {entry.name}")
    if not page.entries:
        typer.echo("No open leads. Bring some in with: growth leads import FOLDER")


def show(lead_id: Annotated[int, typer.Argument(help="The lead's number.")], *, json: JsonOption = False) -> None:
    """One lead: its score, the reasons for it, and what happened."""
    from growth.commands.connect import database
    from growth.database.engine import transaction
    from growth.leads.reading import any_lead, history
    from growth.scoring.queue import rank_of

    with database() as engine, transaction(engine) as session:
        lead = any_lead(session, lead_id)
        rank, happened = rank_of(session, lead_id), history(session, lead_id)
    told: dict[str, Any] = {
        "id": lead.id,
        "name": lead.name,
        "stage": lead.stage,
        "channel": lead.channel,
        "contacted_at": lead.contacted_at,
        "won_at": lead.won_at,
        "facts": lead.facts,
        "probability": rank.probability if rank else None,
        "interval": [rank.low, rank.high] if rank else None,
        "average": rank.average if rank else None,
        "reasons": [_reason(one) for one in rank.reasons] if rank else [],
        "history": [asdict(one) for one in happened],
    }
    if json:
        print_json(told)
        return
    for name in ("name", "stage", "channel", "contacted_at", "won_at"):
        typer.echo(f"{name}: {told[name]}")
    if rank:
        typer.echo(f"chance: {rank.probability:.1%} ({rank.low:.1%} to {rank.high:.1%}), average {rank.average:.1%}")
    for reason in told["reasons"]:
        typer.echo(f"  {reason['points']:+7.2%}  {reason['sentence']}")
    for one in happened:
        typer.echo(f"  {one.at:%Y-%m-%d %H:%M}  {one.kind}  {one.what}  {one.note}")


def _reason(reason: dict[str, Any]) -> dict[str, Any]:
    from growth.locales import translate

    return {"sentence": translate("en", reason["message"], **reason["values"]), "points": reason["points"]}
