"""`growth run`: everything at once."""

import contextlib
import os
from pathlib import Path
from typing import Annotated

import typer


def add(app: typer.Typer) -> None:
    """Register `growth run`."""
    app.command("run")(run)


def run(
    home: Annotated[Path | None, typer.Option(help="Folder of the database, keys and logs. Default: ./var")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the pages. Default: 8000", min=0, max=65535)] = None,
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="With sample data and pretend providers.")] = True,
    with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False,
) -> None:
    """Start the database, the scheduler, a worker, the pages and, for the demo, the pretend providers."""
    from growth import lifeline
    from growth.running.supervisor import Supervisor
    from growth.settings import settings

    if with_parent:  # `make` that was killed should leave nothing behind
        lifeline.end_with_parent(os.getppid())
    if home is not None:
        os.environ["GROWTH_HOME"] = str(home)
    if port is not None:
        os.environ["GROWTH_PORT"] = str(port)
    settings.cache_clear()
    Supervisor(settings(), wants_demo=demo, tell=_tell).run()


def _tell(line: str) -> None:
    # A terminal that was closed is no reason to end.
    with contextlib.suppress(OSError):
        typer.echo(line)
