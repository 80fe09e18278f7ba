"""`growth job`: what runs when, and running, pausing, trying again and rescheduling it by hand."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console
    from sqlalchemy.orm import Session

_ACTOR = "command line"

Key = Annotated[str, typer.Argument(help="The job: the name of its file, as “growth job list” shows it.")]
What = Annotated[str, typer.Argument(help="A job, or the number of one of its runs.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
Wait = Annotated[
    bool | None, typer.Option("--wait/--no-wait", help="Stay until it has ended. Default: on a terminal only.")
]
Here = Annotated[bool, typer.Option("--here", help="Do it in this process, for when no worker runs.")]
Text = Annotated[
    str | None, typer.Argument(help="“every 5 minutes”, “hourly 15”, “daily 06:00”, “mon,fri 06:00”, or cron.")
]
Zone = Annotated[str | None, typer.Option("--zone", help="Time zone, as Europe/Moscow. Default: the workspace's.")]
Declared = Annotated[bool, typer.Option("--declared", help="Back to the schedule it came with.")]


def add(app: typer.Typer) -> None:
    """Register `growth job list|show|run|retry|pause|resume|schedule`."""
    group = typer.Typer(help="Scheduled jobs: what runs when, what failed and why.", no_args_is_help=True)
    group.command("list")(list_jobs)
    group.command("show")(show)
    group.command("run")(run)
    group.command("retry")(retry)
    group.command("pause")(pause)
    group.command("resume")(resume)
    group.command("schedule")(schedule)
    app.add_typer(group, name="job")


def list_jobs(json: Json = False) -> None:
    """Every job: its schedule, when it is due, how it went last."""
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.commands.jobs.telling import as_json, job_json, job_table
    from growth.database.engine import transaction
    from growth.scheduling.overview import overview
    from growth.scheduling.schedules import default_zone

    with database() as engine, transaction(engine) as session:
        found = sorted(overview(session), key=lambda one: one.job.key)
        zone = default_zone(session)
    if json:
        typer.echo(as_json([job_json(one) for one in found]))
    else:
        _console().print(job_table(found, zone, SystemClock().now()))


def show(what: What, json: Json = False) -> None:
    """One job with its latest runs, or one run with its log."""
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.commands.jobs.telling import Teller, as_json
    from growth.database.engine import transaction

    with database() as engine, transaction(engine) as session:
        told = Teller(session, SystemClock().now())
        if what.isdecimal():
            typer.echo(as_json(told.run_json(int(what))) if json else told.run(int(what)))
        else:
            typer.echo(as_json(told.job_json(what)) if json else told.job(what))


def run(job: Key, wait: Wait = None, here: Here = False) -> None:
    """Run a job now. Exit status 1 when it failed, or when nobody is there to do it."""

    def begin(session: "Session", now: "datetime") -> int:
        from growth.scheduling.by_hand import run_job

        return run_job(session, job, by=_ACTOR, now=now)

    _begin(begin, wait=wait, here=here)


def retry(what: What, wait: Wait = None, here: Here = False) -> None:
    """Let a failed run go on where it failed; of a job, its newest."""

    def begin(session: "Session", now: "datetime") -> int:
        from growth.scheduling.by_hand import last_failure, retry_run
        from growth.scheduling.history import run_by_id

        found = run_by_id(session, int(what)) if what.isdecimal() else last_failure(session, what)
        retry_run(session, found, by=_ACTOR, now=now)
        return found.id

    _begin(begin, wait=wait, here=here)


def _begin(begin: "Callable[[Session, datetime], int]", *, wait: bool | None, here: bool) -> None:
    import sys

    from growth.commands.connect import database
    from growth.commands.jobs.watching import begin_and_watch

    with database() as engine:
        status = begin_and_watch(engine, begin, wait=sys.stdout.isatty() if wait is None else wait, here=here)
    raise typer.Exit(status)


def pause(job: Key) -> None:
    """Run it by its schedule no more. A run that is going on goes on."""
    from growth.scheduling.by_hand import pause_job

    _change(lambda session, now: pause_job(session, job, by=_ACTOR, now=now))
    typer.echo(f"{job} is paused.")


def resume(job: Key) -> None:
    """Run it by its schedule again."""
    from growth.scheduling.by_hand import resume_job

    _change(lambda session, now: resume_job(session, job, by=_ACTOR, now=now))
    typer.echo(f"{job} runs by its schedule again.")


def schedule(job: Key, when: Text = None, zone: Zone = None, declared: Declared = False) -> None:
    """Show when a job is due, or give it another schedule, which holds at once."""
    from growth.commands.jobs.telling import following
    from growth.scheduling.by_hand import change_schedule
    from growth.scheduling.when import from_text, in_zone

    def change(session: "Session", now: "datetime") -> None:
        if when is not None or declared:
            wanted = None if when is None else in_zone(from_text(when), zone)
            change_schedule(session, job, wanted, version=None, by=_ACTOR, now=now)
        typer.echo(following(session, job, now))

    if when is not None and declared:
        raise typer.BadParameter("Give a schedule or --declared, not both.")
    _change(change)


def _change(change: "Callable[[Session, datetime], None]") -> None:
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.engine import transaction

    with database() as engine, transaction(engine) as session:
        change(session, SystemClock().now())


def _console() -> "Console":
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=160)
