"""`growth doctor`: what is wrong, and how to put it right."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from growth.errors import GrowthError
    from growth.running.doctor import Finding


def add(app: typer.Typer) -> None:
    """Register `growth doctor`."""
    app.command("doctor")(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array instead of sentences.")] = False,
) -> None:
    """Check database, migrations, clock, queue, disk, provider keys and DNS; exit status 1 when something fails."""
    from growth.running.doctor import State

    found = _examined()
    typer.echo(_as_json(found) if as_json else "\n".join(map(_as_text, found)))
    if any(one.state is State.FAILED for one in found):
        raise typer.Exit(1)


def _examined() -> "list[Finding]":
    from contextlib import ExitStack

    import psycopg

    from growth.clock import SystemClock
    from growth.commands.connect import database_url
    from growth.database.engine import make_engine
    from growth.errors import GrowthError
    from growth.running.doctor import examine
    from growth.settings import settings

    with ExitStack() as stack:
        try:
            engine = make_engine(stack.enter_context(database_url()), application="growth doctor")
        except (GrowthError, psycopg.Error) as error:
            return list(examine(_words(error), settings(), SystemClock()))
        stack.callback(engine.dispose)
        return list(examine(engine, settings(), SystemClock()))


def _words(error: Exception) -> "GrowthError":
    from growth.errors import GrowthError
    from growth.locales import N_
    from growth.running.failures import in_words

    return error if isinstance(error, GrowthError) else in_words(error) or GrowthError(N_("%(words)s"), words=error)


def _as_text(one: "Finding") -> str:
    return f"{one.state:<8} {one.check:<11} {one.says}" + (f"\n{'':21}{one.advises}" if one.advises else "")


def _as_json(found: "list[Finding]") -> str:
    import orjson

    return orjson.dumps(
        [{"check": one.check, "state": one.state, "says": one.says, "remedy": one.advises or None} for one in found],
        option=orjson.OPT_INDENT_2,
    ).decode()
