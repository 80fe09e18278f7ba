"""A hold-out for a terminal and for other systems."""

from collections.abc import Mapping
from typing import Any

from growth.experiments.holdouts.records import Holdout

_FIELDS = ("id", "name", "kind", "side", "channel", "outcome", "regions", "percent", "weeks", "settle_days", "state")


def holdout_told(found: Holdout) -> dict[str, Any]:
    """As JSON."""
    told = {name: getattr(found, name) for name in _FIELDS}
    days = {"starts_on": found.starts_on.isoformat(), "ends_on": found.ends_on.isoformat()}
    return told | days | {"plan": found.plan, "result": found.result}


def sentence(told: Mapping[str, Any]) -> str:
    """In a line."""
    named = f"{told['name']}: {told['channel']}, {told['state']}, {told['starts_on']} to {told['ends_on']}"
    result = told["result"]
    if not result:
        return named
    return (
        f"{named}; it causes {result['share']:.1%} ({result['share_low']:.1%} … {result['share_high']:.1%})"
        f" of what comes: {result['lost']:,.0f} ({result['low']:,.0f} … {result['high']:,.0f}) failed to come"
    )
