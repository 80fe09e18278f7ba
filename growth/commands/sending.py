"""`growth sending`: the rules that hold for all campaigns together."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from growth.commands.connect import print_json

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_ACTOR = "command line"


def add(app: typer.Typer) -> None:
    """Register `growth sending rules|set|go-on`."""
    group = typer.Typer(help="Rules of sending: when, how often, how fast, and what halts it.", no_args_is_help=True)
    group.command("rules")(show)
    group.command("set")(change)
    group.command("go-on")(let_go_on)
    app.add_typer(group, name="sending")


def show(*, json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Every rule as it is now; an empty one is no limit."""
    from growth.campaigns.sending.rules import rules
    from growth.web.sending_form import SendingForm, typed

    with _work() as (session, _):
        held = rules(session)
        halted = str(held.halted_because["sentence"]) % held.halted_because["values"] if held.halted_because else None
        plain = {field: getattr(held, field) for field in SendingForm.model_fields}
        shown = typed(held).model_dump()
    if json:
        print_json(plain | {"halted": halted})
        return
    for field, text in shown.items():
        typer.echo(f"{field:22} {', '.join(text.splitlines()) or '–'}")
    if halted:
        typer.echo(f"All sending is halted. {halted}", err=True)


def change(
    pairs: Annotated[
        list[str], typer.Argument(metavar="RULE=VALUE", help="Such as most_per_week=3 or quiet_from=21:00.")
    ],
) -> None:
    """Change rules, all or none, as the page does. An empty value is no limit; a comma separates lines."""
    from growth.campaigns.sending.rules import rules, save_rules
    from growth.web.sending_form import read_value

    changes = {field: read_value(field, text) for field, text in map(_pair, pairs)}
    with _work() as (session, now):
        save_rules(session, changes, version=rules(session).version, actor=_ACTOR, now=now)
    typer.echo("Saved.")


def _pair(text: str) -> tuple[str, str]:
    field, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"“{text}” is not RULE=VALUE, such as most_per_week=3.")
    lists = field in {"most_by_purpose", "per_receiver", "seeds"}
    return field.strip(), value.replace(",", "\n") if lists else value


def let_go_on() -> None:
    """Let sending go on after a halt; campaigns it paused are resumed one by one."""
    from growth.campaigns.sending.rules import go_on

    with _work() as (session, now):
        go_on(session, actor=_ACTOR, now=now)
    typer.echo("Sending may go on.")


@contextmanager
def _work() -> Iterator[tuple["Session", datetime]]:
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.engine import transaction

    with database() as engine, transaction(engine) as session:
        yield session, SystemClock().now()
