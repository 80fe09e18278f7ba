"""Shares, means and sizes against what textbooks and other programs print, and laws that hold for any numbers."""

from itertools import pairwise
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from growth.experiments import means, sample_size
from growth.experiments.means import Spread
from growth.experiments.mismatch import chi_square_tail, mismatch
from growth.experiments.proportions import Share, critical, difference, fisher, newcombe, wald, wilson
from growth.experiments.several import holm

shares = st.integers(1, 5_000).flatmap(lambda people: st.builds(Share, st.just(people), st.integers(0, people)))


def test_the_salk_vaccine_trial() -> None:
    # As R has it, by prop.test without its correction.
    found = difference(Share(200_745, 33), Share(201_229, 115))
    assert found is not None
    assert found.method == "wald"
    assert (found.effect, found.low, found.high) == pytest.approx((-0.000407, -0.000526, -0.000288), abs=1e-6)
    assert found.p == pytest.approx(stats.chi2_contingency([[33, 200712], [115, 201114]], correction=False)[1])


def test_newcombe_s_own_examples() -> None:
    # Newcombe 1998, Table II, method 10: (a) 56/70 less 48/80, (g) 10/10 less 0/20, (h) 10/10 less 0/10.
    assert newcombe(Share(70, 56), Share(80, 48)) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe(Share(10, 10), Share(20, 0)) == pytest.approx((0.6791, 1.0), abs=5e-5)
    assert newcombe(Share(10, 10), Share(10, 0)) == pytest.approx((0.6075, 1.0), abs=5e-5)


def test_few_are_told_apart_exactly_and_nothing_is_certain() -> None:
    found = difference(Share(50, 0), Share(50, 0))
    assert found is not None
    assert found.method == "newcombe"
    assert found.p == 1.0
    assert found.low < 0 < found.high
    assert difference(Share(0, 0), Share(50, 1)) is None
    tea = fisher(Share(4, 3), Share(4, 1))
    assert tea == pytest.approx(0.4857, abs=1e-4)


@given(shares, shares)
def test_fisher_agrees_with_scipy(one: Share, other: Share) -> None:
    table = [[one.did, one.people - one.did], [other.did, other.people - other.did]]
    assert fisher(one, other) == pytest.approx(stats.fisher_exact(table)[1], rel=1e-4, abs=1e-9)


@given(shares, shares)
def test_the_interval_holds_the_difference_and_swapping_only_turns_the_sign(one: Share, other: Share) -> None:
    for interval in (wald, newcombe):
        low, high = interval(one, other)
        assert low <= one.rate - other.rate + 1e-12
        assert one.rate - other.rate - 1e-12 <= high
        assert interval(other, one) == pytest.approx((-high, -low), abs=1e-12)
    there, back = difference(one, other), difference(other, one)
    assert there is not None
    assert back is not None
    assert (there.effect, there.p) == pytest.approx((-back.effect, back.p), rel=1e-6)
    assert 0 <= there.p <= 1


@given(shares, shares, st.integers(2, 50))
def test_more_people_make_it_narrower(one: Share, other: Share, times: int) -> None:
    first, second = (Share(share.people * times, share.did * times) for share in (one, other))
    for interval in (wald, newcombe):
        (low, high), (closer_low, closer_high) = interval(one, other), interval(first, second)
        assert closer_high - closer_low <= high - low + 1e-12
    low, high = wilson(one)
    assert 0 <= low <= one.rate + 1e-12
    assert one.rate - 1e-12 <= high <= 1


def test_coverage_of_what_is_printed() -> None:
    # Exact: the chance of each outcome of two small samples, weighed by whether the interval holds the truth.
    people, first, second = 80, 0.10, 0.16
    held = 0.0
    for did in range(people + 1):
        for other in range(people + 1):
            found = difference(Share(people, other), Share(people, did))
            assert found is not None
            if found.low <= second - first <= found.high:
                held += stats.binom.pmf(did, people, first) * stats.binom.pmf(other, people, second)
    assert 0.93 < held < 0.98


values_seen = st.lists(st.integers(-10_000, 10_000), min_size=2, max_size=60)


