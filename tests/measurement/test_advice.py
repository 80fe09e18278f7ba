"""Advice: intervals hold the truth as often as they say, and what the past can't say is refused."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from zlib import crc32

import numpy as np
import pytest
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from growth.database.workspace import Workspace
from growth.errors import InvalidError, RefusedError
from growth.experiments.holdouts.records import Holdout
from growth.measurement.advice.asking import advise, best_move, curves, drawn_curves, keep_best
from growth.measurement.advice.causing import Measured, anchored, together
from growth.measurement.advice.curves import (
    WEEKS_A_MONTH,
    Change,
    Curve,
    carried,
    demand_of,
    fit_curve,
    move,
)
from growth.measurement.advice.moves import Drawn, Move, Silent
from growth.measurement.records import ChannelDay
from growth.spend.ledger import NewCost, record_costs
from tests.conftest import NOON
from tests.measurement.lived_market import CHANNELS, WEEKS, Year

SEEDS = range(1, 13)


def brings(spend: float, strength: float, half: float) -> float:
    return strength * spend / (spend + half)


def lived(dice: np.random.Generator, strength: float, half: float, usual: float, decay: float = 0.0) -> Curve | Silent:
    """A year of a known curve, spend moving about its mean."""
    spend = usual * np.exp(dice.normal(0, 0.5, 52))
    people = [dice.poisson(60 + brings(one, strength, half)) for one in carried(spend, decay)]
    return fit_curve(spend.tolist(), people)


def test_the_interval_holds_the_truth_and_refusals_are_no_answers() -> None:
    held, answered = 0, 0
    for seed in range(70):
        dice = np.random.default_rng(seed)
        weak, strong = (float(dice.uniform(80, 120)), 30_000.0), (float(dice.uniform(700, 1200)), 120_000.0)
        source, target = lived(dice, *weak, 100_000), lived(dice, *strong, 100_000)
        answer = move(source, target, 100_000)
        if isinstance(answer, Change):
            assert isinstance(source, Curve)
            assert isinstance(target, Curve)
            week = 100_000 / WEEKS_A_MONTH
            won = brings(target.usual + week, *strong) - brings(target.usual, *strong)
            lost = brings(source.usual, *weak) - brings(source.usual - week, *weak)
            held += answer.low <= (won - lost) * WEEKS_A_MONTH <= answer.high
            answered += 1
    assert answered >= 50
    assert held / answered >= 0.8, f"{held} of {answered}"


def fitted(year: Year) -> dict[str, Curve]:
    total = year.credited.sum(axis=0)
    each = {
        one: fit_curve(
            year.spend(one).tolist(), year.credited[place].tolist(), demand_of(total.tolist()), crc32(one.encode())
        )
        for place, one in enumerate(CHANNELS)
    }
    return {one: curve for one, curve in each.items() if isinstance(curve, Curve)}


def answers(people: int, error: float | None) -> Iterator[tuple[Change, float]]:
    """Moves in the rehearsal market that are answered, with what they truly bring."""
    for seed in SEEDS:
        year = Year(str(seed), people, spread=0.3)
        told = {one: year.measured(one, error) for one in CHANNELS} if error else {}
        known = anchored(fitted(year), year.credited.sum(axis=0).tolist(), told)
        for source, target in permutations(known, 2):
            minor = known[source].usual * WEEKS_A_MONTH * 0.3
            answer = move(known[source], known[target], round(minor))
            if isinstance(answer, Change):
                yield answer, year.truly(source, target, minor)


@pytest.mark.parametrize(("people", "error"), [(500, 0.15), (2000, 0.15), (500, None)])
def test_in_a_market_whose_truth_is_known_the_interval_holds_it(people: int, error: float | None) -> None:
    told = list(answers(people, error))
    held = sum(answer.low <= truth <= answer.high for answer, truth in told)
    assert len(told) >= 50
    assert held / len(told) >= 0.8, f"{held} of {len(told)}"


def test_without_hold_outs_credit_is_taken_for_less_than_it_says() -> None:
    year = Year("3", 2000, spread=0.3)
    plain = fitted(year)
    told = {"affiliates": year.measured("affiliates", 0.1)}
    caused = anchored(plain, year.credited.sum(axis=0).tolist(), told)
    assert caused["affiliates"].tested
    assert not caused["seo"].tested
    truth = told["affiliates"].value
    assert abs(caused["affiliates"].brought(12).sum(axis=0).mean() - truth) < 0.15 * truth
    assert plain["affiliates"].brought(12).sum(axis=0).mean() > 2 * truth


def test_a_sharper_hold_out_weighs_more() -> None:
    year = Year("4", 2000, spread=0.3)
    plain, total = fitted(year), year.credited.sum(axis=0).tolist()
    away = {
        error: anchored(plain, total, {"seo": Measured(500, error, 12)})["seo"].brought(12).sum(axis=0).mean() - 500
        for error in (20, 400)
    }
    assert abs(away[20]) < abs(away[400])


def test_what_carries_over_is_found() -> None:
    halves = []
    for decay in (0.0, 0.7):
        made = [lived(np.random.default_rng(seed), 3000, 80_000, 100_000, decay) for seed in range(6)]
        halves.append(np.mean([one.half_life for one in made if isinstance(one, Curve)]))
    assert halves[0] < 0.5 < halves[1]


def test_what_the_past_cannot_say_is_refused() -> None:
    dice = np.random.default_rng(1)
    assert fit_curve([5.0] * 8, [1.0] * 8) == Silent("too_few_weeks")
    assert fit_curve([5000.0] * 40, dice.poisson(50, 40).tolist()) == Silent("no_variation")
    varied = (5000 * np.exp(dice.normal(0, 0.5, 40))).tolist()
    assert fit_curve(varied, [50.0] * 20 + [51.0] * 20) == Silent("no_effect")
    good = lived(dice, 900, 100_000, 100_000)
    assert move(Silent("no_variation"), good, 5) == Silent("no_variation")
    assert move(good, good, 10**9) == Silent("more_than_spent")
    twin = lived(dice, 900, 100_000, 100_000)
    assert isinstance(good, Curve)
    assert isinstance(twin, Curve)
    assert move(good, replace(twin, spend=good.spend), 1000) == Silent("both_signs")
    small = lived(dice, 900, 1_000, 1_000)
    assert move(good, small, 50_000) == Silent("never_seen")


def test_money_that_moves_together_is_found() -> None:
    dice = np.random.default_rng(1)
    one, other = dice.gamma(4, 10, 40), dice.gamma(4, 10, 40)
    assert together({"a": one, "b": other, "c": one * 3 + dice.normal(0, 1, 40), "d": np.full(40, 5.0)}) == {
        "a": "c",
        "c": "a",
    }


def store(session: Session, year: Year, *, holdouts: bool) -> None:
    """The market's year as the roll-up and the ledger have it, ending last Sunday."""
    last = NOON.date() - timedelta(days=NOON.weekday() + 1)
    weeks = [last - timedelta(days=7 * (WEEKS - week) - 1) for week in range(WEEKS)]
    rows, lines = [], []
    for place, channel in enumerate(CHANNELS):
        for week, day in enumerate(weeks):
            spent = round(year.spend(channel)[week])
            rows.append({"day": day, "side": "buyer", "channel": channel, "country": "RU", "cost_minor": spent,
                         "acquired": int(year.credited[place, week]) * 1_000_000})  # fmt: skip
            lines.append(NewCost(source="file", source_key=channel, day=day, side="buyer", channel=channel,
                                 amount_minor=spent, currency="USD"))  # fmt: skip
        if holdouts:
            told, total = year.measured(channel, 0.15), year.credited[:, -12:].sum()
            share = {"share": told.value, "share_low": told.value - 1.645 * told.error,
                     "share_high": told.value + 1.645 * told.error}  # fmt: skip
            session.add(Holdout(name=channel, kind="regions", side="buyer", channel=channel, outcome="acquired",
                                weeks=4, settle_days=7, starts_on=weeks[40], ends_on=weeks[46], state="read", plan={},
                                result={name: value / total for name, value in share.items()}, created_by="m",
                                created_at=NOON))  # fmt: skip
    session.execute(insert(ChannelDay), rows)
    record_costs(session, lines, NOON)
    session.flush()


