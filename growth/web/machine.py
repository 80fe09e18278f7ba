"""What this machine has, as the set-up page tells it."""

import shutil
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.locales import N_
from growth.settings import Settings

_EVENT_BYTES = 1_500  # one event with its indexes and its share of credits and roll-ups
_LITTLE = 5 * 10**9


@dataclass(frozen=True)
class Found:
    """One line: `tone` good, warn or muted; sentences are translatable."""

    tone: str
    text: str
    more: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def icon(self) -> str:
        """Its sign, so that colour isn't the only one."""
        return {"good": "circle-check", "warn": "alert-triangle", "muted": "info-circle"}[self.tone]


def machine(session: Session, config: Settings) -> list[Found]:
    """The database, the workers, providers and the disk."""
    version = session.scalar(text("select current_setting('server_version')")) or "?"
    workers = session.scalar(
        text("select count(*) from procrastinate_workers where last_heartbeat > now() - interval '1 minute'")
    )
    free = shutil.disk_usage(config.home if config.home.exists() else ".").free
    return [
        database(version, embedded=config.database_url is None),
        working(workers or 0),
        sendgrid(connected=config.sendgrid_api_key is not None),
        disk(free),
    ]


def database(version: str, *, embedded: bool) -> Found:
    """Which PostgreSQL answers."""
    more = N_("Use your own with GROWTH_DATABASE_URL.") if embedded else N_("Your own, from GROWTH_DATABASE_URL.")
    return Found("good", N_("PostgreSQL %(version)s is running"), more, {"version": version.split(maxsplit=1)[0]})


def working(workers: int) -> Found:
    """Whether anything will do the jobs."""
    if workers:
        return Found("good", N_("A worker is running"), N_("Jobs begin once set-up is finished."))
    return Found(
        "warn", N_("No worker is running"), N_("Start one with “growth work”, or everything with “growth run”.")
    )


def sendgrid(*, connected: bool) -> Found:
    """Whether e-mail can leave."""
    if connected:
        return Found("good", N_("SendGrid is connected"), N_("Nothing is sent before you schedule a campaign."))
    return Found("muted", N_("SendGrid is not connected"), N_("Set GROWTH_SENDGRID_API_KEY before the first campaign."))


def disk(free: int) -> Found:
    """How long the disk lasts."""
    values = {"free": round(free / 10**9, 1), "events": max(free // _EVENT_BYTES // 10**6, 0)}
    tone = "good" if free > _LITTLE else "warn"
    return Found(tone, N_("%(free)s GB of disk left"), N_("Enough for about %(events)s million events."), values)
