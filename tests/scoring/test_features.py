"""Features see what was known at the moment and nothing later."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.errors import RefusedError
from growth.events.records import Event
from growth.leads.records import Activity, Lead, StageChange
from growth.people.records import Person
from growth.scoring.examples import read_examples, read_open
from growth.scoring.features import AT_FIRST_CONTACT, FEATURES, Feature
from growth.scoring.known import Known, LeadAt
from growth.scoring.models.columns import CategoryColumn, Frame
from growth.scoring.target import SELLER_WON_90D

DAY = timedelta(days=1)


def planted(of: Any) -> Feature:
    return Feature("planted", "Planted", "%(value)s", "", AT_FIRST_CONTACT, "category", of)


@pytest.mark.parametrize("key", ["won_reason", "declared_monthly_revenue", "Last Activity", "won_date"])
def test_a_fact_known_only_after_the_end_is_refused(key: str) -> None:
    feature = planted(lambda lead: lead.fact(key))
    with pytest.raises(RefusedError, match="not written down at first contact"):
        feature.known(LeadAt(Lead, func.now()))


@pytest.mark.parametrize("column", ["stage", "won_at", "closed_at", "owner_id", "due_at"])
def test_a_column_that_changes_later_is_refused(column: str) -> None:
    with pytest.raises(RefusedError, match="changes later"):
        planted(lambda lead: lead.column(column)).known(LeadAt(Lead, func.now()))


def test_a_feature_that_goes_past_the_moment_is_refused() -> None:
    with pytest.raises(RefusedError, match="looks past the moment"):
        planted(lambda lead: lead.lead.won_at).known(LeadAt(Lead, func.now()))


def test_every_feature_is_declared_with_its_sentence() -> None:
    lead = LeadAt(Lead, func.now())
    for key, feature in FEATURES.items():
        assert isinstance(feature.known(lead), Known), key
        assert "%(value)s" in feature.says
        assert feature.unknown


def values_of(frame: Frame, row: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column in frame.columns:
        if isinstance(column, CategoryColumn):
            code = column.codes[row]
            found[column.name] = column.levels[code] if code >= 0 else None
        else:
            found[column.name] = column.values[row]
    return found


@pytest.fixture
def contacted(clock: FixedClock) -> datetime:
    return clock.now() - 100 * DAY


@pytest.fixture
def lead(session: Session, contacted: datetime) -> Lead:
    person = Person(created_at=contacted)
    session.add(person)
    session.flush()
    made = Lead(
        side="seller",
        source="test",
        source_key="1",
        name="Yiwu Lamps",
        channel="online",
        facts={"origin": "search", "won_reason": "price"},
        stage="qualified",
        contacted_at=contacted,
        created_at=contacted,
        person_id=person.id,
    )
    session.add(made)
    session.flush()
    return made


def happen(session: Session, lead: Lead, at: datetime, *, late: timedelta = timedelta(0)) -> None:
    """A visit, a click, a call and a stage at a moment, received or written down `late`."""
    session.execute(select(func.ensure_month("event", at)))
    for kind in ("page_view", "email_click"):
        session.add(
            Event(
                occurred_at=at,
                event_id=uuid4(),
                kind=kind,
                source="collector",
                side="seller",
                person_id=lead.person_id,
                received_at=at + late,
            )
        )
    session.add(Activity(lead_id=lead.id, kind="call", outcome="interested", at=at))
    session.add(
        StageChange(lead_id=lead.id, stage="verified", at=at, by="rep", reason="documents", recorded_at=at + late)
    )
    session.flush()


def test_what_happens_after_the_moment_changes_nothing_before(
    session: Session, lead: Lead, contacted: datetime, clock: FixedClock
) -> None:
    before = read_examples(session, SELLER_WON_90D, clock.now())
    happen(session, lead, contacted + 10 * DAY)
    after = read_examples(session, SELLER_WON_90D, clock.now())
    looks = [values_of(after.frame, row) for row in range(3)]
    assert looks[:2] == [values_of(before.frame, row) for row in range(2)]
    known = ("visits", "email_clicks", "calls", "last_call", "stage", "age_days")
    assert [looks[1][key] for key in known] == [0, 0, 0, None, None, 7]
    assert [looks[2][key] for key in known] == [1, 1, 1, "interested", "verified", 30]


def test_what_was_written_down_later_was_not_known(
    session: Session, lead: Lead, contacted: datetime, clock: FixedClock
) -> None:
    happen(session, lead, contacted + DAY, late=20 * DAY)
    looks = read_examples(session, SELLER_WON_90D, clock.now())
    assert [values_of(looks.frame, row)["stage"] for row in range(3)] == [None, None, "verified"]
    assert [values_of(looks.frame, row)["visits"] for row in range(3)] == [0, 0, 1]


def test_learning_and_scoring_see_the_same(
    session: Session, lead: Lead, contacted: datetime, clock: FixedClock
) -> None:
    happen(session, lead, contacted + 3 * DAY)
    learnt = read_examples(session, SELLER_WON_90D, clock.now())
    for row, age in enumerate(SELLER_WON_90D.ages):
        scored = read_open(session, SELLER_WON_90D, contacted + age, None, 10)
        assert scored.leads == [lead.id]
        assert values_of(scored.frame, 0) == values_of(learnt.frame, row)
