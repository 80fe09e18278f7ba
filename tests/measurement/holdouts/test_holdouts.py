"""Hold-outs of a channel: planned on the past, begun on their day, read once with the truth in the interval."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from growth.campaigns.experiments.records import CampaignEffect
from growth.clock import FixedClock
from growth.database.audit import AuditEntry
from growth.database.changed_days import mark_changed
from growth.database.engine import transaction
from growth.errors import ConflictError, InvalidError, NotFoundError
from growth.experiments.holdouts.records import Holdout
from growth.experiments.holdouts.resting import held_out, held_out_sql, resting_for, rests_in
from growth.measurement.holdouts import running
from growth.measurement.holdouts.caused import all_caused, caused
from growth.measurement.holdouts.panels import panel
from growth.measurement.holdouts.planning import offer, save
from growth.measurement.holdouts.wishes import Wanted, checked
from growth.measurement.periods import Period
from tests.campaigns.comparing import run_of
from tests.campaigns.planned import make
from tests.campaigns.sending import Worker
from tests.conftest import NOON
from tests.measurement.holdouts.filled import SIZES, TODAY, fill, workspace

DAY = timedelta(days=1)
PAST = 26 * 7
GIVEN = {
    "name": "Search rests",
    "kind": "regions",
    "side": "buyer",
    "channel": "paid_search",
    "outcome": "acquired",
    "weeks": "4",
    "percent": "30",
    "settle_days": "7",
    "starts_on": TODAY.isoformat(),
    "regions": "",
}
ME = "manager@example.com"


def wanted(**changes: str) -> Wanted:
    return checked(GIVEN | changes, TODAY)


def planned(session: Session, **changes: str) -> Holdout:
    workspace(session)
    fill(session, TODAY - PAST * DAY, PAST)
    return save(session, wanted(**changes), actor=ME, now=NOON)


def test_the_panel_is_whole_weeks_of_known_countries(session: Session) -> None:
    workspace(session)
    fill(session, TODAY - 60 * DAY, 60)
    found = panel(session, "buyer", "acquired", TODAY)
    assert set(found) == set(SIZES) - {""}
    assert {len(weeks) for weeks in found.values()} == {8}  # the first of nine isn't whole
    sums = text("""
        select sum(acquired) / 1000000 from channel_day where country = 'RU' and day >= :first and day < :last
    """)
    assert found["RU"][-1] == session.scalar(sums, {"first": TODAY - 7 * DAY, "last": TODAY})


def test_a_plan_says_what_will_be_seen_and_keeps_to_its_share(session: Session) -> None:
    workspace(session)
    fill(session, TODAY - PAST * DAY, PAST)
    found = offer(session, wanted(), NOON)
    assert found.share <= 0.3
    assert set(found.regions) | set(found.compared) == set(SIZES) - {""}
    shown = {one.weeks: one.smallest for one in found.seen}
    assert 0.02 < shown[12] < shown[2] < 0.5
    assert found == offer(session, wanted(), NOON)
    named = offer(session, wanted(regions="br es"), NOON)
    assert named.regions == ("BR", "ES")
    with pytest.raises(InvalidError) as told:
        offer(session, wanted(regions="JP"), NOON)
    assert told.value.values["regions"] == "JP"
    with pytest.raises(InvalidError):
        offer(session, wanted(regions=" ".join(filter(None, SIZES))), NOON)


def test_without_a_past_nothing_is_promised(session: Session) -> None:
    workspace(session)
    for kind in ("regions", "people"):
        with pytest.raises(InvalidError):
            offer(session, wanted(kind=kind), NOON)
    fill(session, TODAY - 30 * DAY, 30)
    with pytest.raises(InvalidError) as told:
        offer(session, wanted(), NOON)
    assert "8 weeks" in str(told.value)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"side": "x"}, "side"),
        ({"channel": "members"}, "channel"),
        ({"channel": "email"}, "channel"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"kind": ""}, "kind"),
        ({"outcome": "money"}, "outcome"),
        ({"weeks": "5"}, "weeks"),
        ({"weeks": "9" * 40}, "weeks"),
        ({"percent": "51"}, "percent"),
        ({"percent": "٣٠"}, "percent"),
        ({"settle_days": "-1"}, "settle_days"),
        ({"starts_on": "soon"}, "starts_on"),
        ({"starts_on": "2026-11-23"}, "starts_on"),
        ({"starts_on": "9999-12-31"}, "starts_on"),
        ({"regions": "Russia"}, "regions"),
    ],
)
def test_what_isn_t_right_is_said_of_its_field(changes: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidError) as told:
        wanted(**changes)
    assert told.value.field == field


def test_a_channel_has_one_at_a_time_and_a_name_is_used_once(session: Session) -> None:
    first = planned(session)
    with pytest.raises(InvalidError):
        save(session, wanted(channel="seo"), actor=ME, now=NOON)
    with pytest.raises(ConflictError):
        save(session, wanted(name="Again"), actor=ME, now=NOON)
    running.stop(session, first.id, actor=ME, now=NOON)
    session.flush()
    assert save(session, wanted(name="Again"), actor=ME, now=NOON).state == "planned"


def test_it_rests_only_while_it_runs(session: Session) -> None:
    found = planned(session, starts_on=(TODAY + 3 * DAY).isoformat(), regions="BR")
    assert rests_in(session, "buyer", "paid_search", TODAY + 5 * DAY) == frozenset()
    assert running.begin_due(session, NOON, None, 10).done == 0
    assert running.begin_due(session, NOON + 3 * DAY, None, 10).done == 1
    assert rests_in(session, "buyer", "paid_search", TODAY + 5 * DAY) == {"BR"}
    assert rests_in(session, "buyer", "seo", TODAY + 5 * DAY) == frozenset()
    assert rests_in(session, "buyer", "paid_search", found.ends_on + DAY) == frozenset()
    with pytest.raises(ConflictError):
        running.start(session, found.id, actor=ME, now=NOON)
    running.stop(session, found.id, actor=ME, now=NOON + 5 * DAY)
    assert rests_in(session, "buyer", "paid_search", TODAY + 5 * DAY) == frozenset()
    with pytest.raises(ConflictError):
        running.stop(session, found.id, actor=ME, now=NOON)
    for number in (0, 2**63 - 1):
        with pytest.raises(NotFoundError):
            running.start(session, number, actor=ME, now=NOON)


def test_begun_by_hand_it_lasts_as_long(session: Session) -> None:
    found = planned(session, starts_on=(TODAY + 20 * DAY).isoformat())
    running.start(session, found.id, actor=ME, now=NOON)
    assert (found.state, found.starts_on, found.ends_on) == ("running", TODAY, TODAY + 34 * DAY)


def run_through(engine: Engine, clock: FixedClock, effect: float) -> Holdout:
    """Planned, begun, played with an effect, and read by the job."""
    with transaction(engine) as session:
        found = planned(session)
        off, number = list(found.regions), found.id
    worker = Worker(engine, clock)
    worker.tick("read_holdouts")
    with transaction(engine) as session:
        assert running.by_number(session, number).state == "running"
        fill(session, TODAY, 36, seed=2, effect=effect, off=off)
        mark_changed(session, [(TODAY + 33 * DAY, "buyer")])
    clock.moment += 37 * DAY
    worker.tick("read_holdouts")
    with transaction(engine) as session:
        assert running.by_number(session, number).state == "running"  # a day isn't counted yet
        session.execute(text("delete from channel_day_due"))
    for _ in range(2):
        clock.moment += timedelta(minutes=30)
        worker.tick("read_holdouts")
    with transaction(engine) as session:
        return running.by_number(session, number)


def test_from_the_plan_to_what_it_caused(engine: Engine, clock: FixedClock) -> None:
    found = run_through(engine, clock, effect=0.25)
    result: dict[str, Any] = found.result or {}
    assert found.state == "read"
    assert result["share_low"] < 0.25 < result["share_high"]
    assert result["share_low"] > 0
    assert (result["weeks"], result["first"]) == (4, (TODAY + 7 * DAY).isoformat())
    assert result["lost"] == pytest.approx(result["expected"] - result["came"])
    daily = sum(size * 200 for country, size in SIZES.items() if country in found.regions)
    assert result["saved_minor"] == pytest.approx(28 * daily, rel=0.02)
    with transaction(engine) as session:
        read = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "read hold-out")
        assert session.scalar(read) == 1
        period = Period(TODAY + 8 * DAY, TODAY + 35 * DAY)
        told = caused(session, "paid_search", "buyer", period)
        assert told is not None
        every = session.scalar(
            text("select sum(acquired) / 1000000 from channel_day where day between :first and :last"),
            {"first": period.first, "last": period.last},
        )
        assert told.value == pytest.approx(float(every or 0) * result["share"])
        assert told.low < told.value < told.high
        assert all_caused(session, "buyer", period) == {"paid_search": told}
        assert told.exceeded_by(1.01 * told.high)
        assert not told.exceeded_by(0.99 * told.high)
        assert told.source == f"holdout:{found.id}"
        assert caused(session, "paid_search", "buyer", period, "orders") is None
        assert caused(session, "seo", "buyer", period) is None
        later = Period(TODAY + 500 * DAY, TODAY + 507 * DAY)
        assert caused(session, "paid_search", "buyer", later) is None


def test_a_channel_that_causes_nothing_is_told_so(engine: Engine, clock: FixedClock) -> None:
    result: dict[str, Any] = run_through(engine, clock, effect=0.0).result or {}
    assert result["share_low"] < 0 < result["share_high"]


def test_what_is_known_so_far_is_in_whole_weeks(session: Session) -> None:
    found = planned(session)
    running.begin_due(session, NOON, None, 10)
    fill(session, TODAY, 20, seed=2)
    running.look_at_next(session, NOON + 14 * DAY, None, 1)
    assert found.result is None
    running.look_at_next(session, NOON + 20 * DAY, None, 1)
    one: dict[str, Any] = found.result or {}
    assert (one["weeks"], one["last"], found.state) == (1, (TODAY + 13 * DAY).isoformat(), "running")
    period = Period(TODAY, TODAY + 20 * DAY)
    assert caused(session, "paid_search", "buyer", period) is None  # before its end it says nothing


def test_where_nothing_came_it_ends_without_saying_anything(session: Session) -> None:
    found = planned(session)
    running.begin_due(session, NOON, None, 10)
    assert running.look_at_next(session, NOON + 90 * DAY, None, 1).done == 1
    assert (found.state, found.result) == ("read", None)
    session.flush()
    assert caused(session, "paid_search", "buyer", Period(TODAY, TODAY + 90 * DAY)) is None


def people_known(session: Session, number: int) -> list[int]:
    made = text("insert into person (locale, created_at) select 'en', :at from generate_series(1, :n) returning id")
    return list(session.scalars(made, {"at": NOON - 90 * DAY, "n": number}))


def ordered(session: Session, people: list[int], days: int) -> None:
    session.execute(
        text("""
            insert into conversion (kind, source_key, side, occurred_at, person_id)
            select 'first_order', 'o' || person, 'buyer', :at, person from unnest(cast(:people as bigint[])) person
        """),
        {"at": NOON + days * DAY, "people": people},
    )


def test_people_for_whom_it_rests_are_told_by_hash_and_counted_on_their_side(session: Session) -> None:
    workspace(session)
    people = people_known(session, 4_000)
    ordered(session, people[:200], -40)
    session.execute(text("analyze person"))
    found = save(session, wanted(kind="people", percent="20", outcome="orders"), actor=ME, now=NOON)
    assert found.plan["seen"][-1]["smallest"] < found.plan["seen"][0]["smallest"]
    running.begin_due(session, NOON, None, 10)
    assert resting_for(session, "buyer", "paid_search", TODAY) == (found.id, 20)
    rests = [person for person in people if held_out(found.id, 20, person)]
    assert 0.17 < len(rests) / len(people) < 0.23
    held, values = held_out_sql(found.id, 20, "person.id")
    same = session.scalars(text(f"select id from person where {held} order by id"), dict(values))
    assert list(same) == rests
    others = [person for person in people[200:] if person not in set(rests)]
    kept = [person for person in rests if person not in set(people[:200])]
    ordered(session, others[:300] + kept[:20], 10)
    people_known(session, 1)
    running.look_at_next(session, NOON + 20 * DAY, None, 1)
    result: dict[str, Any] = found.result or {}
    assert result["came"] == 20
    assert result["people"]["others_did"] == 300
    assert result["lost"] == pytest.approx(300 / (4_001 - len(rests)) * len(rests) - 20, rel=0.01)
    assert result["low"] < result["lost"] < result["high"]
    running.look_at_next(session, NOON + 40 * DAY, None, 1)
    assert found.state == "read"
    session.flush()
    # A week of those it works for, by what each day of the four weeks showed.
    told = caused(session, "paid_search", "buyer", Period(TODAY + 33 * DAY, TODAY + 39 * DAY), "orders")
    assert told is not None
    # Whoever is known since then may be on either side.
    expected = (found.result or {})["lost"] / len(rests) * result["people"]["others"] / 4
    assert told.value == pytest.approx(expected, rel=0.01)


def test_what_e_mail_caused_is_the_sum_over_campaigns_with_a_hold_out(session: Session) -> None:
    workspace(session)
    period = Period(TODAY - DAY, TODAY + DAY)
    assert caused(session, "email", "buyer", period) is None
    for name, at in (("One", NOON), ("Two", NOON), ("Later", NOON + 9 * DAY)):
        campaign = make(session, name, holdout_percent=10)
        run_of(session, campaign, at)
        sides = {"mailed": 900, "mailed_did": 90, "held_out": 100, "held_out_did": 4}
        session.add(CampaignEffect(campaign_id=campaign.id, outcome="order", until=at, final=True, **sides))
    session.flush()
    found = caused(session, "email", "buyer", period)
    assert found is not None
    assert (found.source, found.outcome) == ("campaigns", "order")
    assert found.value == pytest.approx(2 * 900 * 0.06)
    # Newcombe's interval of one is 900·(0.010 … 0.086); of two independent ones √2 as wide.
    assert 0 < found.low < found.value < found.high < 2 * 900 * 0.1


def test_two_at_once_read_once(engine: Engine, clock: FixedClock) -> None:
    with transaction(engine) as session:
        planned(session)
    with transaction(engine) as first:
        assert running.begin_due(first, clock.now(), None, 10).done == 1
        with transaction(engine) as second:
            assert running.begin_due(second, clock.now(), None, 10).done == 0
