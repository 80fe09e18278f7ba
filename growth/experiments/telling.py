"""What an evaluation of a file looks like on a console."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

_METHODS = {
    "wald": "two-sample test of proportions (Wald's interval, pooled z)",
    "newcombe": "few outcomes: Newcombe's interval, Fisher's exact test",
    "welch": "Welch's t",
}


def tables(found: Mapping[str, Any]) -> Iterable[Table]:
    """The outcome, then the value and each segment where asked for."""
    yield _table(f"{found['outcome']}, compared with {found['control']}", found, binary=found["kind"] == "binary")
    if "value" in found:
        yield _table(f"{found['value']['column']} per person", found["value"], binary=False)
    for name, part in found.get("segments", {}).items():
        yield _table(f"{found['outcome']} where it is {name or 'empty'}", part, binary=found["kind"] == "binary")


def _table(title: str, part: Mapping[str, Any], *, binary: bool) -> Table:
    unit = "points" if binary else "effect"
    table = Table(
        "", "people", "rate" if binary else "mean", unit, "95 % interval", "p", "p (Holm)", title=escape(title)
    )
    table.title_justify = "left"
    for name, group in part["groups"].items():
        effect = part["effects"].get(name)
        middle = f"{group['rate'] * 100:.2f} %" if binary else f"{group['mean']:,.4g}"
        said = [f"{effect['effect']:+,.2f}", f"{effect['low']:+,.2f} … {effect['high']:+,.2f}"] if effect else ["", ""]
        chances = [_chance(effect["p"]), _chance(effect["p_holm"])] if effect else ["", ""]
        table.add_row(escape(name), f"{group['n']:,}", middle, *said, *chances)
    return table


def _chance(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def notes(found: Mapping[str, Any]) -> Iterable[str]:
    """How it was computed, whether the sizes can be believed, and which rows were left out."""
    kind = "yes or no" if found["kind"] == "binary" else "an amount"
    methods = sorted({effect["method"] for effect in found["effects"].values()})
    yield f"The outcome was read as {kind}; {' and '.join(_METHODS[method] for method in methods)}."
    sizes = found["mismatch"]
    if sizes["found"]:
        yield (
            f"The groups' sizes don't fit the split (chi-square {sizes['chi_square']:.1f}, p {_chance(sizes['p'])}): "
            "something went wrong in who was put where, so don't believe the effect."
        )
    else:
        yield f"The groups' sizes fit the split (p {_chance(sizes['p'])})."
    if "segments" in found:
        yield "Effects by segment are for looking around: with many segments some differ by chance."
    for why, trouble in found["left_out"].items():
        named = ", ".join(map(str, trouble["lines"])) + (" …" if trouble["rows"] > len(trouble["lines"]) else "")
        yield f"Left out since {why}: {trouble['rows']:,} (line {named})."
