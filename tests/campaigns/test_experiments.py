"""Experiments of campaigns: declared beside others, looked at, decided once, and what sending truly caused."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from growth.campaigns.differences import ChangedError
from growth.campaigns.experimenting import copy_experiment, experiment_of, remove_experiment
from growth.campaigns.experiments import winners
from growth.campaigns.experiments.declaring import save_experiment
from growth.campaigns.experiments.effects import caused, count_effects
from growth.campaigns.experiments.fields import checked_experiment
from growth.campaigns.experiments.records import CampaignEffect
from growth.campaigns.records import Campaign, Delivery
from growth.clock import FixedClock
from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.errors import ConflictError, InvalidError
from growth.experiments.records import Experiment, ExperimentArm
from tests.campaigns.comparing import DAY, TWO, add_messages, compared, hold_out, ordered, run_of
from tests.campaigns.planned import MINE, NOW, make
from tests.campaigns.sending import Worker, set_up


def look(session: Session, now: Any = NOW) -> Experiment:
    """Look at all, as the job does."""
    after = None
    while (step := winners.look_at_next(session, now, after, 1)).next is not None:
        after = step.next
    return session.scalars(select(Experiment)).one()


def arms_of(session: Session) -> dict[str | None, int]:
    counted = select(Delivery.arm, func.count()).where(Delivery.due_at.is_distinct_from(text("'infinity'")))
    return dict(session.execute(counted.group_by(Delivery.arm)).all())


def test_it_is_declared_with_the_size_it_needs(session: Session) -> None:
    campaign = compared(session)
    setup = experiment_of(session, campaign.id)
    assert setup is not None
    assert [arm.name for arm in setup.arms] == ["A", "B"]
    assert setup.arms[1].words_in("en") == {"subject": "New bags"}
    assert setup.planned_size == 8_158  # R: power.prop.test(p1 = .05, p2 = .06, power = .8)
    assert (setup.state, setup.serving) == ("planned", None)
    assert campaign.version == 2


def test_saving_the_same_changes_nothing_and_somebody_else_s_is_shown(session: Session) -> None:
    campaign = make(session)
    first = checked_experiment(session, campaign, TWO)
    save_experiment(session, campaign.id, first, version=1, now=NOW)
    save_experiment(session, campaign.id, first, version=1, now=NOW)
    assert campaign.version == 2
    other = checked_experiment(session, campaign, TWO | {"horizon_days": 5})
    with pytest.raises(ChangedError) as told:
        save_experiment(session, campaign.id, other, version=1, now=NOW)
    assert (told.value.version, told.value.differences[0].theirs) == (2, first)
    save_experiment(session, campaign.id, None, version=2, now=NOW)
    assert experiment_of(session, campaign.id) is None
    assert session.scalar(select(func.count()).select_from(ExperimentArm)) == 0
    campaign.state = "scheduled"
    with pytest.raises(ConflictError):
        save_experiment(session, campaign.id, other, version=3, now=NOW)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"outcome": "sale"}, "outcome"),
        ({"rule": "when I like it"}, "rule"),
        ({"horizon_days": 0}, "horizon_days"),
        ({"horizon_days": 10**30}, "horizon_days"),
        ({"test_percent": 1}, "test_percent"),
        ({"smallest_effect": 0}, "smallest_effect"),
        ({"base_rate": None}, "base_rate"),
        ({"arms": TWO["arms"][:1]}, "arms"),
        ({"arms": TWO["arms"] * 3}, "arms"),
        ({"arms": [{"share": 5_000}, {"share": 4_000, "changes": {"hour": 9}}]}, "share_A"),
        ({"arms": [{"share": 5_000}, {"share": "x"}]}, "share_B"),
        ({"arms": [{"share": 5_000}, {"share": 5_000}]}, "arm_B"),
        ({"arms": [{"share": 5_000}, {"share": 5_000, "changes": {"hour": 24}}]}, "hour_B"),
        ({"arms": [{"share": 5_000}, {"share": 5_000, "changes": {"message": "../x"}}]}, "message_B"),
        ({"arms": [{"share": 5_000}, {"share": 5_000, "changes": {"subjects": {"ru": "x" * 201}}}]}, "subject_B_ru"),
        ({"arms": [{"share": 5_000}, {"share": 5_000, "changes": {"subjects": {"en": "a\0b"}}}]}, "subject_B_en"),
    ],
)
def test_what_isn_t_right_is_said_of_its_field(session: Session, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as told:
        checked_experiment(session, make(session), TWO | changes)
    assert told.value.field == field


def test_a_copy_has_it_too_and_a_deleted_draft_leaves_nothing(session: Session) -> None:
    campaign, copy = compared(session), make(session, "Copy")
    copy_experiment(session, campaign.id, copy.id)
    one, other = experiment_of(session, campaign.id), experiment_of(session, copy.id)
    assert one is not None
    assert other is not None
    assert one.declaration == other.declaration
    remove_experiment(session, copy.id)
    assert experiment_of(session, copy.id) is None
    assert experiment_of(session, campaign.id) is not None


def test_nobody_waits_for_the_winner_of_what_is_sent_again_and_again(session: Session) -> None:
    assert experiment_of(session, compared(session, test_percent=20).id).test_percent == 20  # type: ignore[union-attr]
    again = compared(session, name="Again", test_percent=20, kind="triggered")
    assert experiment_of(session, again.id).test_percent == 100  # type: ignore[union-attr]


def test_a_fixed_rule_is_decided_once_when_the_last_outcome_is_in(session: Session) -> None:
    run = run_of(session, compared(session))
    add_messages(session, run, "A", 2_000, 100)
    add_messages(session, run, "B", 2_000, 160, sent_at=NOW + timedelta(hours=5))
    one = look(session, NOW + timedelta(hours=2))
    assert (one.state, one.started_at) == ("running", NOW)
    one = look(session, NOW + 3 * DAY)
    assert (one.state, one.ends_at) == ("running", NOW + 3 * DAY + timedelta(hours=5))
    one = look(session, NOW + 3 * DAY + timedelta(hours=5))
    assert (one.state, one.winner, one.decided_at) == ("decided", "B", NOW + 3 * DAY + timedelta(hours=5))
    assert one.result is not None
    assert one.result["counts"] == {"A": {"people": 2_000, "did": 100}, "B": {"people": 2_000, "did": 160}}
    assert one.result["effects"]["B"]["effect"] == pytest.approx(0.03)
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.detail["winner"]) == ("decided experiment", "B")
    # Once: later looks and later clicks change nothing.
    session.execute(text("update delivery set clicked_at = null"))
    assert look(session, NOW + 30 * DAY).result == one.result
    assert session.scalar(select(func.count()).select_from(AuditEntry)) == 1


def test_nothing_is_decided_while_messages_go_out(session: Session) -> None:
    run = run_of(session, compared(session))
    add_messages(session, run, "A", 2_000, 100)
    add_messages(session, run, "B", 2_000, 160)
    add_messages(session, run, "B", 1, state="planned")
    assert look(session, NOW + 10 * DAY).state == "running"


def test_a_sequential_rule_ends_at_the_first_look_that_shows_it(session: Session) -> None:
    run = run_of(session, compared(session, rule="sequential"))
    add_messages(session, run, "A", 3_000, 90)
    add_messages(session, run, "B", 3_000, 240)
    assert look(session, NOW + timedelta(minutes=30)).state == "running"  # nobody has clicked yet
    one = look(session, NOW + timedelta(hours=2))
    assert (one.state, one.winner) == ("decided", "B")


def test_without_a_difference_the_first_goes_to_the_rest(session: Session) -> None:
    campaign = compared(session, test_percent=50)
    run = run_of(session, campaign)
    add_messages(session, run, "A", 1_000, 50)
    add_messages(session, run, "B", 1_000, 51)
    add_messages(session, run, None, 30, state="planned", waiting=True)
    one = look(session, NOW + 4 * DAY)
    assert (one.state, one.winner) == ("decided", None)
    assert winners.release_next(session, NOW + 4 * DAY, None, 100).done == 30
    assert arms_of(session) == {"A": 1_030, "B": 1_000}


def test_arms_of_impossible_sizes_have_no_winner(session: Session) -> None:
    run = run_of(session, compared(session))
    add_messages(session, run, "A", 1_000, 50)
    add_messages(session, run, "B", 1_300, 300)
    one = look(session, NOW + 4 * DAY)
    assert (one.state, one.winner) == ("decided", None)
    assert one.result is not None
    assert one.result["mismatch"]["found"]


def test_arms_at_other_hours_are_watched_for_whole_days(session: Session) -> None:
    hours = [{"share": 5_000, "changes": {"hour": 8}}, {"share": 5_000, "changes": {"hour": 20}}]
    run = run_of(session, compared(session, rule="sequential", arms=hours))
    add_messages(session, run, "A", 3_000, 300)
    add_messages(session, run, "B", 3_000, 30, sent_at=NOW + timedelta(hours=12))
    assert look(session, NOW + timedelta(hours=20)).state == "running"
    one = look(session, NOW + timedelta(hours=37))
    assert (one.state, one.winner) == ("decided", "A")


def test_of_what_is_sent_again_and_again_the_planned_size_is_the_end(session: Session) -> None:
    campaign = compared(session, kind="triggered", smallest_effect=2_000)
    size = experiment_of(session, campaign.id).planned_size  # type: ignore[union-attr]
    assert size is not None
    run = run_of(session, campaign)
    add_messages(session, run, "A", size, 2)
    people = add_messages(session, run, "B", size - 1, size - 2)
    later = run_of(session, campaign, NOW + DAY)
    # Somebody for the second time, and somebody whose days aren't over: neither is one more.
    session.execute(
        text("insert into delivery (campaign_run_id, person_id, locale, arm, state, accepted_at)"
             " values (:run, :person, 'en', 'B', 'delivered', :at)"),
        {"run": later.id, "person": people[0], "at": NOW + DAY},
    )  # fmt: skip
    add_messages(session, later, "B", 1, 1, sent_at=NOW + DAY)
    assert look(session, NOW + 3 * DAY).state == "running"
    one = look(session, NOW + 4 * DAY)
    assert (one.state, one.winner) == ("decided", "B")


def test_orders_count_from_the_message_on_for_so_many_days(session: Session) -> None:
    run = run_of(session, compared(session, outcome="order"))
    first = add_messages(session, run, "A", 1_000)
    second = add_messages(session, run, "B", 1_000)
    ordered(session, first[:20], NOW + DAY)
    ordered(session, second[:60], NOW + DAY)
    ordered(session, second[:60], NOW + DAY, minor=5, kind="first_order")  # once per person
    ordered(session, second[60:200], NOW - DAY)
    ordered(session, second[60:200], NOW + 3 * DAY)
    ordered(session, second[60:200], NOW + DAY, kind="registration")
    ordered(session, second[60:200], NOW + DAY, side="seller", minor=7)
    one = look(session, NOW + 4 * DAY)
    assert one.result is not None
    assert one.result["counts"] == {"A": {"people": 1_000, "did": 20}, "B": {"people": 1_000, "did": 60}}


def test_a_visit_counts_also_while_nobody_knew_who_came(session: Session) -> None:
    run = run_of(session, compared(session, outcome="visit"))
    first = add_messages(session, run, "A", 50)
    second = add_messages(session, run, "B", 50)
    session.execute(text("select ensure_month('event', :at)"), {"at": NOW})
    session.execute(
        text("""
            with known as (
                insert into visitor_identity (visitor, person_id, rests_on, at)
                values (gen_random_uuid(), :second, 'event', :at) returning visitor)
            insert into event (occurred_at, event_id, kind, source, side, person_id, visitor)
            select cast(:at as timestamptz), gen_random_uuid(), 'page_view', 'collector', 'buyer', cast(null as bigint),
                visitor from known
            union all select :at, gen_random_uuid(), 'page_view', 'collector', 'buyer', :first, null
            union all select :at, gen_random_uuid(), 'order', 'collector', 'buyer', :other, null
        """),
        {"first": first[0], "other": first[1], "second": second[0], "at": NOW + DAY},
    )
    one = look(session, NOW + 4 * DAY)
    assert one.result is not None
    assert [one.result["counts"][name]["did"] for name in "AB"] == [1, 1]


def test_somebody_stops_it_by_hand(session: Session) -> None:
    campaign = compared(session, test_percent=50)
    run = run_of(session, campaign)
    add_messages(session, run, "A", 100, 5)
    add_messages(session, run, None, 30, state="planned", waiting=True)
    with pytest.raises(InvalidError):
        winners.choose(session, campaign.id, "Z", actor=MINE, now=NOW)
    setup = winners.choose(session, campaign.id, "B", actor=MINE, now=NOW)
    assert (setup.state, setup.winner, setup.serving.name) == ("stopped", "B", "B")  # type: ignore[union-attr]
    assert setup.arm_sql()[1] == {"experiment_winner": "B"}
    with pytest.raises(ConflictError):
        winners.choose(session, campaign.id, "A", actor=MINE, now=NOW)
    assert look(session, NOW + 9 * DAY).winner == "B"
    winners.release_next(session, NOW, None, 100)
    assert arms_of(session) == {"A": 100, "B": 30}
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.actor, entry.action, entry.detail["winner"]) == (MINE, "stopped experiment", "B")


def test_a_draft_has_nothing_to_stop_and_a_cancelled_campaign_stops_it(session: Session) -> None:
    campaign = compared(session)
    campaign.state = "draft"
    session.flush()
    with pytest.raises(ConflictError):
        winners.choose(session, campaign.id, None, actor=MINE, now=NOW)
    campaign.state = "cancelled"
    session.flush()
    assert look(session).state == "stopped"


def test_those_who_waited_get_it_at_their_hour(session: Session) -> None:
    campaign = compared(session, test_percent=50, timing={"mode": "local_hour", "hour": 9})
    run = run_of(session, campaign)
    people = add_messages(session, run, None, 2, state="planned", waiting=True)
    session.execute(text("update person set time_zone = 'Asia/Shanghai' where id = :id"), {"id": people[0]})
    session.execute(text("update person set time_zone = 'America/New_York' where id = :id"), {"id": people[1]})
    winners.choose(session, campaign.id, "A", actor=MINE, now=NOW)
    winners.release_next(session, NOW, None, 100)
    due = dict(session.execute(select(Delivery.person_id, Delivery.due_at)).all())
    assert due[people[0]] == NOW + timedelta(hours=13)  # 9:00 in Shanghai is 1:00 UTC
    assert due[people[1]] == NOW + timedelta(hours=2)


def test_what_sending_truly_caused(session: Session) -> None:
    set_up(session, NOW)
    campaign = make(session, holdout_percent=10)
    run = run_of(session, campaign)
    mailed = add_messages(session, run, None, 900, state="delivered")
    never = add_messages(session, run, None, 100, state="refused")
    kept = hold_out(session, run, 200)
    ordered(session, mailed[:110], NOW + DAY, 3_000)
    ordered(session, mailed[:5], NOW + 2 * DAY, -3_000, kind="refund")
    ordered(session, never[:10], NOW + DAY, 3_000)
    ordered(session, kept[:10], NOW + DAY, 3_000)
    ordered(session, kept[:10], NOW - DAY, 3_000)
    ordered(session, mailed[110:400], NOW + DAY, 500, kind="registration")
    count_effects(session, NOW + 3 * DAY, None, 10)
    (found,) = caused(session, campaign.id)
    assert found.outcome == "order"
    assert (found.mailed.people, found.mailed.did) == (1_000, 120)
    assert (found.held_out.people, found.held_out.did) == (200, 10)
    assert found.effect is not None
    assert found.effect.effect == pytest.approx(0.07)
    assert found.effect.low < 0.07 < found.effect.high
    assert found.value is not None
    assert found.mailed_value.mean == pytest.approx(345.0)
    assert found.value.effect == pytest.approx(345 - 150)
    assert not found.final


def test_who_was_drawn_for_it_counts_whatever_kept_the_message_back(session: Session) -> None:
    """Nobody asks of those held out whether they have a basket, or unsubscribed meanwhile."""
    set_up(session, NOW)
    campaign = make(session, holdout_percent=50)
    run = run_of(session, campaign)
    with_basket = add_messages(session, run, None, 10)
    hold_out(session, run, 60, "no_value", NOW)
    hold_out(session, run, 30, "frequency_cap", NOW)
    hold_out(session, run, 5, "suppressed")
    kept = hold_out(session, run, 100)
    ordered(session, with_basket[:5] + kept[:5], NOW + DAY)
    count_effects(session, NOW + 3 * DAY, None, 10)
    (found,) = caused(session, campaign.id)
    assert (found.mailed.people, found.held_out.people) == (100, 100)
    assert found.effect is not None
    assert found.effect.effect == 0


def test_it_is_counted_until_its_time_is_over_and_then_no_more(session: Session) -> None:
    set_up(session, NOW)
    campaign = make(session, holdout_percent=10)
    run = run_of(session, campaign)
    mailed = add_messages(session, run, None, 10)
    hold_out(session, run, 10)
    assert count_effects(session, NOW + DAY, None, 10).done == 1
    assert count_effects(session, NOW + DAY, None, 10).done == 0  # counted a moment ago
    assert count_effects(session, NOW + DAY + timedelta(hours=2), None, 10).done == 1
    run.finished_at = NOW + DAY
    session.flush()
    assert count_effects(session, NOW + 8 * DAY, None, 10).done == 1
    assert session.scalars(select(CampaignEffect)).one().final
    ordered(session, mailed, NOW + 8 * DAY)
    assert count_effects(session, NOW + 20 * DAY, None, 10).done == 0
    assert caused(session, campaign.id)[0].mailed.did == 0


def test_other_currencies_are_turned_and_those_without_a_rate_are_named(session: Session) -> None:
    set_up(session, NOW)
    campaign = make(session, holdout_percent=10)
    run = run_of(session, campaign)
    mailed = add_messages(session, run, None, 10)
    hold_out(session, run, 10)
    session.execute(text("insert into currency_rate (base, currency, day, rate) values ('USD', 'JPY', :day, 0.01)"),
                    {"day": NOW.date()})  # fmt: skip
    ordered(session, mailed[:4], NOW + DAY, 500, currency="JPY")  # 500 yen, which have no minor unit
    ordered(session, mailed[4:5], NOW + DAY, 500, currency="XAU")
    count_effects(session, NOW + 2 * DAY, None, 10)
    (found,) = caused(session, campaign.id)
    assert found.mailed.did == 5
    assert found.mailed_value.mean == pytest.approx(4 * 500 / 10)
    assert found.unrated == ("XAU",)


def test_a_person_counts_once_over_all_runs_since_they_were_first_chosen(session: Session) -> None:
    set_up(session, NOW)
    campaign = make(session, holdout_percent=10, kind="recurring", state="scheduled")
    first, second = run_of(session, campaign), run_of(session, campaign, NOW + DAY)
    mailed, kept = add_messages(session, first, None, 10), hold_out(session, first, 10)
    ordered(session, mailed[:3] + kept[:1], NOW + timedelta(hours=1))
    again = text("insert into exclusion (campaign_run_id, person_id, reason) select :run, unnest(cast(:p as bigint[])),"
                 " :reason")  # fmt: skip
    # What the first message did to who gets the second changes nothing: they were drawn in the first run.
    session.execute(again, {"run": second.id, "p": mailed[:5], "reason": "unsubscribed"})
    session.execute(again, {"run": second.id, "p": kept, "reason": "holdout"})
    late = add_messages(session, second, None, 4)
    ordered(session, mailed[:4] + late[:1], NOW + 2 * DAY)
    ordered(session, late[1:3], NOW + timedelta(hours=2))  # before they were chosen
    first.finished_at = second.finished_at = NOW + DAY
    assert count_effects(session, NOW + 30 * DAY, None, 10).done == 1
    (found,) = caused(session, campaign.id)
    assert (found.mailed.people, found.mailed.did) == (14, 5)
    assert (found.held_out.people, found.held_out.did) == (10, 1)
    assert found.mailed_value.mean == pytest.approx(8 * 1_000 / 14)
    assert not found.final  # it goes on
    campaign.state = "cancelled"
    session.flush()
    count_effects(session, NOW + 60 * DAY, None, 10)
    assert caused(session, campaign.id)[0].final


def test_several_runs_are_added_up_and_a_campaign_without_anybody_held_out_says_nothing(session: Session) -> None:
    set_up(session, NOW)
    campaign = make(session, holdout_percent=10)
    for day in range(3):
        run = run_of(session, campaign, NOW + day * DAY)
        ordered(session, add_messages(session, run, None, 100)[:20], NOW + day * DAY + timedelta(hours=1))
        hold_out(session, run, 10)
    run_of(session, make(session, "Nobody held out"))
    assert count_effects(session, NOW + 4 * DAY, None, 10).done == 1
    (found,) = caused(session, campaign.id)
    assert (found.mailed.people, found.mailed.did, found.held_out.people) == (300, 60, 30)
    assert caused(session, campaign.id + 1) == []


def test_the_job_killed_between_deciding_and_sending_goes_on(engine: Engine, clock: FixedClock) -> None:
    with transaction(engine) as session:
        set_up(session, clock.now())
        campaign = compared(session, test_percent=50, holdout_percent=10)
        run = run_of(session, campaign)
        add_messages(session, run, "A", 1_000, 50)
        add_messages(session, run, "B", 1_000, 120)
        add_messages(session, run, None, 25, state="planned", waiting=True)
    clock.moment += 4 * DAY
    # What was committed when it was killed: the decision, and a part of the release.
    with transaction(engine) as session:
        look(session, clock.now())
    with transaction(engine) as session:
        assert winners.release_next(session, clock.now(), None, 10).done == 10
    with transaction(engine) as session:
        session.execute(text("update campaign set state = 'paused'"))  # so that nothing is sent here
    worker = Worker(engine, clock)
    for _ in range(2):
        worker.tick("decide_experiments")
        clock.moment += timedelta(minutes=10)
    with transaction(engine) as session:
        assert arms_of(session) == {"A": 1_000, "B": 1_025}
        decided = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "decided experiment")
        assert session.scalar(decided) == 1
        assert session.scalar(select(Campaign.state)) == "paused"
        assert session.scalars(select(CampaignEffect)).one().mailed == 2_025


def test_two_at_once_decide_once(engine: Engine, clock: FixedClock) -> None:
    with transaction(engine) as session:
        set_up(session, clock.now())
        run = run_of(session, compared(session))
        add_messages(session, run, "A", 1_000, 50)
        add_messages(session, run, "B", 1_000, 120)
    now = clock.now() + 4 * DAY
    with transaction(engine) as first:
        assert winners.look_at_next(first, now, None, 1).done == 1
        with transaction(engine) as second:
            assert winners.look_at_next(second, now, None, 1).done == 0
