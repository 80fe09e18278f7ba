"""The task queue (Procrastinate's tables), written in the caller's own transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

QUEUE = "jobs"
Kind = Literal["run", "chunk"]
TASKS: dict[Kind, str] = {"run": "run_job", "chunk": "run_chunk"}
_TABLES: dict[Kind, str] = {"run": "job_run", "chunk": "job_chunk"}
_PRIORITIES: dict[Kind, int] = {"run": 10, "chunk": 0}
"""A short job gets in between the chunks of a long one."""

_DEFER = text("""
    select procrastinate_defer_jobs_v1(array(
        select row(:queue, :task, :priority, null, null, jsonb_build_object('id', wanted), cast(:at as timestamptz))
            ::procrastinate_job_to_defer_v1
        from unnest(cast(:ids as bigint[])) wanted))
""")


def defer(session: Session, kind: Kind, ids: Sequence[int], *, at: datetime | None = None) -> None:
    """Queue a task for each of these runs or chunks, not before `at`, and note it in their `task_id`.

    A task that another has taken the place of does nothing when it is taken up.
    """
    if not ids:
        return
    values = {"queue": QUEUE, "task": TASKS[kind], "priority": _PRIORITIES[kind], "ids": list(ids), "at": at}
    made = session.scalar(_DEFER, values)
    session.execute(
        text(f"""
            update {_TABLES[kind]} set task_id = task.id from procrastinate_jobs task
            where task.id = any(:made) and {_TABLES[kind]}.id = (task.args->>'id')::bigint
        """),  # noqa: S608 - the names stand above
        {"made": made},
    )


def forget(session: Session, task_id: int | None) -> None:
    """Take a task that nobody does any more out of the queue."""
    session.execute(
        text("update procrastinate_jobs set status = 'aborted' where id = :id and status in ('todo', 'doing')"),
        {"id": task_id},
    )


def alive(session: Session, task_id: int | None, silent_after: float) -> bool:
    """Whether a task waits in the queue or is done by a worker that was heard of in the last `silent_after` s."""
    found = session.scalar(
        text("""
            select task.status = 'todo' or (task.status = 'doing' and exists(
                select from procrastinate_workers worker where worker.id = task.worker_id
                and worker.last_heartbeat > now() - make_interval(secs => :silent_after)))
            from procrastinate_jobs task where task.id = :id
        """),
        {"id": task_id, "silent_after": silent_after},
    )
    return bool(found)


def workers(session: Session, silent_after: float) -> int:
    """How many workers were heard of in the last `silent_after` seconds."""
    found = text("select count(*) from procrastinate_workers where last_heartbeat > now() - make_interval(secs => :s)")
    return session.scalar(found, {"s": silent_after}) or 0
