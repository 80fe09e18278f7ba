"""`growth suppressions`: addresses that must not be written to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from growth.commands.connect import print_json

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from growth.people.records import Suppression

_ACTOR = "command line"

Address = Annotated[str, typer.Argument(help="An e-mail address.")]
SourceOption = Annotated[str, typer.Option(help="Where the wish, or the list, comes from.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add(app: typer.Typer) -> None:
    """Register `growth suppressions list|check|add|remove|import`."""
    group = typer.Typer(help="Addresses that must not be written to.", no_args_is_help=True)
    group.command("list")(list_entries)
    group.command("check")(check)
    group.command("add")(add_address)
    group.command("remove")(remove)
    group.command("import")(import_list)
    app.add_typer(group, name="suppressions")


def list_entries(
    *,
    reason: Annotated[str | None, typer.Option(help="Only those of one reason, such as complaint.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    after: Annotated[int | None, typer.Option(help="Number of the last one of the page before.")] = None,
    json: JsonOption = False,
) -> None:
    """The newest first. Of an address only its hash is kept."""
    from growth.people.suppression import REASONS
    from growth.people.suppression_list import addresses_on_list, count_on_list

    if reason is not None and reason not in REASONS:
        raise typer.BadParameter(f"“{reason}” is none of {', '.join(REASONS)}.")
    with _work() as (session, _):
        found = [_told(one) for one in addresses_on_list(session, reason, after=after, size=limit)]
        count = count_on_list(session, reason)
    if json:
        print_json({"entries": found, "count": count.addresses, "more": count.more})
        return
    for one in found:
        typer.echo(f"{one['number']:>8}  {one['hash'][:16]}  {one['scope']:10}  {one['reason']:12}  {one['source']}")
    typer.echo(f"{len(found):,} of {count.addresses:,}{'+' if count.more else ''}.")


def check(address: Address, *, json: JsonOption = False) -> None:
    """Whether an address is on the list, and why. Ends with 1 when it is not."""
    from growth.people.suppression_list import look_up

    with _work() as (session, _):
        found = [_told(one) for one in look_up(session, address)]
    if json:
        print_json(found)
    for one in () if json else found:
        typer.echo(f"Not written to: {one['reason']}, {one['scope']}, {one['source']}, since {one['since']}")
    if not found:
        if not json:
            typer.echo("This address is not on the list.")
        raise typer.Exit(1)


def add_address(address: Address, *, source: SourceOption = _ACTOR) -> None:
    """Write to an address no more."""
    from growth.people.importing.suppressing import suppress_address

    with _work() as (session, now):
        done = suppress_address(session, address, source=source, actor=_ACTOR, now=now)
    typer.echo("The address is on the list now." if done.new else "The address was on the list already.")


def remove(address: Address) -> None:
    """Take an address off the list, where one of us put it there or it only bounced softly."""
    from growth.errors import NotFoundError
    from growth.locales import N_
    from growth.people.suppression_list import look_up, take_away

    with _work() as (session, now):
        found = look_up(session, address)
        if not found:
            raise NotFoundError(N_("This address is not on the list."))
        for one in found:
            take_away(session, one, actor=_ACTOR, now=now)
    typer.echo("The address is off the list.")


def import_list(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="One address a line, in any encoding.")],
    *,
    source: SourceOption = _ACTOR,
    rejected: Annotated[
        Path | None, typer.Option(help="File for rows without an address. Default: beside FILE")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write to the addresses of a file no more: the first of each line, with a header or without."""
    from contextlib import closing

    from growth.people.importing.rejected import RejectedFile
    from growth.people.importing.suppressing import suppress_file

    place = rejected or file.with_name(f"{file.stem}.rejected.csv")
    with closing(RejectedFile(place, ["Row as it was"], "en")) as kept, _work() as (session, now):
        done = suppress_file(
            session,
            file,
            source=source,
            actor=_ACTOR,
            now=now,
            reject=lambda number, line, wrong: kept.reject(number, [line], wrong),
        )
    if json:
        print_json(asdict(done) | {"rejected_file": str(place) if done.unreadable else None})
        return
    typer.echo(f"{done.new:,} added, {done.known:,} on the list already.")
    if done.unreadable:
        typer.echo(
            f"{done.unreadable:,} rows have no address that could be read; what is wrong with each is in {place}"
        )


@contextmanager
def _work() -> Iterator[tuple["Session", datetime]]:
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.engine import transaction

    with database() as engine, transaction(engine) as session:
        yield session, SystemClock().now()


def _told(one: "Suppression") -> dict[str, Any]:
    return {
        "number": one.id,
        "hash": one.hash.hex(),
        "scope": one.scope,
        "reason": one.reason,
        "source": one.source,
        "since": one.at.isoformat(timespec="seconds"),
    }
