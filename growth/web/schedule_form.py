"""The form of a job's schedule: from what is typed to a schedule, and back."""

from typing import Any

from pydantic import BaseModel

from growth.errors import InvalidError
from growth.locales import N_
from growth.scheduling.when import Cron, Daily, Every, Hourly, When, in_zone

UNITS = {"days": N_("days"), "hours": N_("hours"), "minutes": N_("minutes"), "seconds": N_("seconds")}
_SECONDS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


class ScheduleForm(BaseModel):
    """The fields, as they were typed. `kind` is declared, every, hourly, daily or cron; empty before anything was."""

    kind: str = ""
    every: str = "1"
    unit: str = "hours"
    minute: str = "0"
    at: str = "06:00"
    days: list[str] = []
    expression: str = "0 6 * * *"
    time_zone: str = ""
    version: int = 0

    def when(self) -> When | None:
        """The schedule it asks for; None for the declared one. Raises InvalidError."""
        match self.kind:
            case "declared":
                return None
            case "every" if self.unit in UNITS:
                return Every(**{self.unit: _whole("every", self.every)})
            case "hourly":
                return in_zone(Hourly(_whole("minute", self.minute)), self.time_zone or None)
            case "daily":
                return in_zone(Daily(self.at, tuple(self.days)), self.time_zone or None)
            case "cron":
                return in_zone(Cron(self.expression), self.time_zone or None)
        raise InvalidError("kind", N_("Choose when it runs."))


def _whole(field: str, typed: str) -> int:
    if not typed.strip().isdecimal() or len(typed) > 9:
        raise InvalidError(field, N_("Give a whole number."))
    return int(typed)


def filled_in(when: When | None, declared: When | None, version: int) -> ScheduleForm:
    """The form as it stands for the schedule in force."""
    kind = "declared" if when == declared else _KINDS.get(type(when), "declared")
    return ScheduleForm(kind=kind, version=version, **_fields(when))


_KINDS: dict[type, str] = {Every: "every", Hourly: "hourly", Daily: "daily", Cron: "cron"}


def _fields(when: When | None) -> dict[str, Any]:
    match when:
        case Every():
            unit = next(unit for unit, size in _SECONDS.items() if when.total_seconds % size == 0)
            return {"every": str(when.total_seconds // _SECONDS[unit]), "unit": unit}
        case Hourly():
            return {"minute": str(when.minute), "time_zone": when.time_zone or ""}
        case Daily():
            at = f"{when.hour:02}:{when.minute:02}"
            return {"at": at, "days": list(when.days), "time_zone": when.time_zone or ""}
        case Cron():
            return {"expression": when.expression, "time_zone": when.time_zone or ""}
    return {}
