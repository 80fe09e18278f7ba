"""Advice: intervals hold the truth as often as they say, and what the past can't say is refused."""

import numpy as np

from growth.measurement.advice.curves import WEEKS_A_MONTH, Curve, Move, Silent, fit_curve, move


def brings(spend: float, strength: float, half: float) -> float:
    return strength * spend / (spend + half)


def lived(dice: np.random.Generator, strength: float, half: float, usual: float) -> Curve | Silent:
    """A year of a known curve, spend moving about its mean."""
    spend = usual * np.exp(dice.normal(0, 0.5, 52))
    people = [dice.poisson(60 + brings(one, strength, half)) for one in spend]
    return fit_curve(spend.tolist(), people)


def test_the_interval_holds_the_truth_and_refusals_are_no_answers() -> None:
    held, answered = 0, 0
    for seed in range(120):
        dice = np.random.default_rng(seed)
        weak, strong = (float(dice.uniform(80, 120)), 30_000.0), (float(dice.uniform(700, 1200)), 120_000.0)
        source, target = lived(dice, *weak, 100_000), lived(dice, *strong, 100_000)
        found = move(source, target, 100_000)
        if isinstance(found, Move):
            assert isinstance(source, Curve)
            assert isinstance(target, Curve)
            week = 100_000 / WEEKS_A_MONTH
            won = brings(target.usual + week, *strong) - brings(target.usual, *strong)
            lost = brings(source.usual, *weak) - brings(source.usual - week, *weak)
            held += found.low <= (won - lost) * WEEKS_A_MONTH <= found.high
            answered += 1
    assert answered >= 60
    assert 0.8 <= held / answered <= 0.99


def test_what_the_past_cannot_say_is_refused() -> None:
    dice = np.random.default_rng(1)
    assert fit_curve([5.0] * 8, [1.0] * 8) == Silent("too_few_weeks")
    assert fit_curve([5000.0] * 40, dice.poisson(50, 40).tolist()) == Silent("no_variation")
    varied = (5000 * np.exp(dice.normal(0, 0.5, 40))).tolist()
    assert fit_curve(varied, [50.0] * 20 + [51.0] * 20) == Silent("no_effect")
    good = lived(dice, 900, 100_000, 100_000)
    assert move(Silent("no_variation"), good, 5) == Silent("no_variation")
    assert move(good, good, 10**9) == Silent("more_than_spent")
    assert move(good, good, 1000) == Silent("both_signs")
