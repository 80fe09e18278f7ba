"""What a run left behind to read: its parts and its log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from growth.errors import NotFoundError
from growth.locales import N_
from growth.scheduling.records import JobChunk, JobLine, JobRun

PART_STATES = ("failed", "running", "queued", "succeeded")
"""In the order of what needs looking at."""
_LARGEST_ID = 2**63 - 1


def run_by_id(session: Session, run_id: int) -> JobRun:
    """A run. Raises NotFoundError."""
    run = session.get(JobRun, run_id) if 0 < run_id <= _LARGEST_ID else None
    if run is None:
        raise NotFoundError(N_("There is no run %(run)s; old ones are forgotten."), run=run_id)
    return run


def runs_of(session: Session, job_key: str, *, states: Sequence[str], before: int | None, limit: int) -> list[JobRun]:
    """A job's runs in these states (empty: all), newest first, older than the run `before`."""
    found = select(JobRun).options(defer(JobRun.detail), defer(JobRun.cursor))
    found = found.where(JobRun.job == job_key).order_by(JobRun.id.desc()).limit(limit)
    if states:
        found = found.where(JobRun.state.in_(states))
    if before is not None:
        found = found.where(JobRun.id < before)
    return list(session.scalars(found))


@dataclass(frozen=True)
class Parts:
    """A run's parts: how many in each state, and the first of them, those that failed before the others."""

    counts: Mapping[str, int]
    shown: Sequence[JobChunk]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())


def parts_of(session: Session, run_id: int, *, limit: int) -> Parts:
    """The parts of a run that was fanned out; none for the others."""
    counted = select(JobChunk.state, func.count()).where(JobChunk.run_id == run_id).group_by(JobChunk.state)
    counts = dict(session.execute(counted).all())
    shown: list[JobChunk] = []
    for state in (state for state in PART_STATES if state in counts):
        mine = select(JobChunk).where(JobChunk.run_id == run_id, JobChunk.state == state)
        shown += session.scalars(mine.order_by(JobChunk.position).limit(limit - len(shown)))
    return Parts(counts, shown)


def lines_of(session: Session, run_id: int, *, before: int | None, limit: int) -> list[JobLine]:
    """Lines of a run's log, newest first, older than the line `before`."""
    found = select(JobLine).where(JobLine.run_id == run_id).order_by(JobLine.id.desc()).limit(limit)
    return list(session.scalars(found if before is None else found.where(JobLine.id < before)))
