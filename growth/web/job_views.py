"""Jobs and runs as their pages show them: in words, with a meter and a trend."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated

from fastapi import Depends
from markupsafe import Markup

from growth.errors import GrowthError
from growth.locales import N_, translate
from growth.people.accounts import Role
from growth.scheduling.declare import find_job
from growth.scheduling.overview import Overview
from growth.scheduling.progress import Progress, progress
from growth.scheduling.records import JobChunk, JobRun
from growth.scheduling.when import Cron, Daily
from growth.scheduling.words import STATES, outcome_in_words, schedule_in_words, starter_in_words, zone_in_words
from growth.web.access import ClockDep, ViewerDep
from growth.web.charts import meter, sparkline
from growth.web.formats import percent_text, span_text

TONES = {"succeeded": " good", "failed": " bad", "running": " warn"}


@dataclass(frozen=True)
class Reader:
    """Whose page it is, and when."""

    email: str
    locale: str
    zone: str
    now: datetime
    may_edit: bool
    """Whether schedules are theirs to change."""


def _reader(viewer: ViewerDep, clock: ClockDep) -> Reader:
    return Reader(viewer.email, viewer.locale, viewer.time_zone, clock.now(), viewer.has(Role.MARKETER))


ReaderDep = Annotated[Reader, Depends(_reader)]


@dataclass(frozen=True)
class RunView:
    """A run, as told to a reader."""

    run: JobRun
    reader: Reader

    @property
    def unfinished(self) -> bool:
        """Whether it waits or goes on."""
        return self.run.finished_at is None

    @property
    def will_try_again(self) -> bool:
        """Whether it failed and waits for its next try."""
        return self.unfinished and self.run.retry_at is not None

    @property
    def waits_for_another(self) -> bool:
        """Whether it begins when the run before it has ended."""
        return self.run.state == "queued" and self.run.task_id is None

    @property
    def state(self) -> str:
        """In a word."""
        return translate(self.reader.locale, STATES["failed" if self.will_try_again else self.run.state])

    @property
    def tone(self) -> str:
        """The pill's class."""
        return TONES.get("failed" if self.will_try_again else self.run.state, "")

    @property
    def starter(self) -> str:
        """Who or what started it."""
        return starter_in_words(self.run.fired_by, self.reader.locale)

    @cached_property
    def outcome(self) -> tuple[str, str]:
        """What it says about how it went, and the remedy."""
        return outcome_in_words(self.run.words, self.reader.locale, self.reader.zone)

    @cached_property
    def progress(self) -> Progress:
        """How far it is."""
        run = self.run
        return progress(run.done, run.total, since=run.resumed_at, done_before=run.resumed_done, now=self.reader.now)

    @property
    def meter(self) -> Markup:
        """A bar of its share; nothing while that isn't known."""
        share = self.progress.share
        return Markup("") if share is None else meter(share, 1, percent_text(share, self.reader.locale))

    @property
    def seconds(self) -> float | None:
        """How long it took, or has taken so far."""
        if self.run.started_at is None:
            return None
        return max(((self.run.finished_at or self.reader.now) - self.run.started_at).total_seconds(), 0)


@dataclass(frozen=True)
class PartView:
    """A part of a run, as told to a reader."""

    part: JobChunk
    reader: Reader

    @property
    def state(self) -> str:
        """In a word."""
        return translate(self.reader.locale, STATES[self.part.state])

    @property
    def tone(self) -> str:
        """The pill's class."""
        return TONES.get(self.part.state, "")

    @cached_property
    def outcome(self) -> tuple[str, str]:
        """What went wrong, and the remedy."""
        return outcome_in_words(self.part.words, self.reader.locale, self.reader.zone)

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        if self.part.started_at is None or self.part.finished_at is None:
            return None
        return max((self.part.finished_at - self.part.started_at).total_seconds(), 0)


@dataclass(frozen=True)
class JobView:
    """A job, as told to a reader."""

    found: Overview
    reader: Reader

    @property
    def key(self) -> str:
        """Name of its file."""
        return self.found.job.key

    @property
    def when(self) -> str:
        """Its schedule in words, or what starts it."""
        if self.found.job.started is not None:
            return translate(self.reader.locale, self.found.job.started)
        return schedule_in_words(self.found.when, self.reader.locale, self.reader.zone)

    @property
    def elsewhere(self) -> str:
        """The place its schedule is reckoned for, where that is not the reader's."""
        if not isinstance(self.found.when, Daily | Cron) or self.found.zone == self.reader.zone:
            return ""
        return zone_in_words(self.found.zone, self.reader.locale)

    @cached_property
    def current(self) -> RunView | None:
        """The run that goes on or waits."""
        return RunView(self.found.current, self.reader) if self.found.current is not None else None

    @cached_property
    def last(self) -> RunView | None:
        """The newest that has ended."""
        return RunView(self.found.last, self.reader) if self.found.last is not None else None

    @property
    def name(self) -> str:
        """What people call it."""
        return translate(self.reader.locale, self.found.job.name)

    @property
    def pace(self) -> str:
        """How long the latest runs took, in words."""
        low, high = (span_text(end(self.found.seconds), self.reader.locale) for end in (min, max))
        return translate(self.reader.locale, N_("Duration of the latest runs: %(low)s to %(high)s"), low=low, high=high)

    @property
    def trend(self) -> Markup:
        """The same as a line; nothing before there are two."""
        return sparkline(self.found.seconds, self.pace) if len(self.found.seconds) > 1 else Markup("")


def name_of(job_key: str, locale: str) -> str:
    """A job's name; of one that is no longer declared, the name of its file."""
    try:
        return translate(locale, find_job(job_key).name)
    except GrowthError:
        return job_key


def may_run(job_key: str) -> bool:
    """Whether a person can start the job as it is."""
    try:
        return find_job(job_key).started is None
    except GrowthError:
        return False
