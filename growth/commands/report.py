"""`growth report`: the weekly report on the terminal and as files, and links that share it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from growth.commands.channel import Side, SideOption

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from growth.measurement.reports.snapshot import Snapshot

_ACTOR = "command line"

WeekOption = Annotated[str | None, typer.Option(help="Such as 2026-W47. The last one that has ended when left out.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
FileOption = Annotated[Path | None, typer.Option(dir_okay=False, help="Write it to this file.")]


def add(app: typer.Typer) -> None:
    """Register `growth report weekly|share|links|revoke`."""
    group = typer.Typer(help="Weekly reports and links to them.", no_args_is_help=True)
    group.command("weekly")(weekly)
    group.command("share")(share_week)
    group.command("links")(list_links)
    group.command("revoke")(revoke_link)
    app.add_typer(group, name="report")


def weekly(
    *,
    week: WeekOption = None,
    side: SideOption = Side.BUYER,
    csv: FileOption = None,
    parquet: FileOption = None,
    html: FileOption = None,
    again: Annotated[bool, typer.Option("--again", help="Make it again, as the next version.")] = False,
    json: JsonOption = False,
) -> None:
    """The report of a week that has ended: made the first time, then always the same."""
    from growth.commands.connect import print_json, work
    from growth.measurement.reports.files import as_csv, as_parquet
    from growth.measurement.reports.keeping import keep_week
    from growth.measurement.reports.letter import as_document
    from growth.measurement.reports.snapshot import from_json

    with work() as (session, now):
        kept = keep_week(session, _week(session, week, now), side.value, made_by=_ACTOR, now=now, again=again)
        snapshot = from_json(kept.content)
        if html is not None:
            html.write_text(as_document(snapshot, "en"), "utf-8")
    if csv is not None:
        csv.write_text(as_csv(snapshot, "en"), "utf-8-sig")
    if parquet is not None:
        parquet.write_bytes(as_parquet(snapshot))
    if json:
        print_json({"id": kept.id, "version": kept.version, "made_at": kept.made_at} | kept.content)
    elif not (csv or parquet or html):
        _print(snapshot)


def _week(session: "Session", named: str | None, now: "datetime") -> "date":
    from growth.database.changed_days import zone_of
    from growth.measurement.reports.weeks import last_week, week_named

    zone = zone_of(session)
    return last_week(now, zone) if named is None else week_named(named, now, zone)


def _print(snapshot: "Snapshot") -> None:
    from rich.console import Console
    from rich.table import Table

    from growth.measurement.reports.telling import told

    report = told(snapshot, "en")
    table = Table(title=f"{report.name}, {report.period}; compared with {report.before}")
    table.add_column("Channel")
    for name in ("Cost", report.words.acquired, "Change", "Cost each", report.words.orders, "Return", "Truly caused"):
        table.add_column(name, justify="right")
    for line in [*report.lines, report.total]:
        table.add_row(line.label, line.cost, line.acquired, line.change, line.each, line.orders, line.back, line.caused)
    console = Console()
    console.print(table)
    for note in report.notes:
        console.print(f"{note.sentence}. {note.more}".strip(), markup=False)


def share_week(
    *,
    week: WeekOption = None,
    side: SideOption = Side.BUYER,
    days: Annotated[int, typer.Option(help="How long it works: 1, 7 or 30 days.")] = 7,
    json: JsonOption = False,
) -> None:
    """Make a link by which anybody reads a week's report until it ends; it is printed only now."""
    from growth.commands.connect import print_json, work
    from growth.measurement.reports.keeping import keep_week
    from growth.measurement.reports.sharing import share
    from growth.settings import settings

    with work() as (session, now):
        kept = keep_week(session, _week(session, week, now), side.value, made_by=_ACTOR, now=now)
        link, path = share(session, kept, days, actor=_ACTOR, now=now)
        told = {"id": link.id, "link": settings().public_url + path, "ends_at": link.ends_at}
    if json:
        print_json(told)
    else:
        typer.echo(f"{told['link']}\nLink {link.id}, until {link.ends_at:%Y-%m-%d %H:%M} UTC.")


def list_links(
    *, ended: Annotated[bool, typer.Option("--ended", help="Those that don't work any more.")] = False,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Links that work: what they show, who made them, when they end, how often they were opened."""
    from growth.commands.connect import print_json, work
    from growth.measurement.reports.sharing import links

    with work() as (session, now):
        rows = [
            {"id": one.link.id, "side": one.snapshot.side, "first": one.snapshot.first, "last": one.snapshot.last,
             "made_by": one.link.made_by, "ends_at": one.link.ends_at, "opened": one.link.opened,
             "revoked_at": one.link.revoked_at}
            for one in links(session, now, live=not ended)
        ]  # fmt: skip
    if json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['id']}  {row['side']} {row['first']} – {row['last']}, by {row['made_by']}, until "
                   f"{row['ends_at']:%Y-%m-%d %H:%M} UTC, opened {row['opened']} times")  # fmt: skip
    if not rows:
        typer.echo("No link works." if not ended else "No link has ended.")


def revoke_link(number: Annotated[int, typer.Argument(help="The link's number, from `growth report links`.")]) -> None:
    """Take a link back: whoever opens it from now on reads that it has ended."""
    from growth.commands.connect import work
    from growth.measurement.reports.sharing import revoke

    with work() as (session, now):
        revoke(session, number, actor=_ACTOR, now=now)
    typer.echo(f"Link {number} is taken back.")
