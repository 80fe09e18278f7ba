"""The queue of tasks: how long the oldest has waited, and whether anybody works."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.locales import N_
from growth.running.doctor.finding import Finding, State
from growth.settings import settings

SLOW = 120
STUCK = 600
"""Seconds the oldest due task may wait: chunks take seconds, so two minutes is a sign, ten is a fault."""

_QUERY = text("""
    select
        (select extract(epoch from now() - min(greatest(job.scheduled_at, deferred.at)))
            from procrastinate_jobs job
            left join procrastinate_events deferred on deferred.job_id = job.id and deferred.type = 'deferred'
            where job.status = 'todo' and (job.scheduled_at is null or job.scheduled_at <= now())) as waiting,
        (select count(*) from procrastinate_workers where last_heartbeat > now() - make_interval(secs => :silent))
            as workers,
        (select count(*) from procrastinate_jobs job
            left join procrastinate_workers worker on worker.id = job.worker_id
            where job.status = 'doing'
                and (worker.id is null or worker.last_heartbeat <= now() - make_interval(secs => :silent))) as orphans
""")


@dataclass(frozen=True)
class Queue:
    """Seconds the oldest due task has waited (None: none waits), workers alive, tasks whose worker went silent."""

    waiting: float | None
    workers: int
    orphans: int


def check(session: Session) -> Finding:
    """How the queue is doing."""
    row = session.execute(_QUERY, {"silent": settings().heartbeat_seconds * 5}).one()
    return judge(Queue(None if row.waiting is None else float(row.waiting), row.workers, row.orphans))


def judge(found: Queue) -> Finding:
    """What it means."""
    values = {"seconds": round(found.waiting or 0), "workers": found.workers, "tasks": found.orphans}
    more_workers = N_("Start another worker with “growth work”.")
    if not found.workers:
        late = found.waiting is not None and found.waiting > SLOW
        return Finding(
            "queue",
            State.FAILED if late else State.WARNING,
            N_("No worker runs, and a task has waited for %(seconds)s seconds.") if late else N_("No worker runs."),
            N_("Start one with “growth work”, or everything with “growth run”."),
            values,
        )
    if found.orphans:
        return Finding(
            "queue",
            State.WARNING,
            N_("%(tasks)s tasks have lost their worker."),
            N_("The others take them up within half a minute; if not, start another with “growth work”."),
            values,
        )
    if found.waiting is not None and found.waiting > SLOW:
        state = State.FAILED if found.waiting > STUCK else State.WARNING
        return Finding("queue", state, N_("The oldest task has waited for %(seconds)s seconds."), more_workers, values)
    return Finding("queue", State.OK, N_("Nothing waits long; workers alive: %(workers)s."), values=values)
