"""Looking all the time: how often nothing is taken for something, and how often and how soon something is seen."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth.experiments import proportions, sequential
from growth.experiments.deciding import Declared, Ending, Rule, decide
from growth.experiments.mismatch import mismatch
from growth.experiments.proportions import Effect, Share
from growth.experiments.sample_size import critical_for, needed

ALPHA = 0.05
TRIES = 500
LOOKS = 80

Looks = Iterator[tuple[Share, Share]]


def joining(dice: np.random.Generator, rates: tuple[float, float], people: int) -> Looks:
    """People come one after another, and each is known at once."""
    did = [dice.random(people) < rate for rate in rates]
    so_far = [np.cumsum(one) for one in did]
    for place in np.linspace(1, people, LOOKS).astype(int):
        first, second = (Share(int(place), int(one[place - 1])) for one in so_far)
        yield first, second


def maturing(dice: np.random.Generator, rates: tuple[float, float], people: int) -> Looks:
    """All are written to at once, and what they do comes in over days."""
    moments = [np.sort(dice.exponential(1, dice.binomial(people, rate))) for rate in rates]
    for day in np.linspace(0.01, 6, LOOKS):
        first, second = (Share(people, int(np.searchsorted(one, day))) for one in moments)
        yield first, second


def alarms(
    arriving: Callable[[np.random.Generator, tuple[float, float], int], Looks],
    rates: tuple[float, float],
    people: int,
    test: Callable[[Share, Share], Effect | None],
) -> float:
    """How often any of the looks shows a difference."""
    dice = np.random.default_rng(20_261_124)
    seen = 0
    for _ in range(TRIES):
        looked = (test(second, first) for first, second in arriving(dice, rates, people))
        seen += any(effect is not None and effect.p <= ALPHA for effect in looked)
    return seen / TRIES


def always(people: int, rate: float) -> Callable[[Share, Share], Effect | None]:
    rho = sequential.tuning(sequential.planned_variance(people, rate), ALPHA)
    return lambda treated, control: sequential.look(treated, control, rho, ALPHA)


@pytest.mark.parametrize("arriving", [joining, maturing])
@pytest.mark.parametrize(("rate", "people"), [(0.02, 4_000), (0.3, 2_000), (0.005, 20_000)])
def test_looking_all_the_time_costs_nothing(
    arriving: Callable[[np.random.Generator, tuple[float, float], int], Looks], rate: float, people: int
) -> None:
    assert alarms(arriving, (rate, rate), people, always(people, rate)) <= ALPHA


def test_a_wrong_plan_stays_valid() -> None:
    for planned_people, planned_rate in ((200, 0.5), (100_000, 0.02)):
        assert alarms(joining, (0.05, 0.05), 3_000, always(planned_people, planned_rate)) <= ALPHA


def test_the_plain_test_cries_wolf_when_looked_at_all_the_time() -> None:
    assert alarms(joining, (0.3, 0.3), 2_000, proportions.difference) > 3 * ALPHA


def test_what_it_was_planned_for_is_seen_four_times_in_five() -> None:
    rate, apart = 0.05, 0.02
    people = needed(rate, apart, critical_for("sequential", 1))
    assert alarms(joining, (rate, rate + apart), people, always(people, rate)) >= 0.8


def test_intervals_hold_the_truth_at_every_look() -> None:
    dice = np.random.default_rng(7)
    test, lost = always(3_000, 0.1), 0
    for _ in range(TRIES):
        looked = [test(second, first) for first, second in joining(dice, (0.1, 0.13), 3_000)]
        lost += any(effect is not None and not effect.low <= 0.03 <= effect.high for effect in looked)
    assert lost / TRIES <= ALPHA


@given(st.integers(1, 10_000), st.integers(0, 100), st.floats(1e-3, 1e6), st.floats(1e-4, 0.2))
def test_bounds_are_wider_than_those_of_one_look(people: int, percent: int, rho: float, alpha: float) -> None:
    share = Share(people, people * percent // 100)
    found = sequential.look(share, share, rho, alpha)
    assert found is not None
    assert found.low <= 0 <= found.high
    assert found.p == 1.0
    assert sequential.boundary(1.0, rho, alpha) > proportions.critical(alpha)


def declared(rule: Rule, *names: str) -> Declared:
    return Declared(rule, dict.fromkeys(names, 1.0), sequential.planned_variance(5_000, 0.05))


def test_a_fixed_rule_waits_for_all_outcomes() -> None:
    counts = {"A": Share(5_000, 250), "B": Share(5_000, 350)}
    assert decide(counts, declared(Rule.FIXED, "A", "B"), complete=False).ending is Ending.RUNNING
    verdict = decide(counts, declared(Rule.FIXED, "A", "B"), complete=True)
    assert (verdict.ending, verdict.winner) == (Ending.WINNER, "B")


def test_a_sequential_rule_ends_as_soon_as_it_is_shown() -> None:
    counts = {"A": Share(5_000, 250), "B": Share(5_000, 350)}
    verdict = decide(counts, declared(Rule.SEQUENTIAL, "A", "B"), complete=False)
    assert (verdict.ending, verdict.winner) == (Ending.WINNER, "B")
    near = {"A": Share(5_000, 250), "B": Share(5_000, 290)}
    assert decide(near, declared(Rule.SEQUENTIAL, "A", "B"), complete=False).ending is Ending.RUNNING
    assert decide(near, declared(Rule.SEQUENTIAL, "A", "B"), complete=True).ending is Ending.NO_DIFFERENCE


def test_the_first_wins_when_all_others_are_shown_to_be_worse() -> None:
    counts = {"A": Share(5_000, 400), "B": Share(5_000, 250), "C": Share(5_000, 255)}
    assert decide(counts, declared(Rule.FIXED, "A", "B", "C"), complete=True).winner == "A"
    counts["C"] = Share(5_000, 395)
    verdict = decide(counts, declared(Rule.FIXED, "A", "B", "C"), complete=True)
    assert (verdict.ending, verdict.winner) == (Ending.NO_DIFFERENCE, None)


def test_the_best_of_those_shown_to_be_better_wins() -> None:
    counts = {"A": Share(5_000, 250), "B": Share(5_000, 350), "C": Share(5_000, 380), "D": Share(5_000, 251)}
    assert decide(counts, declared(Rule.FIXED, *"ABCD"), complete=True).winner == "C"


def test_many_tries_do_not_make_a_winner() -> None:
    counts = {"A": Share(5_000, 250), "B": Share(5_000, 296), "C": Share(5_000, 252), "D": Share(5_000, 249)}
    assert decide({"A": counts["A"], "B": counts["B"]}, declared(Rule.FIXED, "A", "B"), complete=True).winner == "B"
    verdict = decide(counts, declared(Rule.FIXED, *"ABCD"), complete=True)
    assert verdict.ending is Ending.NO_DIFFERENCE
    assert verdict.corrected["B"] > ALPHA


@pytest.mark.parametrize("rule", list(Rule))
def test_arms_of_impossible_sizes_decide_nothing(rule: Rule) -> None:
    counts = {"A": Share(5_000, 250), "B": Share(4_000, 400)}
    assert decide(counts, declared(rule, "A", "B"), complete=False).ending is Ending.RUNNING
    verdict = decide(counts, declared(rule, "A", "B"), complete=True)
    assert (verdict.ending, verdict.winner) == (Ending.MISMATCH, None)
    assert verdict.mismatch.found


def test_nobody_is_no_failure() -> None:
    counts = {"A": Share(0, 0), "B": Share(0, 0)}
    for rule in Rule:
        assert decide(counts, declared(rule, "A", "B"), complete=True).ending is Ending.NO_DIFFERENCE


def test_sizes_that_are_chance_raise_no_alarm_and_lost_people_do() -> None:
    """A test of sizes at each daily look: of a thousand experiments hardly one is stopped, and a leak is found."""
    dice = np.random.default_rng(20_261_125)
    shares = {"A": 45.0, "B": 45.0, "none": 10.0}
    split = np.array(list(shares.values())) / 100
    false = found = 0
    for _ in range(1_000):
        drawn = dice.multinomial(4_000, split, size=7).cumsum(axis=0)
        leaking = drawn - dice.binomial(drawn, [0.0, 0.06, 0.0])  # a redirect that loses some of one version
        false += any(mismatch(dict(zip(shares, day.tolist(), strict=True)), shares).found for day in drawn)
        found += mismatch(dict(zip(shares, leaking[-1].tolist(), strict=True)), shares).found
    assert false <= 7  # one in a thousand a look at most, and looks hang together
    assert found > 900
