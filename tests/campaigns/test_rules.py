"""Rules of sending: checked, saved beside others, halted by themselves, and let go on by a person."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from growth.campaigns.records import CampaignRun, ReceiverMinute
from growth.campaigns.sending.guarding import BOUNCES, COMPLAINTS, Lately, guard, too_much
from growth.campaigns.sending.rules import RulesChangedError, go_on, halt, rules, save_rules
from growth.database.audit import AuditEntry
from growth.errors import InvalidError
from tests.campaigns.planned import MINE, NOW, make
from tests.campaigns.sending import add_campaign


def test_they_begin_with_quiet_nights_and_a_cap(session: Session) -> None:
    held = rules(session)
    assert (held.quiet_from, held.quiet_until, held.most_per_day, held.version) == (21 * 60, 8 * 60, 2, 1)
    assert (held.disposable_addresses, held.role_addresses, held.halted_at) == ("leave_out", "send", None)
    assert rules(session) is held


def test_a_change_is_kept_with_who_made_it(session: Session) -> None:
    changes = {"per_hour": 5000, "per_receiver": {" Mail.RU ": 300}, "warm_up_since": date(2026, 11, 25)}
    held = save_rules(session, changes, version=1, actor=MINE, now=NOW)
    assert (held.per_hour, held.per_receiver, held.version) == (5000, {"mail.ru": 300}, 2)
    assert save_rules(session, changes, version=1, actor=MINE, now=NOW).version == 2  # says what is there already
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.actor, entry.detail["after"]["per_receiver"]) == (MINE, {"mail.ru": 300})
    assert entry.detail["after"]["warm_up_since"] == "2026-11-25"


def test_the_later_of_two_gets_the_difference(session: Session) -> None:
    save_rules(session, {"most_per_week": 3}, version=1, actor=MINE, now=NOW)
    with pytest.raises(RulesChangedError) as error:
        save_rules(session, {"most_per_week": 4}, version=1, actor=MINE, now=NOW)
    assert error.value.version == 2
    assert [(one.field, one.mine, one.theirs) for one in error.value.differences] == [("most_per_week", 4, 3)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("per_hour", 0),
        ("per_hour", "many"),
        ("most_per_day", True),
        ("bounce_limit", None),
        ("quiet_from", None),
        ("quiet_until", 20 * 60),  # from 21:00: quiet for 23 hours
        ("per_receiver", {"mail.ru": 0}),
        ("per_receiver", {"two words": 1}),
        ("per_receiver", [1]),
        ("most_by_purpose", {"": 3}),
        ("role_addresses", "maybe"),
        ("warm_up_since", "tomorrow"),
        ("seeds", [{"email": "nobody", "locale": "en"}]),
        ("seeds", [{"email": "a@example.com", "locale": "fr"}]),
        ("seeds", "a@example.com"),
        ("halted_at", NOW),
        ("no_such_rule", 1),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(session: Session, field: str, value: Any) -> None:
    with pytest.raises(InvalidError) as error:
        save_rules(session, {field: value}, version=1, actor=MINE, now=NOW)
    assert error.value.field == field
    assert rules(session).version == 1


def test_seeds_are_normal_addresses_once_each_and_stay_out_of_the_log(session: Session) -> None:
    seeds = [{"email": " Ann@Example.com", "locale": "ru"}, {"email": "ann@example.com", "locale": "en"}]
    held = save_rules(session, {"seeds": seeds}, version=1, actor=MINE, now=NOW)
    assert held.seeds == [{"email": "ann@example.com", "locale": "en"}]
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert "ann" not in str(entry.detail)


def test_a_halt_pauses_what_is_sent_and_a_person_lets_it_go_on(session: Session) -> None:
    going, waiting = make(session, "going", state="sending"), make(session, "waiting", state="scheduled")
    halt(session, BOUNCES, now=NOW, sent=1000, number=90, limit="5 %")
    halt(session, COMPLAINTS, now=NOW + timedelta(minutes=1), sent=1, number=1, limit="0.2 %")
    session.expire_all()
    assert (going.state, waiting.state) == ("paused", "scheduled")
    assert going.paused_because is not None
    assert going.paused_because["message"] == BOUNCES
    held = rules(session)
    assert held.halted_at == NOW
    assert held.halted_because == {"sentence": BOUNCES, "values": {"sent": 1000, "number": 90, "limit": "5 %"}}
    go_on(session, actor=MINE, now=NOW + timedelta(hours=1))
    assert (rules(session).halted_at, going.state) == (None, "paused")
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))
    assert [one for one in actions if "sending" in one] == ["halt sending", "let sending go on"]


@pytest.mark.parametrize(
    ("lately", "why"),
    [
        (Lately(199, 199, 199), None),
        (Lately(1000, 50, 2), None),
        (Lately(1000, 51, 2), BOUNCES),
        (Lately(1000, 50, 3), COMPLAINTS),
        (Lately(0, 0, 0), None),
    ],
)
def test_what_is_too_much(lately: Lately, why: str | None) -> None:
    found = too_much(lately, 500, 20)
    assert (found[0] if found else None) == why


def test_it_halts_by_itself_once_and_not_again_for_what_was_looked_at(session: Session) -> None:
    run = CampaignRun(campaign_id=add_campaign(session, NOW, state="sending").id, due_at=NOW, state="sending")
    session.add(run)
    session.flush()
    add = {"campaign_run_id": run.id, "receiver": "mail.ru", "delivered": 0, "deferred": 0, "opened": 0, "clicked": 0}
    old = {"minute": NOW - timedelta(hours=25), "sent": 100_000, "bounced": 0, "complained": 0}
    new = {"minute": NOW - timedelta(hours=1), "sent": 1_000, "bounced": 51, "complained": 0}
    session.execute(insert(ReceiverMinute), [add | old, add | new])
    assert guard(session, NOW)
    assert not guard(session, NOW)
    go_on(session, actor=MINE, now=NOW)
    assert not guard(session, NOW + timedelta(minutes=1))
    later = new | {"minute": NOW + timedelta(minutes=2)}
    session.execute(insert(ReceiverMinute), [add | later])
    assert guard(session, NOW + timedelta(minutes=3))
    assert session.scalar(select(func.count()).where(AuditEntry.action == "halt sending")) == 2
