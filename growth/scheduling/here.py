"""Doing one run in this very process, for when no worker runs: as a worker that takes nothing else."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from growth.clock import Clock
from growth.database.engine import transaction
from growth.scheduling.doing import do, take_up
from growth.scheduling.queue import Kind
from growth.settings import settings

# A task of the run that waits, taken so that no worker takes it too.
_SEIZE: dict[Kind, str] = {
    "run": """
        update procrastinate_jobs task set status = 'doing', worker_id = :worker from job_run run
        where run.id = :run and task.id = run.task_id and task.status = 'todo'
            and (task.scheduled_at is null or task.scheduled_at <= now())
        returning run.id, task.id
    """,
    "chunk": """
        update procrastinate_jobs set status = 'doing', worker_id = :worker where id = (
            select task.id from job_chunk chunk join procrastinate_jobs task on task.id = chunk.task_id
            where chunk.run_id = :run and chunk.state = 'queued' and task.status = 'todo'
                and (task.scheduled_at is null or task.scheduled_at <= now())
            order by chunk.position limit 1 for update of task skip locked)
        returning (args->>'id')::bigint, id
    """,
}


def do_here(
    engine: Engine,
    clock: Clock,
    begin: Callable[[Session], int],
    *,
    begun: Callable[[int], None] = lambda _run_id: None,
    stopping: threading.Event,
) -> None:
    """Do a run and its parts until nothing of it is left to take, or until asked to stop.

    Args:
        engine: the database.
        clock: what time it is.
        begin: queues the run in the transaction it is given, and gives its id.
        begun: told that id, once it is committed.
        stopping: set, the rest is handed back, for a worker.

    Afterwards the run may wait for its next try, for the run before it, or for parts that workers do.
    """
    with _on_duty(engine) as worker:
        with transaction(engine) as session:
            run_id = begin(session)
            task = _seize(session, worker, run_id)
        begun(run_id)
        while task is not None:
            kind, wanted, task_id = task
            claim = take_up(engine, clock.now(), kind, wanted, task_id)
            if claim is not None:
                do(engine, clock, claim, stopping, here=True)
            with transaction(engine) as session:
                _put_down(session, worker, task_id)
                task = None if stopping.is_set() else _seize(session, worker, run_id)


def _seize(session: Session, worker: int, run_id: int) -> tuple[Kind, int, int] | None:
    for kind, statement in _SEIZE.items():
        found = session.execute(text(statement), {"worker": worker, "run": run_id}).one_or_none()
        if found is not None:
            return kind, found[0], found[1]
    return None


def _put_down(session: Session, worker: int, task_id: int) -> None:
    done = "update procrastinate_jobs set status = 'succeeded' where id = :id and worker_id = :worker"
    session.execute(text(f"{done} and status = 'doing'"), {"id": task_id, "worker": worker})


@contextmanager
def _on_duty(engine: Engine) -> Iterator[int]:
    """A worker's name in the queue, kept alive; killed, its task is found by the others."""
    with transaction(engine) as session:
        worker: int = session.execute(text("select procrastinate_register_worker_v1()")).scalar_one()
    over = threading.Event()
    beating = threading.Thread(target=_beat, args=(engine, worker, over), daemon=True)
    beating.start()
    try:
        yield worker
    finally:
        over.set()
        beating.join()
        with transaction(engine) as session:
            session.execute(text("select procrastinate_unregister_worker_v1(:worker)"), {"worker": worker})


def _beat(engine: Engine, worker: int, over: threading.Event) -> None:
    while not over.wait(settings().heartbeat_seconds):
        try:
            with transaction(engine) as session:
                session.execute(text("select procrastinate_update_heartbeat_v1(:worker)"), {"worker": worker})
        except DBAPIError:  # the next beat may succeed
            continue
