"""Records of scheduling: when each job is due, its runs, their chunks and log lines."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class Schedule(Record):
    """When a job is due next. A row per declared job; what a person changed on the page stands in `override`.

    Whoever fires or finishes a run of a job that runs one at a time holds this row's lock.
    """

    __tablename__ = "schedule"

    job: Mapped[str] = mapped_column(primary_key=True)
    override: Mapped[dict[str, Any] | None]
    planned: Mapped[dict[str, Any] | None]
    """What `next_due_at` was reckoned from: the schedule in force and its time zone."""
    paused_at: Mapped[datetime | None]
    paused_by: Mapped[str | None]
    next_due_at: Mapped[datetime | None] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(server_default="1")


class JobRun(Record):
    """One firing of a job, by schedule, by hand or as a retry; unique on (job, due_at)."""

    __tablename__ = "job_run"
    __table_args__ = (
        UniqueConstraint("job", "due_at"),
        Index("ix_job_run_job_id", "job", "id"),
        Index("ix_job_run_unfinished", "job", "id", postgresql_where=text("state in ('queued', 'running')")),
        Index("ix_job_run_not_done", "job", "state", "id", postgresql_where=text("state in ('failed', 'skipped')")),
    )

    id: Mapped[Id]
    job: Mapped[str]
    due_at: Mapped[datetime]
    fired_by: Mapped[str]
    """`schedule`, or `person:<e-mail>`, or `retry:<run id>`."""
    args: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    state: Mapped[str] = mapped_column(server_default="queued")
    """queued → running → succeeded | failed; or skipped, with words why."""
    task_id: Mapped[int | None]
    """The queued task that does it. Null while it waits for the run before it, or once its chunks carry it."""
    attempt: Mapped[int] = mapped_column(server_default="0")
    """Counts who took it up; only the last may write."""
    failures: Mapped[int] = mapped_column(server_default="0")
    rescues: Mapped[int] = mapped_column(server_default="0")
    """How often its worker was gone since it last got anywhere."""
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int | None]
    resumed_at: Mapped[datetime | None]
    """When it was last taken up, with `resumed_done` done by then: its pace is reckoned from there."""
    resumed_done: Mapped[int] = mapped_column(server_default="0")
    cursor: Mapped[dict[str, Any] | None]
    """Where the next step begins; written in the same transaction as the step's own rows."""
    words: Mapped[dict[str, Any] | None]
    """What happened, for a marketer: {"message": translatable sentence, "remedy": …, "values": {…}}."""
    detail: Mapped[str | None]
    """Technical detail of the last failure."""


class JobChunk(Record):
    """One part of a fanned-out run; its rows and its `done` state are committed together."""

    __tablename__ = "job_chunk"
    __table_args__ = (UniqueConstraint("run_id", "position"), Index("ix_job_chunk_run_state", "run_id", "state"))

    id: Mapped[Id]
    run_id: Mapped[int] = mapped_column(ForeignKey("job_run.id", ondelete="CASCADE"))
    position: Mapped[int]
    step: Mapped[str]
    """Name of the registered chunk function."""
    args: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(server_default="queued")
    """queued → running → succeeded | failed."""
    task_id: Mapped[int | None]
    attempt: Mapped[int] = mapped_column(server_default="0")
    failures: Mapped[int] = mapped_column(server_default="0")
    rescues: Mapped[int] = mapped_column(server_default="0")
    retry_at: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(server_default="0")
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    words: Mapped[dict[str, Any] | None]
    detail: Mapped[str | None]


class JobLine(Record):
    """A log line of a run, in words."""

    __tablename__ = "job_line"
    __table_args__ = (Index("ix_job_line_run_id", "run_id", "id"),)

    id: Mapped[Id]
    run_id: Mapped[int] = mapped_column(ForeignKey("job_run.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    level: Mapped[str]
    words: Mapped[dict[str, Any]]
