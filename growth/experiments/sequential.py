"""A test that may be looked at any time: bounds that hold at all looks together, so that peeking costs nothing.

The difference times its effective size, S = d·m with m = n₁n₂/(n₁+n₂), moves like a fair game while nothing differs,
be it that people join or that outcomes come in, and its variance V only grows. Robbins' normal mixture then bounds all
of its path: P(any |S| ≥ √((V+ρ)·log((V+ρ)/(ρα²)))) ≤ α (Robbins 1970; as confidence sequences: Howard et al. 2021,
Annals of Statistics 49:1055, eq. 14; as the mixture sequential ratio test: Johari et al. 2022, Operations Research
70:1806). With an estimated variance it holds in the limit (Waudby-Smith et al. 2024, Annals of Statistics 52:2613);
the tests simulate that it does for the rates of e-mail.
"""

from math import exp, log, sqrt

from growth.experiments.proportions import Effect, Share


def tuning(planned: float, alpha: float) -> float:
    """ρ that makes the bounds the narrowest where the variance is as `planned` (Howard et al. 2021, eq. 26)."""
    return planned / (-2 * log(alpha) + log(1 - 2 * log(alpha)))


def boundary(variance: float, rho: float, alpha: float) -> float:
    """How far |S| may go by chance."""
    return sqrt((variance + rho) * log((variance + rho) / (rho * alpha * alpha)))


def critical(alpha: float) -> float:
    """The bounds in standard errors at the planned size, 3.03 for 0.05: what the freedom to look costs."""
    return boundary(1.0, tuning(1.0, alpha), alpha)


def planned_variance(people: float, rate: float) -> float:
    """V with so many people in each of two arms."""
    return people / 2 * rate * (1 - rate)


def look(treated: Share, control: Share, rho: float, alpha: float) -> Effect | None:
    """`treated` less `control` now, with an interval and p-value valid at whatever moment; None when one is empty."""
    if not treated.people or not control.people:
        return None
    size = treated.people * control.people / (treated.people + control.people)
    variance = size * size * (_variance(treated) + _variance(control))
    apart = treated.rate - control.rate
    reach = boundary(variance, rho, alpha) / size
    moved = apart * size
    p = sqrt((variance + rho) / rho) * exp(-moved * moved / (2 * (variance + rho)))
    return Effect(apart, max(apart - reach, -1.0), min(apart + reach, 1.0), min(p, 1.0), "always_valid")


def _variance(share: Share) -> float:
    """As if one more had done it and one more hadn't: an early look at nothing isn't certain of it."""
    rate = (share.did + 1) / (share.people + 2)
    return rate * (1 - rate) / share.people
