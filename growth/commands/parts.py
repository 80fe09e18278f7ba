"""`growth web`, `growth work`, `growth schedule`: one part in the foreground, for servers and containers."""

from typing import Annotated

import typer


def add(app: typer.Typer) -> None:
    """Register the three."""
    app.command("web")(web)
    app.command("work")(work)
    app.command("schedule")(schedule)


def web(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: 127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on. Default: 8000", min=0, max=65535)] = None,
) -> None:
    """Serve the pages, the API, provider hooks and public links."""
    from growth.running.alone import run_part

    run_part("web", GROWTH_HOST=host, GROWTH_PORT=port)


def work(
    threads: Annotated[int | None, typer.Option(help="Tasks done at the same time. Default: 2", min=1, max=64)] = None,
) -> None:
    """Do jobs. Start as many of these, on as many machines, as the work needs."""
    from growth.running.alone import run_part

    run_part("worker", GROWTH_WORKER_THREADS=threads)


def schedule() -> None:
    """Fire jobs when they are due. Several at once are safe: each due time is fired once."""
    from growth.running.alone import run_part

    run_part("scheduler")
