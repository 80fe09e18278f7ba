"""Hold-outs by region, played with a known effect: intervals hold it as often as they say, plans keep their word."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from growth.experiments.holdouts.choosing import choose, looked_at, pick, weeks_of
from growth.experiments.holdouts.estimating import Weeks, estimate, foresee
from growth.experiments.holdouts.power import seen_in

PAST = 26
TRIES = 200

Dice = np.random.Generator
Market = Callable[[Dice, int], "np.typing.NDArray[np.float64]"]
"""Chances by region and week."""

SIZES = np.array([400, 220, 160, 60, 50, 45, 40, 30, 24, 20, 15, 12, 8, 6, 4, 3, 1, 0.5])


def quiet(dice: Dice, weeks: int) -> "np.typing.NDArray[np.float64]":
    """A season for all, and chance."""
    season = 1 + 0.3 * np.sin(np.arange(weeks) / 52 * 2 * np.pi + dice.random() * 6)
    return np.asarray(SIZES[:, None] * season)


def restless(dice: Dice, weeks: int) -> "np.typing.NDArray[np.float64]":
    """Besides, each region has good and bad weeks of its own."""
    own = np.exp(dice.normal(0, 0.12, (len(SIZES), weeks)))
    return np.asarray(quiet(dice, weeks) * own)


def clinging(dice: Dice, weeks: int) -> "np.typing.NDArray[np.float64]":
    """Good weeks follow good ones."""
    own = np.zeros((len(SIZES), weeks))
    for week in range(weeks):
        own[:, week] = 0.5 * own[:, week - 1] * (week > 0) + dice.normal(0, 0.08, len(SIZES))
    return np.asarray(quiet(dice, weeks) * np.exp(own))


def drifting(dice: Dice, weeks: int) -> "np.typing.NDArray[np.float64]":
    """Each region grows at its own pace."""
    pace = dice.normal(0, 0.01, len(SIZES))[:, None] * np.arange(weeks)
    return np.asarray(quiet(dice, weeks) * np.exp(pace))


def walking(dice: Dice, weeks: int) -> "np.typing.NDArray[np.float64]":
    """Regions go apart, each its own way."""
    own = np.cumsum(dice.normal(0, 0.02, (len(SIZES), weeks)), axis=1)
    return np.asarray(quiet(dice, weeks) * np.exp(own))


def played(dice: Dice, market: Market, weeks: int, effect: float) -> tuple[float, float, float] | None:
    """Planned on the past, rested in the plan's regions, read: low, high, and what was truly lost of 1 expected."""
    chances = market(dice, PAST + weeks)
    past = dice.poisson(chances[:, :PAST])
    names = [f"R{number:02}" for number in range(len(SIZES))]
    chosen = pick({name: past[place].tolist() for place, name in enumerate(names)}, 0.35, int(dice.integers(10**9)))
    if chosen is None:
        return None
    off = np.array([name in chosen for name in names])
    came = dice.poisson(chances[:, PAST:] * np.where(off, 1 - effect, 1)[:, None])
    before = Weeks(past[off].sum(axis=0).tolist(), past[~off].sum(axis=0).tolist())
    found = estimate(before, float(came[off].sum()), float(came[~off].sum()), weeks)
    assert found is not None
    return found.share(found.low), found.share(found.high), effect


@pytest.mark.parametrize("market", [quiet, restless, clinging, drifting, walking])
@pytest.mark.parametrize("effect", [0.0, 0.2])
def test_ninety_percent_intervals_hold_the_truth(market: Market, effect: float) -> None:
    dice = np.random.default_rng(20_261_125)
    found = [one for _ in range(TRIES) if (one := played(dice, market, 4, effect)) is not None]
    assert len(found) == TRIES
    held = sum(low <= truth <= high for low, high, truth in found) / TRIES
    assert 0.8 <= held <= 0.98, held


