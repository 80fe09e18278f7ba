"""What may set a triggered campaign off, and how long after it; each checked and in its one stored form."""

from collections.abc import Mapping
from typing import Any

from growth.errors import InvalidError
from growth.leads.stages import STAGES
from growth.locales import N_

EVENTS = {
    "subscribe": N_("They subscribe"),
    "registration": N_("They register"),
    "order": N_("They order"),
    "refund": N_("They get money back"),
    "email_click": N_("They follow a link in a message"),
    "contact": N_("They get in touch"),
    "shop_open": N_("They open a shop"),
    "custom": N_("Something that has a name of your own"),
}
LONGEST_DELAY_DAYS = 90
LONGEST_REST_DAYS = 365
_DAY_MINUTES = 1440


def checked_trigger(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A trigger as it is stored; raises InvalidError for the first field that isn't right.

    `{"event": kind}`, `{"event": "custom", "name": …}` or `{"stage": stage}`, each with `delay_minutes` and
    `again_after_days`.
    """
    delay = _whole(
        "delay", wanted.get("delay_minutes", 0), 0, LONGEST_DELAY_DAYS * _DAY_MINUTES, N_("Wait at most 90 days.")
    )
    rest = _whole(
        "again_after_days", wanted.get("again_after_days", 7), 1, LONGEST_REST_DAYS, N_("Give 1 to 365 days.")
    )
    return _cause(wanted) | {"delay_minutes": delay, "again_after_days": rest}


def _cause(wanted: Mapping[str, Any]) -> dict[str, Any]:
    if wanted.get("stage"):
        if wanted["stage"] not in STAGES:
            raise InvalidError("stage", N_("Choose a stage of the list."))
        return {"stage": wanted["stage"]}
    if wanted.get("event") not in EVENTS:
        raise InvalidError("event", N_("Choose what sets it off."))
    if wanted["event"] != "custom":
        return {"event": wanted["event"]}
    name = str(wanted.get("name") or "").strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise InvalidError("event_name", N_("Give the name that your shop sends, such as basket."))
    return {"event": "custom", "name": name}


def _whole(field: str, number: Any, least: int, most: int, sentence: str) -> int:
    text = str(number).strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        raise InvalidError(field, sentence)
    return int(text)
