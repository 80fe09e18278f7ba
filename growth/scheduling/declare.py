"""How a job is declared: one file per job in `jobs/`, one function with `@job(…)` on it, of the file's own name."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import TYPE_CHECKING, Literal, TypeVar

from growth.errors import NotFoundError
from growth.locales import N_
from growth.scheduling.when import Cron, Daily, Every, Hourly, Once, When

if TYPE_CHECKING:
    from growth.scheduling.run import ChunkRun, JobRun

__all__ = ["Cron", "Daily", "Every", "Hourly", "Job", "Once", "Retries", "When", "chunk", "find_job", "job"]

PACKAGES = ["jobs"]
"""Packages whose modules are jobs. Tests add their own."""


@dataclass(frozen=True)
class Retries:
    """How often a failure that may pass is tried again, and how long it waits: `first` seconds, doubled each time."""

    times: int = 3
    first: float = 60.0
    longest: float = 3600.0

    def pause(self, failures: int, asked: float | None = None) -> timedelta | None:
        """How long to wait after this many failures in a row; None when it is given up.

        Where the other side asked for `asked` seconds, that is the first pause, and never is one shorter.
        """
        if failures > self.times:
            return None
        first = self.first if asked is None else asked
        return timedelta(seconds=max(asked or 0, min(first * 2.0 ** min(failures - 1, 60), self.longest)))


@dataclass(frozen=True)
class Job:
    """A declared job."""

    key: str
    """The name of its file and of its function."""
    name: str
    """What people call it, marked with `N_`."""
    does: str
    """One plain sentence, marked with `N_`."""
    function: Callable[["JobRun"], None]
    when: When | None
    """Its trigger; None for a job that is only fired by people or by other code."""
    jitter: timedelta
    """Its start is put off by up to this much, so that many jobs don't begin in the same second. The same due time
    always gets the same delay."""
    one_at_a_time: bool
    """A run waits until the run before it is finished, and at most one run by schedule waits."""
    missed: Literal["once", "skip"]
    """What becomes of a due time that nobody was there for and that is older than `grace`: run `once`, late, for all
    of them, or `skip` them and say so."""
    grace: timedelta
    """How late a firing may be and still count as in time."""
    retries: Retries
    """What happens after a TransientError. Other errors fail the run at once."""
    own_process: bool
    """Do it in a process of its own, whose memory is given back at the end."""
    started: str | None = None
    """For a job that has to be told what to work on: what starts it, marked with `N_`. Such a job has no schedule, and
    nobody can start it from its page."""

    def __call__(self, run: "JobRun") -> None:
        """Do it, here and now."""
        self.function(run)


def job(
    *,
    name: str,
    does: str,
    when: When | None,
    one_at_a_time: bool = True,
    missed: Literal["once", "skip"] = "once",
    grace: timedelta = timedelta(minutes=10),
    jitter: timedelta = timedelta(0),
    retries: Retries = Retries(),
    own_process: bool = False,
    started: str | None = None,
) -> Callable[[Callable[["JobRun"], None]], Job]:
    """Declare the function below as the job of its file; what each argument means stands at `Job`."""

    def declare(function: Callable[["JobRun"], None]) -> Job:
        return Job(
            key=function.__module__.rpartition(".")[2],
            name=name,
            does=does,
            function=function,
            when=when,
            jitter=jitter,
            one_at_a_time=one_at_a_time,
            missed=missed,
            grace=grace,
            retries=retries,
            own_process=own_process,
            started=started,
        )

    return declare


ChunkFunction = Callable[["ChunkRun"], int | None]
Function = TypeVar("Function", bound=ChunkFunction)
_chunks: dict[str, ChunkFunction] = {}


def chunk(step: str) -> Callable[[Function], Function]:
    """Declare the function that does one chunk of a fanned-out run; it gives how many rows it did.

    The module must be imported by the job's own file, since the worker finds it that way.
    """

    def declare(function: Function) -> Function:
        _chunks[step] = function
        return function

    return declare


def find_chunk(step: str) -> ChunkFunction:
    """The function of a step. Raises NotFoundError."""
    if step not in _chunks:
        raise NotFoundError(N_("There is no job step “%(step)s” any more."), step=step)
    return _chunks[step]


def find_job(key: str) -> Job:
    """The declared job of a key. Raises NotFoundError."""
    found = None
    for package in PACKAGES if key.isidentifier() else ():
        if importlib.util.find_spec(f"{package}.{key}"):
            found = getattr(importlib.import_module(f"{package}.{key}"), key, None)
        if isinstance(found, Job):
            return found
    raise NotFoundError(N_("There is no job “%(job)s”."), job=key)


def all_jobs() -> dict[str, Job]:
    """Every declared job by key."""
    return {key: find_job(key) for package in PACKAGES for key in _names(importlib.import_module(package))}


def _names(package: ModuleType) -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))