@pytest.mark.parametrize("market", [quiet, restless])
def test_what_the_plan_says_is_seen_four_times_in_five(market: Market) -> None:
    dice = np.random.default_rng(11)
    seen = alarms = 0
    for _ in range(TRIES // 2):
        chances = market(dice, PAST + 4)
        past = dice.poisson(chances[:, :PAST]).astype(float)
        off = dice.random(len(SIZES)) < 0.4
        before = Weeks(past[off].sum(axis=0).tolist(), past[~off].sum(axis=0).tolist())
        promised = seen_in(before, 4)
        if promised is None or promised.smallest > 0.9:
            continue
        for effect in (promised.smallest, 0.0):
            came = dice.poisson(chances[:, PAST:] * np.where(off, 1 - effect, 1)[:, None])
            found = estimate(before, float(came[off].sum()), float(came[~off].sum()), 4)
            assert found is not None
            seen += effect > 0 and found.low > 0
            alarms += effect == 0 and not found.low <= 0 <= found.high
    assert seen >= 0.72 * TRIES / 2
    assert alarms <= 0.2 * TRIES / 2


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(1, 500)), min_size=8, max_size=60),
    st.integers(0, 10_000),
    st.integers(1, 10_000),
    st.integers(1, 12),
)
def test_an_interval_lies_around_its_middle_whatever_came(
    weeks: list[tuple[int, int]], off: int, on: int, length: int
) -> None:
    before = Weeks([float(one) for one, _ in weeks], [float(other) for _, other in weeks])
    found = estimate(before, off, on, length)
    if sum(before.off) == 0:
        assert found is None
        return
    assert found is not None
    assert found.low < found.lost < found.high
    assert found.lost == pytest.approx(found.expected - off)
    twice = estimate(Weeks([2 * one for one in before.off], [2 * one for one in before.on]), 2 * off, 2 * on, length)
    assert twice is not None
    assert twice.share(twice.lost) == pytest.approx(found.share(found.lost))


def test_an_estimate_by_hand() -> None:
    before = Weeks([10, 12, 8, 10, 10, 12, 8, 10], [20, 20, 20, 20, 20, 20, 20, 20])
    found = estimate(before, 30, 80, 4)
    assert found is not None
    # The ratio is a half, so 40 of 80 were expected. Chance alone: 40 + 20 + 1600·(1/80 + 1/160) = 90.
    assert (found.expected, found.lost) == (40, 10)
    foreseen = foresee(before, 80, 4)
    assert foreseen is not None
    assert foreseen.error == pytest.approx(90**0.5)
    assert found.high - found.lost == pytest.approx(stats.t.ppf(0.95, foreseen.freedom) * 90**0.5)


def test_too_little_past_and_too_few_regions_say_nothing() -> None:
    assert estimate(Weeks([5.0] * 7, [5.0] * 7), 5, 5, 1) is None
    assert choose({}, 0.3, 1) is None
    assert choose({"RU": [9.0] * 20}, 0.3, 1) is None
    assert choose({"RU": [0.0] * 20, "US": [0.0] * 20}, 0.3, 1) is None
    assert looked_at({"RU": [5.0] * 5, "US": [5.0] * 5}, ["RU"]) is None


def test_a_choice_keeps_to_its_share_and_is_the_same_again() -> None:
    dice = np.random.default_rng(3)
    panel = {f"R{place:02}": dice.poisson(row).tolist() for place, row in enumerate(quiet(dice, 40))}
    one = choose(panel, 0.3, 7)
    assert one == choose(panel, 0.3, 7)
    assert one is not None
    assert 0.15 <= one.share <= 0.3
    assert set(one.off) & set(one.on) == set()
    assert set(one.off) | set(one.on) == set(panel)
    assert len({choose(panel, 0.3, seed).off for seed in range(8)}) > 1  # type: ignore[union-attr]
    smallest = [seen.smallest for seen in one.seen]
    assert smallest[-1] < smallest[0]  # longer shows more
    assert weeks_of(panel, one.off, one.on).off[0] == sum(panel[region][0] for region in one.off)
