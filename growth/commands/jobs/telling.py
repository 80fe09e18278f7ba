"""Jobs and runs on the console, in plain English and the workspace's time zone."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import orjson
from rich.table import Table
from sqlalchemy.orm import Session

from growth.scheduling.declare import find_job
from growth.scheduling.due import due_times
from growth.scheduling.history import lines_of, parts_of, run_by_id, runs_of
from growth.scheduling.overview import Overview, overview_of, took
from growth.scheduling.records import JobRun
from growth.scheduling.schedules import default_zone
from growth.scheduling.words import STATES, outcome_in_words, schedule_in_words, starter_in_words
from growth.web.formats import ago_text, moment_text, span_text

_ENGLISH = "en"
_RUNS = 10
_LINES = 50


def as_json(found: object) -> str:
    """Indented, moments as ISO 8601."""
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()


def job_table(found: Sequence[Overview], zone: str, now: datetime) -> Table:
    """A line a job."""
    table = Table("job", "when", "next", "last run", box=None, pad_edge=False)
    for one in found:
        table.add_row(
            one.job.key,
            one.job.started or schedule_in_words(one.when, _ENGLISH, zone),
            _next(one, zone, now),
            _last(one, zone, now),
        )
    return table


def _next(one: Overview, zone: str, now: datetime) -> str:
    if one.paused:
        return "paused"
    return moment_text(one.next_due, _ENGLISH, zone, now) if one.next_due is not None else "-"


def _last(one: Overview, zone: str, now: datetime) -> str:
    if one.current is not None:
        return run_state(one.current, zone, now)
    return run_state(one.last, zone, now) if one.last is not None else "-"


def run_state(run: JobRun, zone: str, now: datetime) -> str:
    """`done in 42 sec, 3 minutes ago`, `failed 8 minutes ago: why`, `running, 1,200 of 3,600`."""
    if run.finished_at is None and run.retry_at is not None:
        return f"failed, tries again {moment_text(run.retry_at, _ENGLISH, zone, now)}: {sentence(run, zone)}"
    if run.finished_at is None:
        far = f", {run.done:,}" + (f" of {run.total:,}" if run.total else "") if run.done else ""
        return STATES[run.state] + far
    seconds = took(run)
    ended = ago_text(run.finished_at, _ENGLISH, now)
    if seconds is not None:
        return f"{STATES[run.state]} in {span_text(seconds, _ENGLISH)}, {ended}"
    return f"{STATES[run.state]} {ended}: {sentence(run, zone)}"


def sentence(run: JobRun, zone: str) -> str:
    """What went wrong and what to do about it."""
    return " ".join(filter(None, outcome_in_words(run.words, _ENGLISH, zone)))


def job_json(one: Overview) -> dict[str, Any]:
    """A job for programs."""
    return {
        "job": one.job.key,
        "name": one.job.name,
        "does": one.job.does,
        "schedule": one.when.as_json() if one.when is not None else None,
        "time_zone": one.zone,
        "next_due": one.next_due,
        "paused": one.paused,
        "failing": one.failing,
        "current": run_json(one.current) if one.current is not None else None,
        "last": run_json(one.last) if one.last is not None else None,
    }


def run_json(run: JobRun) -> dict[str, Any]:
    """A run for programs."""
    kept = ("id", "job", "due_at", "fired_by", "state", "started_at", "finished_at", "retry_at", "done", "total")
    return {name: getattr(run, name) for name in kept} | {"words": sentence(run, "UTC") or None}


class Teller:
    """Tells about a job or a run, from one transaction, at a moment."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.now = now
        self.zone = default_zone(session)

    def job(self, job_key: str) -> str:
        """Its schedule and its latest runs."""
        found = overview_of(self.session, job_key)
        runs = runs_of(self.session, job_key, states=(), before=None, limit=_RUNS)
        told = [f"{run.id:>9}  {self._moment(run.due_at):<18}  {run_state(run, self.zone, self.now)}" for run in runs]
        paused = f"Paused by {found.schedule.paused_by}." if found.schedule is not None and found.paused else ""
        lines = [f"{found.job.name}: {found.job.does}", following(self.session, job_key, self.now), paused, *told]
        return "\n".join(filter(None, lines))

    def job_json(self, job_key: str) -> dict[str, Any]:
        """The same for programs."""
        runs = runs_of(self.session, job_key, states=(), before=None, limit=_RUNS)
        return job_json(overview_of(self.session, job_key)) | {"runs": [run_json(run) for run in runs]}

    def run(self, run_id: int) -> str:
        """How it went, its parts and the end of its log."""
        run = run_by_id(self.session, run_id)
        starter = starter_in_words(run.fired_by, _ENGLISH)
        parts = parts_of(self.session, run_id, limit=5)
        lines = [f"{run.job}, run {run.id}, for {self._moment(run.due_at)}, {starter[:1].lower()}{starter[1:]}"]
        lines.append(run_state(run, self.zone, self.now))
        if parts.total:
            lines.append("parts: " + ", ".join(f"{count:,} {STATES[state]}" for state, count in parts.counts.items()))
        lines += [
            f"  part {one.position + 1}: {self._words(one.words)}" for one in parts.shown if one.state == "failed"
        ]
        return "\n".join([*lines, *self.log(run_id)])

    def run_json(self, run_id: int) -> dict[str, Any]:
        """The same for programs, with the technical detail."""
        run = run_by_id(self.session, run_id)
        return run_json(run) | {"detail": run.detail, "log": self.log(run_id)}

    def log(self, run_id: int) -> list[str]:
        """The last lines of its log, oldest first."""
        lines = lines_of(self.session, run_id, before=None, limit=_LINES)
        return [f"{self._moment(line.at)}  {self._words(line.words)}" for line in reversed(lines)]

    def _words(self, words: dict[str, Any] | None) -> str:
        return " ".join(filter(None, outcome_in_words(words, _ENGLISH, self.zone)))

    def _moment(self, moment: datetime) -> str:
        return moment_text(moment, _ENGLISH, self.zone, self.now)


def following(session: Session, job_key: str, now: datetime) -> str:
    """A job's schedule, and the next moments it is due."""
    found, zone = overview_of(session, find_job(job_key).key), default_zone(session)
    words = found.job.started or schedule_in_words(found.when, _ENGLISH, zone)
    if found.when is None:
        return f"{words}."
    moments = islice(due_times(found.when, zone, now), 5)
    told = ", ".join(moment_text(moment, _ENGLISH, zone, now) for moment in moments)
    return f"{words} ({found.zone}); due next in {zone}: {told or 'never'}"
