"""How good probabilities are: order, calibration, gain."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Measures:
    """What is said of probabilities against what happened. Smaller is better for brier, ece and log_loss."""

    auc: float
    average_precision: float
    lift_top_10pct: float
    brier: float
    ece: float
    log_loss: float

    def as_json(self) -> dict[str, float]:
        """Rounded to six places, for storing and printing."""
        return {name: round(value, 6) for name, value in asdict(self).items()}


def measure(said: Numbers, won: Flags) -> Measures:
    """All measures of probabilities `said` for leads that were `won` or not; both ends have to be there."""
    return Measures(
        auc=auc(said, won),
        average_precision=average_precision(said, won),
        lift_top_10pct=lift(said, won),
        brier=float(np.mean((said - won) ** 2)),
        ece=calibration_error(said, won),
        log_loss=log_loss(said, won),
    )


def mean(measured: list[Measures]) -> Measures:
    """The plain mean over several splits."""
    return Measures(**{name: float(np.mean([asdict(one)[name] for one in measured])) for name in asdict(measured[0])})


def auc(said: Numbers, won: Flags) -> float:
    """The chance that one that was won was scored above one that was not, ties counting half (Mann-Whitney)."""
    wins = int(won.sum())
    losses = len(won) - wins
    if wins == 0 or losses == 0:
        return 0.5
    _, place, size = np.unique(said, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(size) - (size - 1) / 2)[place]
    return float((ranks[won].sum() - wins * (wins + 1) / 2) / (wins * losses))


def average_precision(said: Numbers, won: Flags) -> float:
    """Precision averaged over the steps of recall; those with equal scores come in together."""
    if not won.any():
        return 0.0
    values, place = np.unique(-said, return_inverse=True)
    sizes = np.bincount(place, minlength=len(values))
    wins = np.bincount(place, weights=won, minlength=len(values))
    reached = np.cumsum(wins)
    return float(np.sum(wins / won.sum() * reached / np.cumsum(sizes)))


def lift(said: Numbers, won: Flags, top: float = 0.1) -> float:
    """Share won within the best `top` of scores over the share won of all; a tie at the edge counts in proportion."""
    if not won.any():
        return 0.0
    size = max(len(said) * top, 1.0)
    values, place = np.unique(-said, return_inverse=True)
    sizes = np.bincount(place, minlength=len(values)).astype(np.float64)
    wins = np.bincount(place, weights=won, minlength=len(values))
    before = np.cumsum(sizes) - sizes
    taken = np.clip(size - before, 0, sizes)
    return float((wins * taken / sizes).sum() / size / won.mean())


def calibration_error(said: Numbers, won: Flags, bins: int = 10) -> float:
    """Mean distance between said and seen over ten equal ranges of probability, weighted by leads.

    The expected calibration error of Naeini, Cooper and Hauskrecht (2015) and Guo et al. (2017).
    """
    place = np.minimum((said * bins).astype(np.intp), bins - 1)
    told = np.bincount(place, weights=said, minlength=bins)
    seen = np.bincount(place, weights=won, minlength=bins)
    return float(np.abs(told - seen).sum() / len(said))


def log_loss(said: Numbers, won: Flags) -> float:
    """Mean of -log of the probability given to what happened, probabilities kept within a millionth of 0 and 1."""
    kept = np.clip(said, 1e-6, 1 - 1e-6)
    return float(-np.mean(np.where(won, np.log(kept), np.log1p(-kept))))


def logit(share: Numbers) -> Numbers:
    """Log odds, shares kept within a millionth of 0 and 1."""
    kept = np.clip(share, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(kept) - np.log1p(-kept))


def sigmoid(log_odds: Numbers) -> Numbers:
    """The probability of log odds."""
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))))


def calibration_points(said: Numbers, won: Flags, bins: int = 10) -> list[dict[str, float]]:
    """Said against seen in groups of equal size: mean said, share won, its 95 % interval (Wilson), leads."""
    points = []
    for group in np.array_split(np.argsort(said, kind="stable"), min(bins, len(said))):
        share, size = float(won[group].mean()), len(group)
        low, high = wilson(share, size)
        told = float(said[group].mean())
        points.append({"said": told, "seen": share, "low": low, "high": high, "leads": size})
    return points


def wilson(share: float, size: float, z: float = 1.96) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927); the whole of 0..1 when nothing was seen."""
    if size <= 0:
        return 0.0, 1.0
    middle = (share + z * z / (2 * size)) / (1 + z * z / size)
    half = z / (1 + z * z / size) * float(np.sqrt(share * (1 - share) / size + z * z / (4 * size * size)))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def gain_curve(said: Numbers, won: Flags, steps: int = 20) -> list[tuple[float, float]]:
    """Share of leads called, best first, against the share of all wins among them; from (0, 0) to (1, 1)."""
    order = np.argsort(-said, kind="stable")
    reached = np.concatenate(([0.0], np.cumsum(won[order]) / max(int(won.sum()), 1)))
    places = np.round(np.linspace(0, len(said), steps + 1)).astype(np.intp)
    return [(float(place / max(len(said), 1)), float(reached[place])) for place in places]
