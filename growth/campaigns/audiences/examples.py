"""Audiences to begin with, as a marketplace uses them: for the demo, and to copy from."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.audiences.records import Audience
from growth.campaigns.audiences.saving import create
from growth.people.consent import MARKETING


def _leaf(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": operator, "value": value}


def _ordered(days: int | None, *, times: int = 1, operator: str = "did") -> dict[str, Any]:
    return _leaf("event", operator, {"kind": "order", "times": times, "days": days})


_ALLOWED = _leaf("permission", "granted", {"purpose": MARKETING, "bases": []})

EXAMPLES: dict[str, dict[str, Any]] = {
    "Regular buyers": {"all": [_ALLOWED, _ordered(180, times=2)]},
    "Buyers in Brazil and Russia": {"all": [_ALLOWED, _leaf("country", "in", ["BR", "RU"]), _ordered(None)]},
    "To be won back": {"all": [_ALLOWED, _ordered(None), _ordered(90, operator="did_not")]},
    "Read nothing lately": {
        "all": [_leaf("unopened", "is", 3), {"not": {"any": [_ordered(60), _leaf("joined", "within", 60)]}}]
    },
    "Sellers on their way": {"all": [_leaf("lead_stage", "in", ["qualified", "applied", "verified"])]},
}
"""Conditions by name."""


def save_examples(session: Session, *, actor: str, now: datetime) -> int:
    """Save those whose name isn't taken; gives how many."""
    taken = set(session.scalars(select(Audience.name).where(Audience.name.in_(EXAMPLES))))
    for name, conditions in EXAMPLES.items():
        if name not in taken:
            create(session, name=name, conditions=conditions, actor=actor, now=now)
    return len(EXAMPLES) - len(taken)
