"""`growth audiences`: saved audiences, how many are in one, and the SQL behind it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from growth.commands.campaign_work import ACTOR, JsonOption
from growth.commands.connect import print_json, work

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from growth.campaigns.audiences.conditions import Node

Which = Annotated[
    str, typer.Argument(help="The audience's name or number, or a JSON file with conditions; - for stdin.")
]


def add(app: typer.Typer) -> None:
    """Register `growth audiences list|show|count|save|sql`."""
    group = typer.Typer(help="Audiences: conditions, who fits them, and how many.", no_args_is_help=True)
    for name, command in (
        ("list", list_audiences),
        ("show", show),
        ("count", count),
        ("save", save),
        ("sql", sql),
    ):
        group.command(name)(command)
    app.add_typer(group, name="audiences")


def list_audiences(
    *,
    find: Annotated[str, typer.Option(help="Only those whose name holds this.")] = "",
    archived: Annotated[bool, typer.Option("--archived", help="Those in the archive.")] = False,
    json: JsonOption = False,
) -> None:
    """The newest fifty."""
    from growth.campaigns.audiences.reading import audiences

    with work() as (session, _):
        found = [
            {
                "id": one.audience.id,
                "name": one.audience.name,
                "version": one.audience.version,
                "saved_at": one.newest.at,
            }
            for one in audiences(session, find=find, archived=archived)
        ]
    if json:
        print_json(found)
        return
    for one in found:
        typer.echo(f"{one['id']:>5}  version {one['version']:<4}  {one['name']}")


def show(which: Which) -> None:
    """Its conditions as JSON, for `save` and for links."""
    with work() as (session, _):
        print_json(_conditions(session, which))


def count(
    which: Which, *, about: Annotated[bool, typer.Option("--about", help="The quick answer, by a sample.")] = False
) -> None:
    """How many are in it."""
    from growth.campaigns.audiences.counting import exact, live

    with work() as (session, now):
        tree = _conditions(session, which)
        found = live(session, tree, seed=1, now=now) if about else None
        people = found.people if found else exact(session, tree, now)
    told = f" (from a sample, give or take {found.margin:,})" if found and not found.exact else ""
    typer.echo(f"{people:,} people{told}")


def save(
    name: Annotated[str, typer.Argument(help="A new name, or that of a saved audience, which gets a new version.")],
    conditions: Annotated[str, typer.Argument(help="A JSON file with conditions; - for stdin.")],
) -> None:
    """Save conditions under a name."""
    from growth.campaigns.audiences import saving
    from growth.campaigns.audiences.reading import find_audience
    from growth.errors import NotFoundError

    with work() as (session, now):
        tree = _read(conditions)
        try:
            old = find_audience(session, name)
        except NotFoundError:
            kept = saving.create(session, name=name, conditions=tree, actor=ACTOR, now=now)
        else:
            kept = saving.save(
                session, old.id, name=old.name, conditions=tree, version=old.version, actor=ACTOR, now=now
            )
        typer.echo(f"Audience {kept.id} “{kept.name}”, version {kept.version}.")


def sql(which: Which) -> None:
    """The statement that counts it, with its values."""
    from growth.campaigns.audiences.compiling import compiled
    from growth.campaigns.audiences.expanding import expanded
    from growth.campaigns.audiences.showing import readable

    with work() as (session, now):
        wanted = compiled(expanded(session, _conditions(session, which)), now=now, whole=True)
    typer.echo(readable(wanted))


def _conditions(session: "Session", which: str) -> "Node":
    """Checked conditions of a file or of a saved audience."""
    from growth.campaigns.audiences.conditions import checked
    from growth.campaigns.audiences.reading import conditions_of, find_audience

    if which == "-" or Path(which).suffix == ".json":
        return checked(_read(which))
    return conditions_of(session, find_audience(session, which))


def _read(file: str) -> Any:
    import sys

    import orjson

    from growth.errors import InvalidError
    from growth.locales import N_

    try:
        return orjson.loads(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise InvalidError("conditions", N_("These conditions can't be read: %(why)s."), why=str(error)) from None