def set_up(session: Session) -> None:
    session.add(Workspace(name="M", time_zone="UTC", currency="USD", sender_name="M", sender_email="m", set_up_at=NOON))
    session.flush()


def test_the_best_move_is_kept_and_told_while_it_is_fresh(session: Session) -> None:
    keep_best(session, NOON)
    set_up(session)
    assert best_move(session, "buyer", NOON) == Silent("not_reckoned")
    store(session, Year("2", 2000, spread=0.3), holdouts=True)
    assert all(isinstance(one, Curve) and one.tested for one in map(curves(session, "buyer", NOON).get, CHANNELS))
    keep_best(session, NOON)
    best = best_move(session, "buyer", NOON)
    assert isinstance(best, Move)
    assert 0 < best.low < best.expected < best.high
    assert best.tested
    assert best_move(session, "seller", NOON) == Silent("too_few_weeks")
    assert best_move(session, "buyer", NOON + timedelta(days=4)) == Silent("not_reckoned")
    shown = drawn_curves(session, "buyer", NOON)
    assert isinstance(shown["seo"], Drawn)
    assert isinstance(shown["email"], Silent)
    again = advise(session, "buyer", (best.from_channel, best.to_channel), best.amount, now=NOON)
    assert again == best
    with pytest.raises(RefusedError, match="twelve weeks"):
        advise(session, "buyer", ("email", "seo"), 100, now=NOON)
    for channels, minor in ((("seo", "seo"), 5), (("tv", "seo"), 5), (("email", "seo"), 0)):
        with pytest.raises(InvalidError):
            advise(session, "buyer", channels, minor, now=NOON)


def test_commissions_follow_people_and_are_no_money_to_move(session: Session) -> None:
    set_up(session)
    store(session, Year("2", 2000, spread=0.3), holdouts=False)
    before = curves(session, "buyer", NOON)["affiliates"]
    record_costs(session, [
        NewCost(source="commission", source_key="a", day=NOON.date() - timedelta(days=7 * back + 1), side="buyer",
                channel="affiliates", amount_minor=10**7, currency="USD") for back in range(1, 30)
    ], NOON)  # fmt: skip
    session.execute(
        text("""
        update channel_day set cost_minor = cost_minor + 10000000
        from cost where source = 'commission' and cost.day = channel_day.day and channel_day.channel = 'affiliates'
    """)
    )
    after = curves(session, "buyer", NOON)["affiliates"]
    assert isinstance(before, Curve)
    assert isinstance(after, Curve)
    assert after.usual == before.usual
