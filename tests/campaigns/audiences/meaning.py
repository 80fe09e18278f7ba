"""What conditions mean, in plain Python over a made population: what the SQL is held against."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from growth.locales import closest
from tests.campaigns.audiences.population import NOW, Made, World


def holds(node: Mapping[str, Any], one: Made, world: World) -> bool:
    """Whether a person is in the audience."""
    if "all" in node:
        return all(holds(child, one, world) for child in node["all"])
    if "any" in node:
        return any(holds(child, one, world) for child in node["any"])
    if "not" in node:
        return not holds(node["not"], one, world)
    positive = node["op"] in {"in", "within", "since", "is", "granted", "did", "at_least"}
    return _MEANINGS[node["field"]](node["value"], one, world) == positive


def _since(days: int | None) -> datetime:
    return NOW - timedelta(days=days) if days is not None else NOW - timedelta(days=99_999)


def _side(names: list[str], one: Made, _: World) -> bool:
    sides = {one.side} | {"buyer" for _paid in one.paid}
    return bool(set(names) & (sides | {{"news": "buyer", "shops": "seller"}[key] for key in one.lists}))


def _event(value: Mapping[str, Any], one: Made, _: World) -> bool:
    times: int = value["times"]
    fitting = [at for kind, at in one.events if kind == value["kind"] and at >= _since(value["days"])]
    return len(fitting) >= times


def _custom_event(value: Mapping[str, Any], one: Made, _: World) -> bool:
    times: int = value["times"]
    fitting = [at for name, at in one.custom if name == value["name"] and at >= _since(value["days"])]
    return len(fitting) >= times


def _spent(value: Mapping[str, Any], one: Made, _: World) -> bool:
    since = _since(value["days"])
    fitting = [minor for _, minor, currency, at in one.paid if currency == value["currency"] and at >= since]
    least: int = value["amount_minor"]
    return sum(fitting) >= least


_AT = {"sent": "accepted_at", "delivered": "delivered_at", "opened": "opened_at", "clicked": "clicked_at"}


def _message(value: Mapping[str, Any], one: Made, _: World) -> bool:
    return any(
        message[_AT[value["step"]]] is not None
        and (value["days"] is None or message[_AT[value["step"]]] >= _since(value["days"]))
        and (not value["campaigns"] or message["campaign"] in value["campaigns"])
        for message in one.messages
    )


def _unopened(last: int, one: Made, _: World) -> bool:
    latest = [message for message in one.messages if message["accepted_at"] is not None][-last:]
    return len(latest) == last and not any(one["opened_at"] or one["clicked_at"] for one in latest)


_MEANINGS: dict[str, Callable[[Any, Made, World], bool]] = {
    "language": lambda value, one, _: closest(one.locale) in value,
    "country": lambda value, one, _: one.country in value,
    "time_zone": lambda value, one, _: one.zone in value,
    "joined": lambda value, one, _: one.joined >= _since(value),
    "joined_day": lambda value, one, _: one.joined >= datetime.fromisoformat(value),
    "side": _side,
    "audience": lambda _, one, __: one.country == "RU",
    "permission": lambda value, one, _: bool(one.bases & set(value["bases"] or one.bases)),
    "list": lambda value, one, _: any(one.lists.get(key) == "subscribed" for key in value),
    "left_list": lambda value, one, _: any(one.lists.get(key) == "left" for key in value),
    "suppressed": lambda _, one, __: one.suppressed,
    "event": _event,
    "custom_event": _custom_event,
    "spent": _spent,
    "message": _message,
    "unopened": _unopened,
    "lead_stage": lambda value, one, _: one.stage in value,
    "lead_score": lambda value, one, _: one.score is not None and one.score >= value / 100,
    "organisation_kind": lambda value, one, _: one.kind in value,
    "province": lambda value, one, _: one.province in value,
}
