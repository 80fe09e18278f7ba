"""Several arms against one control: each p-value corrected, so that many tries don't make a winner."""

from collections.abc import Mapping


def holm(ps: Mapping[str, float]) -> dict[str, float]:
    """Corrected p-values by name, as they come (Holm 1979): any below alpha is shown with all others counted in."""
    corrected: dict[str, float] = {}
    highest = 0.0
    for place, name in enumerate(sorted(ps, key=lambda one: ps[one])):
        highest = max(highest, min(1.0, ps[name] * (len(ps) - place)))
        corrected[name] = highest
    return {name: corrected[name] for name in ps}
