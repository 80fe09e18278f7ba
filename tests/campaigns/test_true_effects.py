"""Intervals of what sending caused hold the truth as often as they say, though messages change who gets the next."""

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.campaigns.experiments.outcomes import Side, beside
from growth.campaigns.records import CampaignRun
from growth.experiments import means, proportions
from growth.experiments.means import Spread
from growth.experiments.proportions import Share
from tests.campaigns.comparing import DAY, run_of
from tests.campaigns.planned import NOW, make
from tests.campaigns.sending import set_up
from tests.campaigns.test_audience import undone

CAMPAIGNS = 120
PEOPLE = 400
RUNS = 3
LEVEL = 0.9

Dice = np.random.Generator


def played(session: Session, number: int, lift: float, dice: Dice) -> list[CampaignRun]:
    """A recurring campaign: the busy order more, and are those who get less and less of what is sent."""
    campaign = make(session, f"Played {number} {lift}", holdout_percent=30, kind="recurring")
    runs = [run_of(session, campaign, NOW + day * DAY) for day in range(RUNS)]
    people = np.array(
        session.scalars(
            text("insert into person (locale, created_at) select 'en', :now from generate_series(1, :n) returning id"),
            {"now": NOW, "n": PEOPLE},
        ).all()
    )
    busy, mailed = dice.random(PEOPLE) < 0.3, dice.random(PEOPLE) < 0.7
    for day, run in enumerate(runs):
        # The busy often left after they were planned, and after a first message they are over the cap at once.
        left = mailed & busy & (dice.random(PEOPLE) < 0.4)
        capped = mailed & busy & (day > 0) & (dice.random(PEOPLE) < 0.6)
        insert(session, run, "delivery", people[mailed & ~left & ~capped])
        insert(session, run, "holdout", people[~mailed])
        insert(session, run, "taken out", people[left & ~capped])
        insert(session, run, "frequency_cap", people[capped])
    chance = np.where(busy, 0.35, 0.04) + lift * mailed
    orders = np.minimum(dice.binomial(2, chance / 2), 2)
    for which in (1, 2):
        session.execute(
            text("""
                insert into conversion (kind, source_key, side, occurred_at, person_id, value_minor, currency)
                select 'order', :which || ' ' || person, 'buyer', :at, person, 1000, 'USD'
                from unnest(cast(:people as bigint[])) person
            """),
            {"which": str(which), "at": NOW + which * DAY, "people": people[orders >= which].tolist()},
        )
    return runs


def insert(session: Session, run: CampaignRun, how: str, people: "np.typing.NDArray[np.int64]") -> None:
    columns, values = {
        "delivery": ("delivery (campaign_run_id, person_id, locale, state)", "'en', 'delivered'"),
        "taken out": ("exclusion (campaign_run_id, person_id, reason, taken_out_at)", "'unsubscribed', :now"),
    }.get(how, ("exclusion (campaign_run_id, person_id, reason)", ":how"))
    given = {"run": run.id, "people": people.tolist(), "now": NOW, "how": how}
    wanted = text(f"insert into {columns} select :run, unnest(cast(:people as bigint[])), {values}")
    session.execute(wanted, {name: given[name] for name in wanted.compile().params})


@pytest.mark.parametrize("lift", [0.0, 0.08])
def test_ninety_percent_intervals_hold_the_truth_in_nine_of_ten_campaigns(session: Session, lift: float) -> None:
    set_up(session, NOW)
    dice = np.random.default_rng(20_261_125)
    held = valued = 0
    apart = []
    for number in range(CAMPAIGNS):
        with undone(session):  # so that each has the tables for itself
            runs = played(session, number, lift, dice)
            found = beside(session, runs, "buyer", "order", NOW + 9 * DAY)
        assert found.mailed.people + found.held_out.people == PEOPLE
        mailed, kept = found.mailed, found.held_out
        effect = proportions.difference(Share(mailed.people, mailed.did), Share(kept.people, kept.did), LEVEL)
        value = means.difference(spread(mailed), spread(kept), LEVEL)
        assert effect is not None
        assert value is not None
        # Who orders at all: 1 - (1 - p/2)\u00b2 of a chance p; three in ten are busy.
        truth = sum(part * (did(p + lift) - did(p)) for part, p in ((0.3, 0.35), (0.7, 0.04)))
        held += effect.low <= truth <= effect.high
        valued += value.low <= 1_000 * lift <= value.high
        apart.append(effect.effect - truth)
    assert 0.84 <= held / CAMPAIGNS <= 0.96
    assert 0.84 <= valued / CAMPAIGNS <= 0.96
    assert abs(np.mean(apart)) < 3 * np.std(apart) / CAMPAIGNS**0.5  # and without a bias


def did(chance: float) -> float:
    return 1 - (1 - chance / 2) ** 2


def spread(side: Side) -> Spread:
    return Spread.of_sums(side.people, side.minor, float(side.squares))
