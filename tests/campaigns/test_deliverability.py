"""What becomes of messages at each receiver: kept by triggers, added up, judged."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from growth.campaigns.email.deliverability import (
    ENOUGH,
    Fate,
    bounces,
    by_minute,
    by_receiver,
    fold_minutes,
    judge,
    runs_since,
)
from growth.campaigns.records import Delivery, ReceiverMinute
from growth.people.identity import Known, ensure_person
from tests.campaigns.planned import NOW, begin, make


def planned(session: Session, receivers: dict[str, int]) -> int:
    """A run with messages to receivers, all planned."""
    run = begin(session, make(session, "Receivers"))
    names = [name for name, number in receivers.items() for _ in range(number)]
    people = [ensure_person(session, Known(keys=(("receiving", str(one)),)), NOW) for one in range(len(names))]
    rows = [
        {"campaign_run_id": run, "person_id": person, "locale": "en", "receiver": name}
        for name, person in zip(names, people, strict=True)
    ]
    session.execute(insert(Delivery), rows)
    return run


def tell(session: Session, receiver: str, most: int, **values: Any) -> None:
    some = select(Delivery.id).where(Delivery.receiver == receiver).order_by(Delivery.id).limit(most)
    session.execute(update(Delivery).where(Delivery.id.in_(some)).values(values))


def test_figures_follow_every_change_and_folding_changes_none(session: Session) -> None:
    run = planned(session, {"gmail": 6, "mail.ru": 4})
    assert by_receiver(session) == {}
    early, late = NOW - timedelta(hours=60), NOW - timedelta(minutes=30)
    tell(session, "gmail", 6, state="accepted", accepted_at=early)
    tell(session, "mail.ru", 4, state="accepted", accepted_at=late)
    tell(session, "gmail", 5, state="delivered", delivered_at=early)
    tell(session, "gmail", 2, opened_at=NOW)
    tell(session, "gmail", 1, clicked_at=NOW)
    tell(session, "mail.ru", 3, deferred_at=NOW)
    tell(session, "mail.ru", 2, state="bounced", bounce_class="volume")
    tell(session, "gmail", 1, state="complained")
    expected = {
        "gmail": Fate(sent=6, delivered=5, complained=1, opened=2, clicked=1),
        "mail.ru": Fate(sent=4, deferred=3, bounced=2),
    }
    rows = session.scalar(select(func.count()).select_from(ReceiverMinute)) or 0
    assert by_receiver(session, runs=[run]) == by_receiver(session) == expected
    assert fold_minutes(session, NOW) == rows - 2
    assert by_receiver(session, runs=[run]) == expected
    assert list(by_minute(session, [run])) == [early.replace(minute=0, second=0), late]
    assert by_receiver(session, since=NOW - timedelta(days=1)) == {"mail.ru": expected["mail.ru"]}
    assert runs_since(session, NOW - timedelta(days=1)) == [run]
    assert bounces(session, [run]) == {"volume": 2}


def test_what_is_taken_away_no_longer_counts(session: Session) -> None:
    planned(session, {"gmail": 2})
    tell(session, "gmail", 2, state="accepted", accepted_at=NOW)
    session.execute(delete(Delivery))
    assert by_receiver(session) == {}


fates = st.builds(
    lambda sent, shares: Fate(sent, *(int(sent * share) for share in shares)),
    st.integers(0, 5_000),
    st.lists(st.floats(0, 1), min_size=6, max_size=6),
)


@given(st.dictionaries(st.sampled_from(["gmail", "outlook", "mail.ru", "qq"]), fates))
def test_findings_have_a_cause(receivers: dict[str, Fate]) -> None:
    found = judge(receivers)
    assert [one.tone for one in found] == sorted(one.tone for one in found)  # bad comes before warn
    for one in found:
        assert receivers[one.receiver].sent >= ENOUGH
        assert all(0 <= share <= 1 for share in one.values.values())


def test_limits_are_those_of_the_large_receivers() -> None:
    good = Fate(sent=10_000, delivered=9_950, complained=9, bounced=50, opened=3_000)
    assert judge({"gmail": good, "outlook": good}) == []
    (complaint,) = judge({"gmail": Fate(sent=10_000, delivered=9_990, complained=30, opened=3_000)})
    assert (complaint.tone, complaint.values) == ("bad", {"share": 0.003})
    (spam,) = judge({"gmail": good, "qq": Fate(sent=1_000, delivered=1_000, opened=50)})
    assert (spam.tone, spam.receiver) == ("warn", "qq")
