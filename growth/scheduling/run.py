"""What a job's function is given: its run, and for one part of a fanned-out run its chunk.

All writing is fenced: when a worker was given up for dead and another took over, the first one's next transaction
raises SupersededError and leaves nothing behind.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, ParamSpec

from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.orm import Session

from growth.clock import Clock
from growth.database.engine import transaction
from growth.scheduling import ending, queue
from growth.scheduling.declare import find_chunk
from growth.scheduling.records import JobChunk, JobLine
from growth.scheduling.records import JobRun as RunRecord

Fixed = ParamSpec("Fixed")


@dataclass(frozen=True)
class Step:
    """What one step did: how many rows, and where the next begins (anything JSON holds); None when that was all."""

    done: int
    next: Any = None


class SupersededError(Exception):
    """Another worker took this over; nothing of this transaction is kept."""


class StoppingError(Exception):
    """This worker was asked to stop; the rest is for another."""


class LaterError(Exception):
    """The rest can't be done before a moment; until then the worker is free for something else. No failure."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.at = at


@dataclass(frozen=True)
class Claim:
    """A run or chunk that this worker took up, as the `attempt`-th."""

    kind: queue.Kind
    id: int
    run_id: int
    attempt: int
    job: str
    due_at: datetime
    args: Mapping[str, Any]
    step: str = ""


class Work:
    """What runs and chunks share: the engine, the clock and the fence."""

    def __init__(self, engine: Engine, clock: Clock, claim: Claim, stopping: threading.Event) -> None:
        self.engine = engine
        self.clock = clock
        self.claim = claim
        self.moved_on = False
        """To be set once something is done for good: a failure after that is the first in a row again."""
        self._stopping = stopping
        self._session: Session | None = None

    @property
    def args(self) -> Mapping[str, Any]:
        """What it was fired or fanned out with."""
        return self.claim.args

    @property
    def run_id(self) -> int:
        """Id of the run."""
        return self.claim.run_id

    @property
    def stopping(self) -> bool:
        """Whether this worker was asked to stop. Look at it where it is safe to leave off, then `leave_off()`."""
        return self._stopping.is_set()

    def leave_off(self) -> None:
        """Hand the rest to another worker, when this one was asked to stop. Nothing happens otherwise."""
        if self.stopping:
            raise StoppingError

    def now(self) -> datetime:
        """The present moment."""
        return self.clock.now()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction, committed at the end. Raises SupersededError when another worker has taken over."""
        record = RunRecord if self.claim.kind == "run" else JobChunk
        with transaction(self.engine) as session:
            held = select(record.attempt, record.state).where(record.id == self.claim.id)
            if session.execute(held.with_for_update(key_share=True)).one_or_none() != (self.claim.attempt, "running"):
                raise SupersededError
            self._session = session
            try:
                yield session
            finally:
                self._session = None

    @contextmanager
    def _this_transaction(self) -> Iterator[Session]:
        """The one that is open, or one of its own."""
        if self._session is not None:
            yield self._session
        else:
            with self.transaction() as session:
                yield session

    def tell(self, sentence: str, /, *, level: str = "info", **values: object) -> None:
        """Write a line of the run's log: a sentence marked with `N_` and the values of its `%(name)s` places."""
        with self._this_transaction() as session:
            write_line(session, self.run_id, self.now(), sentence, level=level, **values)


class JobRun(Work):
    """One run of a job."""

    def __init__(self, engine: Engine, clock: Clock, claim: Claim, stopping: threading.Event) -> None:
        super().__init__(engine, clock, claim, stopping)
        self._loops = 0

    @property
    def id(self) -> int:
        """Id of the run."""
        return self.claim.run_id

    @property
    def due_at(self) -> datetime:
        """The moment this run is for, which may lie before `now()`."""
        return self.claim.due_at

    def in_chunks(
        self,
        step: Callable[Concatenate[Session, datetime, Any, int, Fixed], Step],
        size: int = 1000,
        *args: Fixed.args,
        **fixed: Fixed.kwargs,
    ) -> int:
        """Call `step(session, now, after, size, **fixed)` until it says that was all; gives how many rows were done.

        Each step is a transaction; where the next begins is saved in it. So a run that was killed goes on after the
        last step that was committed, and `after` is None only in the very first.
        """
        self._loops += 1
        place = f"{self._loops}:{step.__name__}"
        done = 0
        while True:
            self.leave_off()
            with self.transaction() as session:
                saved = session.scalar(select(RunRecord.cursor).where(RunRecord.id == self.id)) or {}
                here = saved.get(place, {"after": None, "done": 0, "finished": False})
                if here["finished"]:
                    return int(here["done"])
                made = step(session, self.now(), here["after"], size, *args, **fixed)
                done = here["done"] + made.done
                reached = {"after": made.next, "done": done, "finished": made.next is None}
                session.execute(
                    update(RunRecord)
                    .where(RunRecord.id == self.id)
                    .values(cursor=saved | {place: reached}, done=RunRecord.done + made.done, rescues=0)
                )

    def fan_out(self, step: str, parts: Sequence[Mapping[str, Any]], *, total: int | None = None) -> None:
        """Make a chunk and a queued task of each of `parts` (JSON); the run succeeds when all of them have.

        `total` is how many rows they are together, for the progress shown. Repeating it (after a kill) does nothing.
        """
        find_chunk(step)
        with self._this_transaction() as session:
            mine = JobChunk.run_id == self.id
            if session.scalar(select(JobChunk.id).where(mine, JobChunk.step == step).limit(1)) is not None or not parts:
                return
            first = session.scalar(select(func.coalesce(func.max(JobChunk.position) + 1, 0)).where(mine)) or 0
            rows = [
                {"run_id": self.id, "position": first + place, "step": step, "args": dict(part)}
                for place, part in enumerate(parts)
            ]
            ids = session.scalars(insert(JobChunk).returning(JobChunk.id), rows).all()
            queue.defer(session, "chunk", ids)
            expected = func.coalesce(RunRecord.total, 0) + total if total is not None else RunRecord.total
            session.execute(update(RunRecord).where(RunRecord.id == self.id).values(total=expected))

    def progress(self, done: int, total: int | None = None) -> None:
        """Say how far it is, for runs that use neither `in_chunks` nor `fan_out`."""
        with self._this_transaction() as session:
            values = {"done": done, "total": total, "rescues": 0}
            session.execute(update(RunRecord).where(RunRecord.id == self.id).values(values))

    def expect(self, total: int) -> None:
        """Say how many rows there are to do; `in_chunks` counts those done."""
        with self._this_transaction() as session:
            session.execute(update(RunRecord).where(RunRecord.id == self.id).values(total=total))


class ChunkRun(Work):
    """One part of a fanned-out run."""

    def finish(self, session: Session, done: int) -> None:
        """Record success of `done` rows in the last transaction of the work, as the last thing in it.

        Left out, it is done in a transaction of its own after the function has returned.
        """
        ending.finish_chunk(session, self.claim.id, done, self.now())

    @property
    def finished(self) -> bool:
        """Whether `finish` was committed."""
        with transaction(self.engine) as session:
            return session.scalar(select(JobChunk.state).where(JobChunk.id == self.claim.id)) == "succeeded"


def write_line(
    session: Session, run_id: int, at: datetime, sentence: str, /, *, level: str = "info", **values: object
) -> None:
    """Append a line to a run's log."""
    kept = {name: value if isinstance(value, int | float | str) else str(value) for name, value in values.items()}
    session.add(JobLine(run_id=run_id, at=at, level=level, words={"message": sentence, "values": kept}))
    session.flush()
