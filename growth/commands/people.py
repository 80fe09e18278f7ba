"""`growth people`: bringing people in from files, looking one up, and recording what they say."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from growth.commands.connect import print_json

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from growth.people.importing.bring_in import ImportFile, Progress
    from growth.people.importing.files import FileFormat
    from growth.people.importing.planning import Counts

_ACTOR = "command line"

File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file with a header, in any usual encoding.")
]
Address = Annotated[str, typer.Argument(help="Their e-mail address, or phone number with + and country code.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Check and count, and change nothing.")]
EncodingOption = Annotated[str | None, typer.Option(help="Such as utf-8, gb18030 or cp1251. Guessed when left out.")]
DelimiterOption = Annotated[str | None, typer.Option(help="What separates cells; “tab” for a tab. Guessed likewise.")]
ColumnOption = Annotated[
    list[str] | None,
    typer.Option("--column", help="FIELD=HEADER, where a column isn't guessed right. May be given repeatedly."),
]
BasisOption = Annotated[
    str | None, typer.Option(help="What everybody's permission rests on: consent, contract or legitimate_interest.")
]
SourceOption = Annotated[str | None, typer.Option(help="Where it was said: the form, page, fair or call.")]
WordingOption = Annotated[str | None, typer.Option(help="The words they agreed to.")]
SaidAtOption = Annotated[str | None, typer.Option("--said-at", help="When, such as 2026-11-24 15:30.")]
PurposeOption = Annotated[
    str | None, typer.Option(help="What the e-mails are for, such as seller_news; marketing when left out.")
]
ListOption = Annotated[
    str | None, typer.Option("--list", help="Key of the list that everybody joins who is allowed its purpose.")
]
RejectedOption = Annotated[
    Path | None, typer.Option("--rejected", help="File for rows that can't go in. Default: beside FILE")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def add(app: typer.Typer) -> None:
    """Register `growth people import|show|consent|suppress`."""
    group = typer.Typer(help="People: who they are and what they allow.", no_args_is_help=True)
    group.command("import")(import_file)
    group.command("show")(show)
    group.command("consent")(consent)
    group.command("suppress")(suppress)
    app.add_typer(group, name="people")


def import_file(
    file: File,
    *,
    dry_run: DryRunOption = False,
    encoding: EncodingOption = None,
    delimiter: DelimiterOption = None,
    column: ColumnOption = None,
    basis: BasisOption = None,
    source: SourceOption = None,
    wording: WordingOption = None,
    said_at: SaidAtOption = None,
    purpose: PurposeOption = None,
    to: ListOption = None,
    rejected: RejectedOption = None,
    json: JsonOption = False,
) -> None:
    """Bring people in: good rows go in, and the same file again changes nothing."""
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.people.importing.bring_in import bring_in
    from growth.people.importing.files import guess_format
    from growth.people.importing.uploads import record_of

    form = guess_format(file, encoding=encoding, delimiter=_delimiter(delimiter))
    form.columns.update(dict(_pair(one) for one in column or ()))
    said, clock = {"basis": basis, "source": source, "wording": wording, "at": said_at}, SystemClock()
    said["purpose"] = purpose
    with database() as engine:
        asked = _asked(engine, file, form, said, rejected=rejected, to=to)
        if not json:
            _tell_form(asked)
        kept = record_of(asked, by=_ACTOR, now=clock.now())
        with _bar(quiet=json) as progress:
            counts = bring_in(engine, clock, asked, by=_ACTOR, dry_run=dry_run, progress=progress, finish=kept)
    _tell_counts(asked, counts, dry_run=dry_run, json=json)


def _asked(
    engine: "Engine",
    file: Path,
    form: "FileFormat",
    said: dict[str, str | None],
    *,
    rejected: Path | None,
    to: str | None,
) -> "ImportFile":
    from growth.clock import SystemClock
    from growth.database.engine import transaction
    from growth.database.workspace import workspace
    from growth.people.importing.bring_in import ImportFile
    from growth.people.importing.permissions import read_permission
    from growth.people.permission.lists import list_by_key

    with transaction(engine) as session:
        place, wanted = workspace(session), list_by_key(session, to) if to else None
    zone = place.time_zone if place else "UTC"
    return ImportFile(
        path=file,
        name=file.name,
        form=form,
        rejected=rejected or file.with_name(f"{file.stem}.rejected.csv"),
        permission=read_permission(**said, to=wanted, zone=zone, now=SystemClock().now()),
        zone=zone,
    )


def _delimiter(text: str | None) -> str | None:
    named = {"tab": "\t"}.get(text or "", text)
    if named is not None and len(named) != 1:
        raise typer.BadParameter("A delimiter is one character, or the word “tab”.")
    return named


def _pair(text: str) -> tuple[str, str]:
    field, equals, header = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"“{text}” is not FIELD=HEADER, such as email=Address.")
    return field.strip(), header.strip()


def _tell_form(file: "ImportFile") -> None:
    from growth.people.importing.columns import FIELDS
    from growth.people.importing.files import DELIMITERS

    delimiter = DELIMITERS.get(file.form.delimiter, file.form.delimiter)
    typer.echo(f"{file.name}: {file.form.encoding}, separated by {delimiter}")
    for field, header in file.form.columns.items():
        typer.echo(f"  {FIELDS.get(field, field)}: “{header}”")


@contextmanager
def _bar(*, quiet: bool) -> Iterator["Progress"]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    form = (SpinnerColumn(), TextColumn("{task.completed:,} rows read"), BarColumn(pulse_style="green"))
    with Progress(*form, TimeElapsedColumn(), console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda rows: bar.update(task, completed=rows)


def _tell_counts(file: "ImportFile", counts: "Counts", *, dry_run: bool, json: bool) -> None:
    found = str(file.rejected) if counts.rejected else None
    if json:
        print_json(asdict(counts) | {"dry_run": dry_run, "columns": file.form.columns, "rejected_file": found})
    else:
        would = "would be " if dry_run else ""
        typer.echo(
            f"{counts.rows:,} rows read: {counts.new:,} people {would}new, {counts.changed:,} {would}changed, "
            f"{counts.unchanged:,} known already.\n"
            f"{counts.permitted:,} with a permission, {counts.unpermitted:,} without; {counts.withdrawn:,} say no, "
            f"{counts.suppressed:,} must not be written to."
        )
        if counts.incomplete:
            typer.echo(
                f"{counts.incomplete:,} say yes, but basis, source, wording or moment is missing: they get none."
            )
        if counts.insufficient:
            typer.echo(
                f"{counts.insufficient:,} have a permission that isn't enough by the law where they live: "
                "they are not written to."
            )
        if found:
            typer.echo(f"{counts.rejected:,} rows can't go in; what is wrong with each is in {found}")
    if counts.rows and counts.rejected == counts.rows:
        raise typer.Exit(1)


def show(address: Address, *, json: JsonOption = False) -> None:
    """One person: addresses, what they allow now, and everything they said."""
    from growth.people.reading import profile

    with _work() as (session, _):
        found = profile(session, _person(session, address))
        told: dict[str, Any] = {
            "id": found.person.id,
            "name": found.name,
            "addresses": found.addresses,
            "country": found.person.country,
            "language": found.person.locale,
            "since": found.person.created_at,
            "consent": [_columns(one, "purpose channel granted at") for one in found.consents],
            "facts": [_columns(one, "granted channel basis source wording at recorded_at") for one in found.facts],
            "suppressed": [_columns(one, "channel scope reason source at") for one in found.suppressed],
        }
    if json:
        print_json(told)
        return
    for field in ("id", "name", "country", "language", "since"):
        typer.echo(f"{field}: {told[field] if told[field] is not None else '–'}")
    for kind, values in told["addresses"].items():
        typer.echo(f"{kind}: {', '.join(values)}")
    for one in told["consent"]:
        typer.echo(f"{one['purpose']} by {one['channel']}: {'yes' if one['granted'] else 'no'} since {one['at']}")
    for one in told["facts"]:
        said = "yes" if one["granted"] else "no"
        typer.echo(f"  {one['at']}  {said}  {one['basis']}  {one['source']}  “{one['wording']}”")
    for one in told["suppressed"]:
        typer.echo(f"must not be written to: {one['reason']}, {one['source']}, since {one['at']}")


def consent(
    address: Address,
    *,
    grant: Annotated[bool, typer.Option("--grant/--withdraw", help="What they said.")],
    source: Annotated[str, typer.Option(help="Where they said it: the form, page or call.")],
    basis: BasisOption = None,
    wording: WordingOption = None,
    said_at: SaidAtOption = None,
    purpose: PurposeOption = None,
) -> None:
    """Record that somebody allows e-mail for a purpose, or allows it no more."""
    from growth.database.workspace import workspace
    from growth.people.consent import MARKETING, record_by_hand
    from growth.people.importing.cells import moment_of

    with _work() as (session, now):
        place = workspace(session)
        at = moment_of(said_at or "", place.time_zone if place else "UTC")
        person = _person(session, address)
        said = {"basis": basis or "", "source": source, "wording": wording or "", "purpose": purpose or MARKETING}
        new = record_by_hand(session, person, granted=grant, at=at, actor=_ACTOR, now=now, **said)
    typer.echo("Recorded." if new else "This was on record already.")


def suppress(
    what: Annotated[str, typer.Argument(metavar="FILE|ADDRESS", help="An e-mail address, or a file of them.")],
    *,
    source: Annotated[str, typer.Option(help="Where the wish, or the list, comes from.")] = _ACTOR,
    json: JsonOption = False,
) -> None:
    """Write to these addresses no more, whatever else is on record. There is no way back by import."""
    from growth.people.importing.suppressing import suppress_address, suppress_file

    path = Path(what)
    with _work() as (session, now):
        if "@" in what and not path.exists():
            counts = suppress_address(session, what, source=source, actor=_ACTOR, now=now)
        elif not path.is_file():
            raise typer.BadParameter(f"“{what}” is neither an e-mail address nor a file.")
        else:
            counts = suppress_file(session, path, source=source, actor=_ACTOR, now=now)
    if json:
        print_json(asdict(counts))
        return
    typer.echo(f"{counts.new:,} added, {counts.known:,} on the list already.")
    if counts.unreadable:
        typer.echo(f"{counts.unreadable:,} rows have no e-mail address; the first is row {counts.first_unreadable}.")


@contextmanager
def _work() -> Iterator[tuple["Session", datetime]]:
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.engine import transaction

    with database() as engine, transaction(engine) as session:
        yield session, SystemClock().now()


def _person(session: "Session", address: str) -> int:
    from growth.people.listing import person_with

    return person_with(session, address)


def _columns(record: object, names: str) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names.split()}
