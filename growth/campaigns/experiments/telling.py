"""An experiment of a campaign and what it caused, for a terminal and for other systems."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from growth.campaigns.experimenting import Setup
from growth.campaigns.experiments.effects import Caused


def setup_told(setup: Setup) -> dict[str, Any]:
    """As JSON; `declared` is what `growth campaigns experiment set` reads."""
    declared = asdict(setup.declaration)
    declared["arms"] = [{"share": arm.share, "changes": dict(arm.changes)} for arm in setup.arms]
    return {
        "declared": declared,
        "state": setup.state,
        "planned_size": setup.planned_size,
        "started_at": setup.started_at,
        "ends_at": setup.ends_at,
        "decided_at": setup.decided_at,
        "winner": setup.winner,
        "result": setup.result,
    }


def causes_told(found: Sequence[Caused]) -> list[dict[str, Any]]:
    """As JSON: people on both sides, and the effect in shares of 1."""
    return [
        {
            "outcome": one.outcome,
            "mailed": asdict(one.mailed),
            "held_out": asdict(one.held_out),
            "effect": asdict(one.effect) if one.effect else None,
            "minor_a_person": asdict(one.value) if one.value else None,
            "until": one.until,
            "final": one.final,
        }
        for one in found
    ]


def lines(told: Mapping[str, Any]) -> Iterable[str]:
    """For reading."""
    if "declared" not in told:
        yield "Everybody gets the same version."
    else:
        wanted = told["declared"]
        yield f"{told['state']}: {wanted['outcome']} within {wanted['horizon_days']} days, {wanted['rule']} rule"
        for name, counted in ((told["result"] or {}).get("counts") or {}).items():
            yield f"  {name}: {counted['did']:,} of {counted['people']:,}"
        if told["winner"]:
            yield f"Version {told['winner']} goes to everybody."
    for one in told["caused"]:
        if effect := one["effect"]:
            people = one["mailed"]["people"]
            low, middle, high = (round(effect[part] * people) for part in ("low", "effect", "high"))
            yield f"Caused: {middle:,} ({low:,} … {high:,}) people, outcome {one['outcome']}"
