"""When a campaign goes out, in words."""

from datetime import date, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, dates
from fastapi import Request

from growth.campaigns.occasions.causes import EVENTS
from growth.campaigns.records import Campaign
from growth.campaigns.states import Kind
from growth.leads.stages import STAGES
from growth.locales import N_
from growth.scheduling.when import WEEKDAYS
from growth.web.formats import day_text
from growth.web.rendering import locale_of, said

_WHERE = {
    "local_hour": N_("at %(hour)s where each reader is"),
    "usual_hour": N_("at the hour each reader usually opens messages"),
}


@lru_cache
def weekday_names(locale: str) -> list[tuple[str, str]]:
    """Key and name of the days of the week, Monday first."""
    names = Locale.parse(locale).days["stand-alone"]["wide"]
    return [(key, str(names[place])) for place, key in enumerate(WEEKDAYS)]


def when_words(request: Request, campaign: Campaign, zone: str) -> str:
    """When it goes out, as one line; empty while nobody has said."""
    parts = {Kind.RECURRING: _again, Kind.TRIGGERED: _after_cause}.get(Kind(campaign.kind), _once)(
        request, campaign, zone
    )
    where = _WHERE.get(campaign.timing.get("mode", "at_once"))
    if where and any(parts) and campaign.kind == Kind.ONCE:
        parts = [said(request, N_("from %(moment)s on"), moment=", ".join(parts))]
    if where and any(parts) and campaign.kind != Kind.TRIGGERED:
        parts.append(said(request, where, hour=_time(time(campaign.timing.get("hour") or 0), locale_of(request))))
    return ", ".join(part for part in parts if part)


def part_words(request: Request, field: str, value: Any, zone: str) -> str:
    """One of the fields that say when, by itself."""
    if field == "timing":
        where = _WHERE.get(value.get("mode"), N_("to all at once"))
        return said(request, where, hour=_time(time(value.get("hour") or 0), locale_of(request)))
    kind = {"recurrence": Kind.RECURRING, "trigger": Kind.TRIGGERED}.get(field, Kind.ONCE)
    return when_words(request, Campaign(kind=kind, timing={}, **{field: value}), zone)


def _once(request: Request, campaign: Campaign, zone: str) -> list[str]:
    if campaign.scheduled_at is None:
        return []
    local = campaign.scheduled_at.astimezone(ZoneInfo(zone))
    locale = locale_of(request)
    day = dates.format_skeleton("yMMMMEEEEd", local, locale=locale)
    return [str(day), _time(local.time(), locale)]


def _again(request: Request, campaign: Campaign, _zone: str) -> list[str]:
    found, locale = campaign.recurrence or {}, locale_of(request)
    at = _time(time.fromisoformat(found["at"]), locale)
    values = {"at": at, "zone": found["zone"].replace("_", " "), "day": str(found.get("day") or "")}
    sentences = {
        "day": N_("every day at %(at)s (%(zone)s)"),
        "week": N_("every week, %(day)s at %(at)s (%(zone)s)"),
        "month": N_("every month on day %(day)s at %(at)s (%(zone)s)"),
    }
    values["day"] = dict(weekday_names(locale)).get(values["day"], values["day"])
    said_of_it = said(request, sentences[found["every"]], **values)
    if not found.get("until"):
        return [said_of_it]
    last = day_text(date.fromisoformat(found["until"]), locale)
    return [said_of_it, said(request, N_("until %(day)s"), day=last)]


def _after_cause(request: Request, campaign: Campaign, _zone: str) -> list[str]:
    found = campaign.trigger or {}
    rest = said(request, N_("not again within %(days)s days"), days=found["again_after_days"])
    return [cause_words(request, found), _delay(request, found["delay_minutes"]), rest]


def cause_words(request: Request, trigger: dict[str, Any]) -> str:
    """What sets a triggered campaign off."""
    if "stage" in trigger:
        return said(request, N_("Their lead reaches “%(stage)s”"), stage=said(request, STAGES[trigger["stage"]]))
    if trigger["event"] == "custom":
        return said(request, N_("“%(name)s” happens"), name=trigger["name"])
    return said(request, EVENTS[trigger["event"]])


def _delay(request: Request, minutes: int) -> str:
    if not minutes:
        return said(request, N_("at once"))
    span = dates.format_timedelta(minutes * 60, threshold=100, granularity="minute", locale=locale_of(request))
    if minutes % 1_440 == 0:
        span = dates.format_timedelta(minutes * 60, threshold=0, granularity="day", locale=locale_of(request))
    elif minutes % 60 == 0:
        span = dates.format_timedelta(minutes * 60, threshold=24, granularity="hour", locale=locale_of(request))
    return said(request, N_("%(span)s later"), span=str(span))


def _time(moment: time, locale: str) -> str:
    return str(dates.format_time(moment, "short", locale=locale))
