"""Judging an experiment that is in a file: what each group did, how far from the control, and whether to believe it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from growth.errors import InvalidError
from growth.experiments import means, proportions
from growth.experiments.means import Spread
from growth.experiments.mismatch import mismatch
from growth.experiments.proportions import Effect, Share
from growth.experiments.rows import opened
from growth.experiments.several import holm
from growth.experiments.tallying import Tallied, Tally, tally
from growth.locales import N_

POINTS = 100
"""Shares are told in points, which are hundredths."""


@dataclass(frozen=True)
class Asked:
    """A file and the names of its columns; `split` is the share each group was to have, even when left out."""

    file: Path
    group: str
    control: str
    outcome: str
    value: str | None = None
    segment: str | None = None
    split: Mapping[str, float] | None = None


def evaluate(asked: Asked) -> dict[str, Any]:
    """Effects and intervals against the control, ready for JSON; shares in points. Raises InvalidError."""
    columns = {"group": asked.group, "outcome": asked.outcome, "value": asked.value, "segment": asked.segment}
    wanted = {option: name for option, name in columns.items() if name is not None}
    with opened(asked.file, wanted) as file:
        found = tally(file.rows, valued=asked.value is not None, segmented=asked.segment is not None)
        names = dict(file.columns)
    control = _control(found, asked.control)
    split = _split(found, asked.split)
    sizes = mismatch({name: _people(one, found) for name, one in found.groups.items()}, split)
    told: dict[str, Any] = {
        "control": control,
        "outcome": names["outcome"],
        "kind": "binary" if found.binary else "numeric",
        "unit": "points" if found.binary else names["outcome"],
        "rows": found.rows,
        "people": sum(_people(one, found) for one in found.groups.values()),
        **_compared(found.groups, control, found),
        "mismatch": asdict(sizes) | {"found": sizes.found, "split": split},
        "left_out": {why: asdict(trouble) for why, trouble in found.left_out().items()},
    }
    if "value" in names:
        told["value"] = {"column": names["value"], **_valued(found.groups, control)}
    if "segment" in names:
        parts = sorted(found.segments.items())
        told["segments"] = {part: _compared(groups, control, found) for part, groups in parts}
    return told


def _people(one: Tally, found: Tallied) -> int:
    return one.flagged if found.binary else one.numbers.people


def _control(found: Tallied, name: str) -> str:
    """The control's name as it is written. Raises InvalidError when it isn't there or stands alone."""
    if not found.groups:
        line = min((trouble.lines[0] for trouble in found.left_out().values()), default=1)
        raise InvalidError(
            "file",
            N_("No row of the file can be used, from line %(line)s on."),
            remedy=N_("See which columns you named."),
            line=line,
        )
    wanted = " ".join(name.split())
    folded = {group.casefold(): group for group in found.groups}
    control = wanted if wanted in found.groups else folded.get(wanted.casefold())
    if control is None:
        close = get_close_matches(wanted, list(found.groups), 3, 0.5) or sorted(found.groups)[:10]
        raise InvalidError(
            "control",
            N_("No row is in the group %(name)s."),
            remedy=N_("The file has these: %(groups)s."),
            name=wanted[:80],
            groups=", ".join(one[:80] for one in close),
        )
    if len(found.groups) < 2:
        raise InvalidError(
            "group",
            N_("All rows are in the group %(name)s, so there is nothing to compare."),
            remedy=N_("Give a file with at least two groups."),
            name=control[:80],
        )
    return control


def _split(found: Tallied, split: Mapping[str, float] | None) -> dict[str, float]:
    """The share of each group. Raises InvalidError when it names others, or leaves some out."""
    if split is None:
        return dict.fromkeys(sorted(found.groups), 1.0)
    if set(split) != set(found.groups) or min(split.values()) <= 0:
        raise InvalidError(
            "split",
            N_("The split has to name each group once, with a share above nothing: %(groups)s."),
            groups=", ".join(one[:80] for one in sorted(found.groups)),
        )
    return dict(split)


def _compared(groups: Mapping[str, Tally], control: str, found: Tallied) -> dict[str, Any]:
    """Groups with their figures, and the effect of each other group."""
    if found.binary:
        shares = {name: one.share for name, one in groups.items()}
        rates = {name: _share_told(one) for name, one in sorted(shares.items())}
        apart = {name: proportions.difference(one, shares.get(control, _NOBODY)) for name, one in shares.items()}
        return {"groups": rates, "effects": _effects(apart, control, shares, POINTS)}
    numbers = {name: one.numbers for name, one in groups.items()}
    return _averages(numbers, control)


_NOBODY = Share(0, 0)


def _valued(groups: Mapping[str, Tally], control: str) -> dict[str, Any]:
    return _averages({name: one.values for name, one in groups.items()}, control)


def _averages(numbers: Mapping[str, Spread], control: str) -> dict[str, Any]:
    told = {name: _spread_told(one) for name, one in sorted(numbers.items())}
    apart = {name: means.difference(one, numbers.get(control, Spread())) for name, one in numbers.items()}
    return {"groups": told, "effects": _effects(apart, control, numbers, 1)}


def _share_told(share: Share) -> dict[str, float]:
    low, high = proportions.wilson(share)
    return {"n": share.people, "did": share.did, "rate": share.rate, "low": low, "high": high}


def _spread_told(spread: Spread) -> dict[str, float]:
    return {"n": spread.people, "mean": spread.mean, "deviation": spread.variance**0.5}


def _effects(
    apart: Mapping[str, Effect | None], control: str, groups: Mapping[str, Share | Spread], unit: int
) -> dict[str, Any]:
    """Each other group's effect with its interval; `p_holm` has all comparisons counted in."""
    others: Sequence[str] = sorted(name for name in apart if name != control)
    corrected = holm({name: effect.p for name in others if (effect := apart[name]) is not None})
    return {
        name: {
            "effect": effect.effect * unit,
            "low": effect.low * unit,
            "high": effect.high * unit,
            "p": effect.p,
            "p_holm": corrected[name],
            "n": groups[name].people,
            "method": effect.method,
        }
        for name in others
        if (effect := apart[name]) is not None
    }
