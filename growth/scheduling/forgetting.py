"""Forgetting what nobody will look at again: old runs with their parts and lines, and tasks long done."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.scheduling.run import Step

RUNS_KEPT = timedelta(days=90)
LATEST_KEPT = 100
"""Runs of each job that are kept however old they are."""
TASKS_KEPT = timedelta(days=7)

# A run's id says roughly how old it is, so the walk is over once it meets a young one.
_OLD_RUNS = text("""
    with page as materialized (
        select id, job, due_at, finished_at from job_run where id > :after order by id limit :size
    ), kept as materialized (
        -- With `=` in place of `between` the planner walks all runs by id, hoping to meet the job's soon.
        select job_key, (select id from job_run where job between job_key and job_key
            order by job desc, id desc offset :latest - 1 limit 1) as id
        from (select distinct job as job_key from page) jobs
    ), gone as (
        delete from job_run using page join kept on kept.job_key = page.job
        where job_run.id = page.id and page.finished_at < :before and page.id < kept.id returning job_run.id
    )
    select (select count(*) from gone), (select count(*) from page), (select max(id) from page),
        (select min(due_at) >= :before from page)
""")
_OLD_TASKS = text("""
    with page as materialized (
        select id, status from procrastinate_jobs where id > :after order by id limit :size
    ), gone as (
        delete from procrastinate_jobs using page
        where procrastinate_jobs.id = page.id and page.status not in ('todo', 'doing')
            and (select max(at) from procrastinate_events where job_id = page.id) < :before
        returning procrastinate_jobs.id
    )
    select (select count(*) from gone), (select count(*) from page), (select max(id) from page)
""")


def forget_runs(session: Session, now: datetime, after: int | None, size: int) -> Step:
    """Look at the next `size` runs and delete those ended over 90 days ago that are not of their job's last 100."""
    values = {"after": after or 0, "size": size, "latest": LATEST_KEPT, "before": now - RUNS_KEPT}
    gone, looked, last, young = session.execute(_OLD_RUNS, values).one()
    return Step(gone, None if looked < size or young else last)


def forget_tasks(session: Session, now: datetime, after: int | None, size: int) -> Step:
    """Look at the next `size` tasks of the queue and delete those that were done over 7 days ago."""
    values = {"after": after or 0, "size": size, "before": now - TASKS_KEPT}
    gone, looked, last = session.execute(_OLD_TASKS, values).one()
    return Step(gone, None if looked < size else last)
