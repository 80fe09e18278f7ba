"""Learning anew, every day, what would be lost without each channel, where the Markov model gives the credit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from growth.attribution.adopting import append, choice_of, fit, latest, lock_versions
from growth.attribution.models import MARKOV

ACTOR = "learn_channel_effects"
TOLD_FROM = 0.05
"""A channel whose share of all effects moved by so much is told of."""


@dataclass(frozen=True)
class Relearnt:
    """What a side's channels are worth by the new version, against the one before."""

    side: str
    number: int
    moves: Mapping[str, tuple[float, float]]
    """Channel → its share of all effects before and now, 0..1; those that moved by TOLD_FROM or more."""


def relearn(session: Session, side: str, now: datetime) -> Relearnt | None:
    """Learn a side's effects anew and have conversions from now on credited by them, as a version of their own.

    None when another model counts or is adopted meanwhile, when nothing can be learnt, and when the effects are what
    they were. What is chosen (model, order, windows) stays, and so do the credits of all days before.
    """
    counts = latest(session, side)
    if counts is None or counts.model != MARKOV:
        return None
    fitted = fit(session, choice_of(counts), now)
    before, effects = counts.settings["effects"] or {}, fitted.effects or {}
    lock_versions(session)
    if not any(effects.values()) or effects == before or latest(session, side) is not counts:
        return None
    chosen = counts.relearns or counts.number
    version = append(session, fitted, counts.number, since=now, actor=ACTOR, now=now, relearns=chosen)
    return Relearnt(side, version.number, moves(before, effects))


def moves(before: Mapping[str, int], effects: Mapping[str, int]) -> dict[str, tuple[float, float]]:
    """Channels whose share of all effects moved far enough to be told, the farthest first. Pure."""
    was, now = (_shares(one) for one in (before, effects))
    both = {name: (was.get(name, 0.0), now.get(name, 0.0)) for name in sorted({*was, *now})}
    far = {name: one for name, one in both.items() if abs(one[1] - one[0]) >= TOLD_FROM}
    return dict(sorted(far.items(), key=lambda one: -abs(one[1][1] - one[1][0])))


def _shares(effects: Mapping[str, int]) -> dict[str, float]:
    whole = sum(effects.values())
    return {name: effect / whole for name, effect in effects.items()} if whole else {}
