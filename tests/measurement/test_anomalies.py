"""Anomalies: quiet markets stay quiet, a real fall is told in two days with what lies beside it, and only once."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from growth.database.audit import AuditEntry
from growth.database.changed_days import ChannelDayDue
from growth.database.workspace import Workspace
from growth.errors import ConflictError, InvalidError, NotFoundError
from growth.events.ingest import ingest
from growth.measurement.anomalies.causes import causes
from growth.measurement.anomalies.folding import Finding, fold
from growth.measurement.anomalies.judging import judge
from growth.measurement.anomalies.series import ALL, HISTORY, RECENT, Departure, Scope, Series
from growth.measurement.anomalies.surroundings import Surroundings, Views, surroundings
from growth.measurement.anomalies.watching import anomalies, move_on, watch
from growth.measurement.records import Anomaly, ChannelDay
from growth.spend.ledger import NewCost, record_costs
from tests.conftest import NOON
from tests.events.happenings import happening

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


Market = dict[tuple[str, str, str], np.ndarray[Any, np.dtype[Any]]]


def market_of(dice: np.random.Generator, channels: int, countries: int, days: int, holidays: tuple[int, ...]) -> Market:
    """Visits, registrations, orders and cost by channel and country, and in all of them, over quiet weeks."""
    rows: Market = {}
    season = np.ones(days)
    season[list(holidays)] = 0.6
    for channel in range(channels):
        for country in range(countries):
            level, spread = np.exp(dice.uniform(np.log(3), np.log(2_000))), dice.uniform(1.05, 3)
            weekdays, growth = np.exp(dice.normal(0, 0.22, 7)), dice.normal(0, 0.2) / HISTORY
            mean = level * weekdays[np.arange(days) % 7] * np.exp(growth * np.arange(days)) * season
            visits = dice.negative_binomial(mean / (spread - 1), 1 / spread)
            acquired = dice.binomial(visits, dice.uniform(0.02, 0.15))
            cost = mean * dice.uniform(5, 10) * np.exp(dice.normal(0, 0.05, days))
            figures = {"touches": visits, "acquired": acquired, "orders": dice.binomial(acquired, 0.3), "cost": cost}
            for name, figure in figures.items():
                rows[str(channel), str(country), name] = figure
                rows[str(channel), ALL, name] = rows.get((str(channel), ALL, name), 0) + figure
    return rows


def series_of(market: Market, end: int) -> list[Series]:
    made = []
    for (channel, country, name), figures in market.items():
        told = figures[end - LONG : end]
        if name == "cost":
            acquired = market[channel, country, "acquired"][end - LONG : end].tolist()
            made.append(Series(Scope(channel, country, "cost_each"), acquired, (told / told.mean()).tolist()))
        else:
            made.append(Series(Scope(channel, country, name), told.tolist(), [1.0] * LONG))
    return made


def test_both_sides_together_tell_at_most_one_a_week_holidays_included() -> None:
    weeks, told, holidays = 5, 0, 0
    days = LONG + 7 * weeks
    for seed, channels in ((1, 7), (2, 6)):  # the channels of buyers, and of sellers, with what stands below them
        market = market_of(np.random.default_rng(seed), channels, 8, days, (20, LONG + 10, LONG + 11))
        last_told: dict[tuple[str, str], int] = {}
        for end in range(LONG, days + 1):
            for one in fold(judge(series_of(market, end), TODAY + timedelta(days=end)).departures):
                new = end - last_told.get((one.lead.scope.channel, one.lead.scope.country), -99) > 14
                told += new
                holidays += new and one.channels > 1
                last_told |= {(below.scope.channel, below.scope.country): end for below in (one.lead, *one.beneath)}
    assert told <= weeks
    assert holidays == 2  # one on each side


def test_a_cost_per_registration_up_by_64_percent_in_one_country_is_told_within_three_days() -> None:
    hits, tries = 0, 12
    for seed in range(tries):
        dice = np.random.default_rng(100 + seed)
        market = market_of(dice, 7, 8, LONG, ())
        mean = 150 * np.exp(dice.normal(0, 0.15, 7))[np.arange(LONG) % 7]
        mean[-3:] /= 1.64
        market["2", "3", "acquired"] = dice.negative_binomial(mean / 0.5, 1 / 1.5)
        market["2", "3", "cost"] = 1_000 * np.exp(dice.normal(0, 0.05, LONG))
        found = fold(judge(series_of(market, LONG), TODAY).departures)
        hits += any(one.lead.scope.channel == "2" and one.lead.scope.country == "3" for one in found)
    assert hits >= 0.8 * tries


def departure(channel: str, country: str, excess: float, measure: str = "acquired", p: float = 1e-6) -> Departure:
    return Departure(Scope(channel, country, measure), TODAY, excess / 100, 100 + excess, 100, p)


def leads(*found: Departure) -> list[tuple[str, str, int]]:
    told = fold(found)
    assert sorted([one for each in told for one in (each.lead, *each.beneath)], key=repr) == sorted(found, key=repr)
    return [(one.lead.scope.channel, one.lead.scope.country, len(one.beneath)) for one in told]


def test_what_has_one_cause_is_one_finding() -> None:
    brazil, whole = departure("seo", "BR", -60), departure("seo", ALL, -80, p=1e-9)
    assert leads(brazil, whole) == [("seo", "BR", 1)]  # the country explains the total
    assert leads(brazil, departure("seo", "BR", -50, "orders")) == [("seo", "BR", 1)]
    assert sorted(leads(departure("seo", "BR", -20), whole)) == [("seo", ALL, 0), ("seo", "BR", 0)]
    assert sorted(leads(departure("seo", "BR", 60), whole)) == [("seo", ALL, 0), ("seo", "BR", 0)]
    many = [departure("seo", country, -40) for country in ("BR", "RU", "US")]
    assert leads(*many, whole) == [("seo", ALL, 3)]
    in_brazil = [departure(channel, "BR", -40) for channel in ("seo", "email", "affiliates")]
    assert leads(*in_brazil, whole)[0][1:] == ("BR", 3)
    everywhere = [departure(channel, ALL, -40) for channel in ("seo", "email", "affiliates")]
    assert leads(*everywhere, brazil)[0][1:] == (ALL, 3)
    assert leads() == []


@given(st.lists(st.builds(
    departure, st.sampled_from("abcd"), st.sampled_from([ALL, "BR", "RU", "US", "CN"]), st.sampled_from([-60.0, 50.0]),
    st.sampled_from(["acquired", "orders"]), st.floats(1e-12, 1e-4),
), unique_by=lambda one: one.scope))  # fmt: skip
def test_every_departure_is_told_exactly_once(found: list[Departure]) -> None:
    assert len(leads(*found)) <= len(found)


def test_causes_are_told_only_where_they_are() -> None:
    around = Surroundings(
        exhausted=frozenset({"seo"}),
        before=Views({"BR": 100}, {"BR": 5}, {"BR": 900}), now=Views({"BR": 100}, {"BR": 40}, {"BR": 6_100}),
        stopped={"seo": ["A", "B", "C", "D"]}, unrated={"seo": "BRL"},
    )  # fmt: skip
    changes = {Scope("seo", "BR", "touches"): -0.95, Scope("seo", "BR", "orders"): 0.02}
    fell = causes(Finding(departure("seo", "BR", -60)), changes, around)
    assert [cause for cause, *_ in fell] == [
        "tracking", "budget", "stopped", "answer", "bots", "moved:touches", "held:orders"
    ]  # fmt: skip
    assert {cause: more for cause, _, more in fell}["stopped"] == {"names": "A, B, C", "more": 1}
    gone = {Scope("seo", "BR", "touches"): -0.95, Scope("seo", "BR", "orders"): -0.9}
    assert "tracking" not in [cause for cause, *_ in causes(Finding(departure("seo", "BR", -60)), gone, around)]
    rose = causes(Finding(departure("seo", "RU", 60, "cost_each")), {}, around)
    assert [cause for cause, *_ in rose] == ["rate"]


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
    assert "held:touches" in [cause for cause, *_ in one.evidence["causes"]]


def test_what_happened_around_it_is_looked_at(market: Session) -> None:
    since = TODAY - timedelta(days=2)
    events = []
    for back in range(1, 6):
        slow = 6_100 if back <= 2 else 900
        at = NOON - timedelta(days=back)
        for number in range(40):
            events.append(happening(f"{back}-{number}", at, country="BR", properties={"answer_ms": slow + number}))
            bot = "agent" if back <= 2 and number < 20 else None
            events.append(happening(f"b{back}-{number}", at, country="BR", properties={"answer_ms": "no"}, bot=bot))
    ingest(market, events, NOON)
    record_costs(market, [
        NewCost(source="t", source_key=f"{name}", day=TODAY - timedelta(days=back), side="buyer", channel=channel,
                amount_minor=500, currency="USD", campaign=name)
        for channel, name, days in (("paid_search", "Bags", (4, 9)), ("paid_search", "Hats", (1, 4)), ("seo", "", (5,)))
        for back in days
    ], NOON)  # fmt: skip
    around = surroundings(market, "buyer", since, TODAY - timedelta(days=1), NOON)
    assert (round(around.before.answers["BR"], -2), round(around.now.answers["BR"], -2)) == (900, 6_100)
    assert (around.before.bot_share("BR"), around.now.bot_share("BR")) == (0, 0.25)
    assert around.now.bot_share("RU") is None
    assert around.stopped == {"paid_search": ["Bags"]}
    assert around.uncosted == {"seo"}
    assert watch(market, NOON) == 0  # the roll-up of these costs comes first
    market.execute(delete(ChannelDayDue))
    assert watch(market, NOON) == 1
    (one,) = anomalies(market, "buyer", None, NOON)
    assert {"answer", "bots", "stopped", "held:touches"} <= {cause for cause, *_ in one.evidence["causes"]}


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
