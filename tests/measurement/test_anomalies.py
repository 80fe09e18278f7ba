"""Anomalies: quiet markets stay quiet, a real fall is told in two days with what lies beside it, and only once."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from growth.database.audit import AuditEntry
from growth.database.workspace import Workspace
from growth.errors import ConflictError, InvalidError, NotFoundError
from growth.measurement.anomalies.judging import judge
from growth.measurement.anomalies.series import HISTORY, RECENT, Scope, Series
from growth.measurement.anomalies.watching import anomalies, move_on, watch
from growth.measurement.records import Anomaly, ChannelDay
from tests.conftest import NOON

LONG = HISTORY + RECENT
TODAY = date(2026, 11, 24)
WHOLE = 1_000_000


def quiet(dice: np.random.Generator, series: int, days: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Counts with weekdays, growth, spread beyond Poisson, and small countries with days of nothing at all."""
    rows = []
    for _ in range(series):
        level, spread = np.exp(dice.uniform(np.log(0.5), np.log(300))), dice.uniform(1.05, 3)
        weekdays, growth = np.exp(dice.normal(0, 0.25, 7)), dice.normal(0, 0.25) / HISTORY
        mean = level * weekdays[np.arange(days) % 7] * np.exp(growth * np.arange(days))
        counts = dice.negative_binomial(mean / (spread - 1), 1 / spread)
        rows.append(counts * (dice.random(days) > 0.3) if level < 3 else counts)
    return np.array(rows)


def test_quiet_weeks_bring_at_most_one_alarm_each() -> None:
    weeks, series = 8, 300
    told = 0
    for seed in (1, 2):
        counts = quiet(np.random.default_rng(seed), series, LONG + 7 * weeks)
        last_told: dict[str, int] = {}
        for end in range(LONG, counts.shape[1]):
            given = [
                Series(Scope(str(one), "*", "acquired"), counts[one, end - LONG : end].tolist(), [1] * LONG)
                for one in range(series)
            ]
            for one in judge(given, TODAY + timedelta(days=end)).departures:
                told += end - last_told.get(one.scope.channel, -99) > 14
                last_told[one.scope.channel] = end
    assert told <= 2 * weeks


def test_a_fall_by_sixty_percent_is_told_within_two_days() -> None:
    hits, tries = 0, 30
    for seed in range(tries):
        dice = np.random.default_rng(seed)
        counts = quiet(dice, 200, LONG)
        mean = 60 * np.exp(dice.normal(0, 0.2, 7))[np.arange(LONG) % 7]
        mean[-2:] *= 0.4
        counts[0] = dice.negative_binomial(mean / 0.5, 1 / 1.5)
        given = [Series(Scope(str(one), "*", "acquired"), row.tolist(), [1] * LONG) for one, row in enumerate(counts)]
        hits += any(one.scope.channel == "0" and one.change < -0.4 for one in judge(given, TODAY).departures)
    assert hits >= 0.8 * tries


def test_too_little_is_not_judged() -> None:
    assert judge([Series(Scope("seo", "*", "orders"), [0] * LONG, [1] * LONG)], TODAY).departures == []
    assert judge([], TODAY).departures == []


@pytest.fixture
def market(session: Session) -> Session:
    """Sixty-three days of paid search in Brazil: since two days ago a registration costs far more, visits held."""
    place = Workspace(name="M", time_zone="UTC", currency="USD", sender_name="M", sender_email="m@e.example")
    place.set_up_at = NOON
    session.add(place)
    dice, rows = np.random.default_rng(3), []
    for back in range(LONG + 1):
        row = {"day": TODAY - timedelta(days=back), "side": "buyer", "channel": "paid_search", "unrated": ""}
        for country, fallen in (("BR", 0.3 if 1 <= back <= 2 else 1), ("RU", 1)):
            sums = {"touches": int(dice.poisson(900)), "acquired": int(dice.poisson(120 * fallen)) * WHOLE}
            rows.append(row | sums | {"country": country, "cost_minor": 40_000 + int(dice.poisson(100)) * 20})
    session.execute(insert(ChannelDay), rows)
    return session


def test_it_is_told_once_with_what_lies_beside_it(market: Session) -> None:
    assert watch(market, NOON) == 1
    assert watch(market, NOON) == 0
    assert watch(market, NOON + timedelta(days=1)) == 0
    (one,) = anomalies(market, "buyer", None, NOON)
    assert (one.channel, one.country, one.since) == ("paid_search", "BR", TODAY - timedelta(days=2))
    assert one.measure in {"acquired", "cost_each"}
    assert "held:touches" in [cause for cause, _ in one.evidence["causes"]]


def test_seen_then_explained_and_audited(market: Session) -> None:
    watch(market, NOON)
    found = market.scalars(select(Anomaly)).one()
    with pytest.raises(InvalidError):
        move_on(market, found.id, "explained", " ", actor="m@e.example", now=NOON)
    move_on(market, found.id, "seen", "", actor="m@e.example", now=NOON)
    with pytest.raises(ConflictError):
        move_on(market, found.id, "seen", "", actor="m@e.example", now=NOON)
    move_on(market, found.id, "explained", "the form was broken", actor="m@e.example", now=NOON)
    assert anomalies(market, "buyer", None, NOON) == []
    with pytest.raises(NotFoundError):
        move_on(market, 2**62, "seen", "", actor="m@e.example", now=NOON)
    actions = market.scalars(select(AuditEntry.action).where(AuditEntry.action.like("anomaly%"))).all()
    assert sorted(actions) == ["anomaly explained", "anomaly seen"]
