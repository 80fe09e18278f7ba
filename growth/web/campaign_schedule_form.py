"""The form of a campaign's last step: from what is typed to when it goes out, and back."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from growth.campaigns.fields import checked, moment_in, past, per_hour_in
from growth.campaigns.records import Campaign
from growth.campaigns.states import Kind
from growth.errors import InvalidError
from growth.locales import N_

KINDS = {
    Kind.ONCE: N_("Once"),
    Kind.RECURRING: N_("Again and again"),
    Kind.TRIGGERED: N_("When something happens"),
}
MODES = {
    "at_once": N_("To all at that moment"),
    "local_hour": N_("At an hour of each reader's own day:"),
    "usual_hour": N_("At the hour each reader usually opens messages"),
}
UNITS = {"minutes": N_("minutes"), "hours": N_("hours"), "days": N_("days")}
_MINUTES = {"minutes": 1, "hours": 60, "days": 1_440}


class ScheduleAsked(BaseModel):
    """The fields, as they were typed."""

    kind: str = "once"
    when: str = "later"
    at: str = ""
    mode: str = "at_once"
    hour: str = "10"
    within_hours: str = ""
    every: str = "week"
    weekday: str = "mon"
    month_day: str = "1"
    time: str = "10:00"
    until: str = ""
    cause: str = "event:subscribe"
    event_name: str = ""
    delay: str = "0"
    unit: str = "hours"
    again_after_days: str = "7"
    per_hour: str = ""

    def changes(self, zone: str, now: datetime) -> dict[str, Any]:
        """The campaign's fields; those of another kind are left as they are. Raises InvalidError."""
        timing = {"mode": self.mode, "hour": self.hour, "within_hours": self.within_hours}
        wanted: dict[str, Any] = {"kind": self.kind, "timing": timing, "per_hour": per_hour_in(self.per_hour)}
        if self.kind == Kind.ONCE:
            wanted["scheduled_at"] = self.moment(zone, now)
        if self.kind == Kind.RECURRING:
            wanted["recurrence"] = self._recurrence(zone)
        if self.kind == Kind.TRIGGERED:
            wanted["trigger"] = self._trigger()
        return checked(wanted)

    def moment(self, zone: str, now: datetime) -> datetime | None:
        """The moment of a campaign that goes out once; None for now. Raises InvalidError, field `at`."""
        if self.when == "now" or self.kind != Kind.ONCE:
            return None
        moment = moment_in(self.at, zone, now)
        if moment < now:
            raise past()
        return moment

    def _recurrence(self, zone: str) -> dict[str, Any]:
        day = {"week": self.weekday, "month": self.month_day}.get(self.every)
        return {"every": self.every, "day": day, "at": self.time, "zone": zone, "until": self.until or None}

    def _trigger(self) -> dict[str, Any]:
        kind, _, name = self.cause.partition(":")
        typed = self.delay.strip() or "0"
        if not (typed.isascii() and typed.isdecimal() and len(typed) < 7 and self.unit in UNITS):
            raise InvalidError("delay", N_("Give a whole number."))
        cause = {"stage": name} if kind == "stage" else {"event": name, "name": self.event_name}
        delay = int(typed) * _MINUTES[self.unit]
        return cause | {"delay_minutes": delay, "again_after_days": self.again_after_days}


def filled_in(campaign: Campaign, zone: str, now: datetime, *, kind: str | None, when: str | None) -> ScheduleAsked:
    """The form as it stands for a campaign; `kind` and `when` are what a link asked for."""
    shown = kind if kind in set(Kind) else campaign.kind
    kept: dict[str, Any] = {
        "kind": shown,
        "when": "now" if when == "now" else "later",
        "at": _proposed(campaign, zone, now),
        "mode": campaign.timing.get("mode", "at_once"),
        "within_hours": str(campaign.timing.get("within_hours") or ""),
        "per_hour": str(campaign.per_hour or ""),
    }
    if campaign.timing.get("hour") is not None:
        kept["hour"] = str(campaign.timing["hour"])
    return ScheduleAsked(**kept | _of_recurrence(campaign.recurrence) | _of_trigger(campaign.trigger))


def _proposed(campaign: Campaign, zone: str, now: datetime) -> str:
    """The moment it had, or tomorrow at ten."""
    local = ZoneInfo(zone)
    tomorrow = datetime.combine(now.astimezone(local).date() + timedelta(days=1), time(10))
    had = campaign.scheduled_at
    return (had.astimezone(local) if had and had > now else tomorrow).strftime("%Y-%m-%dT%H:%M")


def _of_recurrence(recurrence: dict[str, Any] | None) -> dict[str, Any]:
    if recurrence is None:
        return {}
    day = {"week": "weekday", "month": "month_day"}.get(recurrence["every"])
    kept = {"every": recurrence["every"], "time": recurrence["at"], "until": recurrence.get("until") or ""}
    return kept | ({day: str(recurrence["day"])} if day else {})


def _of_trigger(trigger: dict[str, Any] | None) -> dict[str, Any]:
    if trigger is None:
        return {}
    minutes = int(trigger["delay_minutes"])
    unit = next(unit for unit in ("days", "hours", "minutes") if minutes % _MINUTES[unit] == 0)
    cause = f"stage:{trigger['stage']}" if "stage" in trigger else f"event:{trigger['event']}"
    return {
        "cause": cause,
        "event_name": trigger.get("name", ""),
        "delay": str(minutes // _MINUTES[unit]),
        "unit": unit if minutes else "hours",
        "again_after_days": str(trigger["again_after_days"]),
    }
