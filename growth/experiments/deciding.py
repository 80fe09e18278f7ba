"""What is said of an experiment at a moment: it goes on, somebody won, or no difference was shown. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from growth.experiments import proportions, sequential
from growth.experiments.mismatch import Mismatch, mismatch
from growth.experiments.proportions import Effect, Share
from growth.experiments.sample_size import ALPHA
from growth.experiments.several import holm


class Rule(StrEnum):
    """How it is decided; declared before it begins."""

    FIXED = "fixed"
    """Once, when all outcomes are in."""
    SEQUENTIAL = "sequential"
    """At any look, by bounds that allow for all of them."""


class Ending(StrEnum):
    """Where it stands."""

    RUNNING = "running"
    WINNER = "winner"
    NO_DIFFERENCE = "no_difference"
    MISMATCH = "mismatch"
    """The arms' sizes can't be chance, so nothing else can be believed."""


@dataclass(frozen=True)
class Declared:
    """What was said beforehand; `shares` of the arms in any unit, the first is what the others are compared with."""

    rule: Rule
    shares: Mapping[str, float]
    planned_variance: float
    """Of one comparison at its planned end (`sequential.planned_variance`); tunes the sequential bounds."""


@dataclass(frozen=True)
class Verdict:
    """Where it stands, with the figures that say so."""

    ending: Ending
    winner: str | None
    effects: Mapping[str, Effect | None]
    """Of each other arm less the first."""
    corrected: Mapping[str, float]
    """Their p-values with all comparisons counted in."""
    mismatch: Mismatch


def decide(counts: Mapping[str, Share], declared: Declared, *, complete: bool) -> Verdict:
    """What the counts say now; `complete` when every outcome is in.

    A fixed rule decides only then. The winner is the best of the arms shown to be better than the first; it is the
    first when all others are shown to be worse.
    """
    first, *others = declared.shares
    effects = {name: _effect(counts[name], counts[first], declared, len(others)) for name in others}
    known = {name: effect.p for name, effect in effects.items() if effect is not None}
    corrected = holm(known) if declared.rule is Rule.FIXED else _each(known, len(others))
    sizes = mismatch({name: counts[name].people for name in declared.shares}, declared.shares)
    shown = {name for name, p in corrected.items() if p <= ALPHA}
    better = [name for name in shown if counts[name].rate > counts[first].rate]
    winner = max(sorted(better), key=lambda name: counts[name].rate, default=None)
    if winner is None and others and shown == set(others):
        winner = first
    ending = _ending(declared.rule, winner, sizes, complete=complete)
    return Verdict(ending, winner if ending is Ending.WINNER else None, effects, corrected, sizes)


def _effect(treated: Share, control: Share, declared: Declared, comparisons: int) -> Effect | None:
    if declared.rule is Rule.FIXED:
        return proportions.difference(treated, control)
    alpha = ALPHA / comparisons
    return sequential.look(treated, control, sequential.tuning(declared.planned_variance, alpha), alpha)


def _each(ps: Mapping[str, float], comparisons: int) -> dict[str, float]:
    """Bonferroni's correction: unlike Holm's it holds when each comparison may end at another look."""
    return {name: min(1.0, p * comparisons) for name, p in ps.items()}


def _ending(rule: Rule, winner: str | None, sizes: Mismatch, *, complete: bool) -> Ending:
    if not complete and (rule is Rule.FIXED or winner is None or sizes.found):
        return Ending.RUNNING
    if sizes.found:
        return Ending.MISMATCH
    return Ending.WINNER if winner is not None else Ending.NO_DIFFERENCE
