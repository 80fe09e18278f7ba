"""Starting a run from the console and watching it until it ends."""

import threading
import time
from collections.abc import Callable
from datetime import datetime

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from growth.clock import SystemClock
from growth.commands.jobs.telling import Teller, run_state, sentence
from growth.database.engine import transaction
from growth.scheduling import queue
from growth.scheduling.here import do_here
from growth.scheduling.history import run_by_id
from growth.scheduling.progress import progress
from growth.scheduling.records import JobRun
from growth.scheduling.schedules import default_zone
from growth.settings import settings
from growth.web.formats import span_text

Begin = Callable[[Session, datetime], int]
_LOOK_EVERY = 0.25
_INTERRUPTED = 130
_NO_WORKER = "No worker runs, so it waits. Start one with “growth work”, or do it here with --here."


def begin_and_watch(engine: Engine, begin: Begin, *, wait: bool, here: bool) -> int:
    """Queue a run and, where wanted, stay with it; gives the exit status."""
    if here:
        return _watch_here(engine, begin)
    with transaction(engine) as session:
        run_id = begin(session, SystemClock().now())
        workers = queue.workers(session, 5 * settings().heartbeat_seconds)
    typer.echo(f"Run {run_id} is queued.")
    if not workers:
        typer.echo(_NO_WORKER, err=True)
        return 1 if wait else 0
    return _watch(engine, run_id, lambda: True) if wait else 0


def _watch(engine: Engine, run_id: int, going: Callable[[], bool]) -> int:
    """Show how far it is while it is `going`; Ctrl-C leaves it to itself."""
    try:
        _show_progress(engine, run_id, going)
    except KeyboardInterrupt:
        typer.echo(f"\nRun {run_id} goes on without you. Look at it with “growth job show {run_id}”.")
        return _INTERRUPTED
    return _told_end(engine, run_id)


def _watch_here(engine: Engine, begin: Begin) -> int:
    stopping, begun = threading.Event(), threading.Event()
    ids: list[int] = []
    failed: list[Exception] = []

    def note(run_id: int) -> None:
        ids.append(run_id)
        begun.set()

    def work() -> None:
        try:
            do_here(
                engine,
                SystemClock(),
                lambda session: begin(session, SystemClock().now()),
                begun=note,
                stopping=stopping,
            )
        except Exception as error:  # noqa: BLE001 - raised below, where the console is
            failed.append(error)
        finally:
            begun.set()

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    try:
        if ids:
            _show_progress(engine, ids[0], thread.is_alive)
    except KeyboardInterrupt:
        typer.echo("\nEnding after this step …")
        stopping.set()
    thread.join()
    if failed:
        raise failed[0]
    return _told_end(engine, ids[0])


def _show_progress(engine: Engine, run_id: int, going: Callable[[], bool]) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[far]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, far="")
        while True:
            with transaction(engine) as session:
                run = run_by_id(session, run_id)
            far, state = _far(run), "waiting" if run.state == "queued" else run.job
            bar.update(task, description=state, total=run.total, completed=run.done, far=far)
            if run.finished_at is not None or not going():
                return
            time.sleep(_LOOK_EVERY)


def _far(run: JobRun) -> str:
    if run.retry_at is not None:
        return f"{sentence(run, 'UTC')} It tries again by itself."
    now = SystemClock().now()
    far = progress(run.done, run.total, since=run.resumed_at, done_before=run.resumed_done, now=now)
    told = f"{far.done:,} of {far.total:,}" if far.total else f"{far.done:,}" if far.done else ""
    return told + (f", about {span_text(far.left, 'en')} left" if far.left is not None else "")


def _told_end(engine: Engine, run_id: int) -> int:
    with transaction(engine) as session:
        run, now = run_by_id(session, run_id), SystemClock().now()
        told, zone = Teller(session, now), default_zone(session)
        for line in told.log(run_id):
            typer.echo(line)
    typer.echo(f"{run.job}: {run_state(run, zone, now)}", err=run.state != "succeeded")
    if run.finished_at is None and run.retry_at is None:
        waits = run.state == "queued" and run.task_id is None
        typer.echo("It begins when the run before it ends." if waits else "The next worker does the rest.", err=True)
    return 0 if run.state == "succeeded" else 1
