"""Schedules, policies and outcomes in words, in a reader's language and time zone."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import Locale, dates

from growth.errors import NotFoundError
from growth.locales import N_, translate
from growth.scheduling.declare import Job, Retries, find_job
from growth.scheduling.when import WEEKDAYS, Cron, Daily, Every, Hourly, Once, When

STATES = {
    "queued": N_("waiting"),
    "running": N_("running"),
    "succeeded": N_("done"),
    "failed": N_("failed"),
    "skipped": N_("left out"),
}
BY_HAND = N_("Only by hand")

_SINGLE: dict[str, str] = {
    "day": N_("Every day"),
    "hour": N_("Every hour"),
    "minute": N_("Every minute"),
    "second": N_("Every second"),
}
Unit = Literal["day", "hour", "minute", "second"]
_SECONDS: dict[Unit, int] = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}


def schedule_in_words(when: When | None, locale: str, zone: str) -> str:
    """`Every 5 minutes`, `Mon, Fri at 6:00 AM`; a single moment is told in `zone`, the others in their own."""
    match when:
        case None:
            return translate(locale, BY_HAND)
        case Every():
            return _pace(when.total_seconds, locale)
        case Hourly():
            return translate(locale, N_("Every hour at :%(minute)s"), minute=f"{when.minute:02}")
        case Daily():
            return _daily(when, locale)
        case Cron():
            return translate(locale, N_("%(expression)s (cron)"), expression=when.expression)
        case Once():
            local = when.at.astimezone(ZoneInfo(zone))
            moment = dates.format_datetime(local, "medium", tzinfo=local.tzinfo, locale=locale)
            return translate(locale, N_("Once, %(moment)s"), moment=moment)


def _pace(seconds: int, locale: str) -> str:
    unit = next(unit for unit, size in _SECONDS.items() if seconds % size == 0)
    if seconds == _SECONDS[unit]:
        return translate(locale, _SINGLE[unit])
    return translate(locale, N_("Every %(span)s"), span=_exact_span(seconds, unit, locale))


def _exact_span(seconds: float, unit: Unit, locale: str) -> str:
    """Always in this unit: 90 minutes stay 90 minutes."""
    return str(dates.format_timedelta(timedelta(seconds=seconds), granularity=unit, threshold=1e12, locale=locale))


def _daily(when: Daily, locale: str) -> str:
    at = dates.format_time(time(when.hour, when.minute), "short", locale=locale)
    days = tuple(day for day in WEEKDAYS if day in when.days)
    if days in {(), WEEKDAYS}:
        return translate(locale, N_("Every day at %(time)s"), time=at)
    if days == WEEKDAYS[:5]:
        return translate(locale, N_("Monday to Friday at %(time)s"), time=at)
    names = ", ".join(weekday_name(day, locale) for day in days)
    return translate(locale, N_("%(days)s at %(time)s"), days=names, time=at)


def weekday_name(day: str, locale: str) -> str:
    """`Mon` for `mon`."""
    return str(Locale.parse(locale).days["stand-alone"]["abbreviated"][WEEKDAYS.index(day)])


def zone_in_words(zone: str, locale: str) -> str:
    """The city that a time zone is named for, in the reader's language."""
    city = str(dates.get_timezone_location(ZoneInfo(zone), locale=locale, return_city=True))
    return city.rpartition("/")[2]


def policy_in_words(job: Job, locale: str) -> list[str]:
    """What becomes of what it missed, of failures, and of a second run at the same time; a sentence each."""
    grace = _longest_unit(job.grace, locale)
    if job.missed == "once":
        missed = N_("When nobody was there at its time, it runs once, late, for all it missed.")
    else:
        missed = N_("When nobody was there at its time, it is left out, unless the delay is short (%(span)s at most).")
    alone = N_("One run at a time: the next waits until the one before has ended.")
    several = N_("Several runs may go on at the same time.")
    return [
        *([translate(locale, missed, span=grace)] if job.when is not None else []),
        _retries(job.retries, locale),
        translate(locale, alone if job.one_at_a_time else several),
    ]


def _retries(retries: Retries, locale: str) -> str:
    if retries.times == 0:
        return translate(locale, N_("When it fails, it waits for somebody to try it again."))
    span = _longest_unit(timedelta(seconds=retries.first), locale)
    sentence = N_(
        "When it fails for a reason that may pass, it tries again by itself, up to %(times)s times (first wait:"
        " %(span)s; then longer)."
    )
    return translate(locale, sentence, span=span, times=retries.times)


def _longest_unit(span: timedelta, locale: str) -> str:
    seconds = max(span.total_seconds(), 0)
    fitting = (unit for unit, size in _SECONDS.items() if seconds >= size and seconds % size == 0)
    unit: Unit = next(fitting, "second")
    return _exact_span(seconds, unit, locale)


def starter_in_words(fired_by: str, locale: str) -> str:
    """Who or what started a run."""
    if fired_by == "schedule":
        return translate(locale, N_("By schedule"))
    return translate(locale, N_("By %(who)s"), who=_starter(fired_by, locale))


def _starter(fired_by: str, locale: str) -> str:
    """A person's e-mail, or the name of the job that started this one."""
    try:
        return f"“{translate(locale, find_job(fired_by).name)}”"
    except NotFoundError:
        return fired_by.removeprefix("person:")


def outcome_in_words(words: Mapping[str, Any] | None, locale: str, zone: str) -> tuple[str, str]:
    """What a run, part or line says, and what to do about it; empty where it says nothing.

    A run of which parts failed says also why the first of them did, and what to do about that.
    """
    if not words:
        return "", ""
    if words.get("part"):
        why, advice = outcome_in_words(words["part"], locale, zone)
        own, otherwise = outcome_in_words({**words, "part": None}, locale, zone)
        return f"{own} {why}", advice or otherwise
    values = {name: _readable(value, locale, zone) for name, value in (words.get("values") or {}).items()}
    remedy = words.get("remedy")
    return _filled(locale, words["message"], values), _filled(locale, remedy, values) if remedy else ""


def _filled(locale: str, sentence: str, values: Mapping[str, object]) -> str:
    try:
        return translate(locale, sentence, **values)
    except (KeyError, TypeError, ValueError):  # kept by an older version, or with a bare percent sign
        return sentence


def _readable(value: object, locale: str, zone: str) -> object:
    """Moments are kept as ISO text."""
    if isinstance(value, str) and len(value) >= len("2026-11-24 12:00:00"):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        local = moment.astimezone(ZoneInfo(zone))
        return dates.format_datetime(local, "medium", tzinfo=local.tzinfo, locale=locale)
    return value
