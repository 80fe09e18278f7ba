"""Finds runs and chunks that nobody does any more, since their worker is gone, and gives them to another."""

from datetime import datetime

from sqlalchemy import Engine, TextClause, select, text, update
from sqlalchemy.orm import Session

from growth.database.engine import transaction
from growth.locales import N_
from growth.scheduling import ending, queue
from growth.scheduling.records import JobChunk, JobRun
from growth.scheduling.run import write_line

_MOST = 20
_AT_ONCE = 500
TAKEN_OVER = N_("The worker stopped answering; another one goes on.")
TOO_OFTEN = N_("The worker ended %(times)s times while doing this.")
ASK = N_("It may need more memory than there is. Show this to whoever runs this service.")

_STALLED = text("""
    select case task.task_name when 'run_job' then 'run' else 'chunk' end, (task.args->>'id')::bigint, task.id
    from procrastinate_jobs task left join procrastinate_workers worker on worker.id = task.worker_id
    where task.status = 'doing' and task.queue_name = :queue
        and (worker.id is null or worker.last_heartbeat < now() - make_interval(secs => :silent_after))
    limit :most
""")
_LOST = text("""
    select 'run', run.id, run.task_id from job_run run left join procrastinate_jobs task on task.id = run.task_id
    where run.state in ('queued', 'running') and run.task_id is not null
        and (task.id is null or task.status not in ('todo', 'doing'))
    union all
    select 'chunk', chunk.id, chunk.task_id from job_run run join job_chunk chunk on chunk.run_id = run.id
    left join procrastinate_jobs task on task.id = chunk.task_id
    where run.state in ('queued', 'running') and chunk.state in ('queued', 'running') and chunk.task_id is not null
        and (task.id is null or task.status not in ('todo', 'doing'))
    limit :most
""")


def rescue_stalled(engine: Engine, now: datetime, silent_after: float) -> int:
    """Queue again what was being done by workers not heard of for `silent_after` seconds; gives how many."""
    return _rescue(engine, now, silent_after, _STALLED)


def rescue_lost(engine: Engine, now: datetime, silent_after: float) -> int:
    """Queue again what is unfinished but has no task, such as when the database was away at the wrong moment."""
    return _rescue(engine, now, silent_after, _LOST)


def _rescue(engine: Engine, now: datetime, silent_after: float, search: TextClause) -> int:
    with transaction(engine) as session:
        values = {"queue": queue.QUEUE, "silent_after": silent_after, "most": _AT_ONCE}
        found = session.execute(search, values).all()
    taken = 0
    for kind, wanted, task_id in found:
        with transaction(engine) as session:
            if not queue.alive(session, task_id, silent_after):
                taken += take_over(session, now, kind, wanted, task_id)
    return taken


def take_over(session: Session, now: datetime, kind: queue.Kind, wanted: int, task_id: int) -> bool:
    """Queue the run or chunk of an abandoned task again, unless somebody was faster or it is finished."""
    record = JobRun if kind == "run" else JobChunk
    # A worker that is not gone after all holds the row while it writes; the next look will tell.
    held = select(record).where(record.id == wanted).with_for_update(key_share=True, skip_locked=True)
    work = session.scalar(held)
    if not isinstance(work, JobRun | JobChunk):
        return False
    queue.forget(session, task_id)
    if work.task_id != task_id or work.state not in ending.UNFINISHED:
        return False
    run_id = work.id if isinstance(work, JobRun) else work.run_id
    if work.rescues >= _MOST:
        _give_up(session, now, kind, wanted, work.rescues)
        return True
    session.execute(update(record).where(record.id == wanted).values(rescues=record.rescues + 1))
    queue.defer(session, kind, [wanted])
    write_line(session, run_id, now, TAKEN_OVER, level="warning")
    return True


def _give_up(session: Session, now: datetime, kind: queue.Kind, wanted: int, times: int) -> None:
    words = {"message": TOO_OFTEN, "remedy": ASK, "values": {"times": times}}
    if kind == "run":
        ending.finish_run(session, wanted, "failed", now, words=words)
    else:
        ending.fail_chunk(session, wanted, words, None, now)