@given(values_seen, values_seen)
def test_welch_agrees_with_scipy(one: list[int], other: list[int]) -> None:
    first, second = Spread(), Spread()
    for values, spread in ((one, first), (other, second)):
        for value in values:
            spread.add(value)
    found = means.difference(first, second)
    assert found is not None
    assert found.low <= found.effect <= found.high
    if len(set(one)) > 1 and len(set(other)) > 1:
        theirs = stats.ttest_ind(one, other, equal_var=False)
        assert isclose(found.p, theirs.pvalue, rel_tol=1e-6, abs_tol=1e-9)
        expected = theirs.confidence_interval()
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-6, abs=1e-3)


@given(st.lists(st.integers(-1_000_000, 1_000_000), min_size=2, max_size=100))
def test_sums_of_a_database_give_the_same_spread(values: list[int]) -> None:
    one_by_one = Spread()
    for value in values:
        one_by_one.add(value)
    summed = Spread.of_sums(len(values), sum(values), sum(value * value for value in values))
    assert summed.mean == pytest.approx(one_by_one.mean, abs=1e-6)
    assert summed.variance == pytest.approx(one_by_one.variance, rel=1e-6, abs=1e-3)
    assert means.difference(Spread(), summed) is None


@given(st.floats(0.01, 60), st.integers(1, 12))
def test_the_tail_of_the_chi_square(value: float, freedom: int) -> None:
    assert chi_square_tail(value, freedom) == pytest.approx(stats.chi2.sf(value, freedom), rel=1e-9)


def test_a_broken_split_is_seen_and_a_lucky_one_is_not() -> None:
    # Fabijan et al. 2019: 821,588 against 815,482 is a mismatch of an even split.
    assert mismatch({"A": 821_588, "B": 815_482}, {"A": 1, "B": 1}).p == pytest.approx(1.8e-6, rel=0.05)
    assert mismatch({"A": 821_588, "B": 815_482}, {"A": 1, "B": 1}).found
    assert not mismatch({"A": 5_080, "B": 4_920}, {"A": 50, "B": 50}).found
    assert not mismatch({"A": 9_010, "B": 990}, {"A": 90, "B": 10}).found
    assert mismatch({"A": 0, "B": 0}, {"A": 1, "B": 1}).p == 1.0


def test_sizes_as_the_textbook_and_r_have_them() -> None:
    z = critical(0.05)
    # R: power.prop.test(p1 = .50, p2 = .75, power = .90) and its default power of .8 for 2 % against 2.6 %.
    assert sample_size.needed(0.50, 0.25, z, 0.90) == 77
    assert sample_size.needed(0.02, 0.006, z) == 9_798
    assert sample_size.critical_for("fixed", 1) == pytest.approx(1.96, abs=1e-3)
    assert sample_size.critical_for("sequential", 1) == pytest.approx(3.035, abs=1e-3)
    assert sample_size.critical_for("fixed", 3) > sample_size.critical_for("fixed", 2)


@given(st.floats(0.001, 0.5), st.integers(100, 1_000_000), st.sampled_from(["fixed", "sequential"]), st.integers(1, 4))
def test_what_is_seen_with_a_size_needs_that_size(rate: float, people: int, rule: str, comparisons: int) -> None:
    z = sample_size.critical_for(rule, comparisons)
    apart = sample_size.smallest_seen(rate, (people, people), z)
    if apart is None:
        return
    assert sample_size.needed(rate, apart, z) == pytest.approx(people, rel=1e-3, abs=2)
    more = sample_size.smallest_seen(rate, (people * 2, people * 2), z)
    assert more is not None
    assert more < apart


def test_nothing_is_seen_with_nobody() -> None:
    assert sample_size.smallest_seen(0.5, (0, 100), 1.96) is None
    assert sample_size.smallest_seen(0.99, (2, 2), 1.96) is None


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=6))
def test_holm_keeps_the_order_and_lies_between_none_and_bonferroni(ps: dict[str, float]) -> None:
    corrected = holm(ps)
    assert list(corrected) == list(ps)
    for name, p in ps.items():
        assert p <= corrected[name] <= min(1.0, p * len(ps)) + 1e-12
    ordered = sorted(ps, key=lambda name: ps[name])
    assert all(corrected[one] <= corrected[other] for one, other in pairwise(ordered))


def test_holm_s_textbook_example() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
