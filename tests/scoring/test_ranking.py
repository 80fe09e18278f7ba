"""Scoring open leads: history, today's rank, reasons that add up, and doing nothing twice."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.leads.records import Lead
from growth.scoring.promotion import champion_of
from growth.scoring.ranking import score_open
from growth.scoring.records import LeadRank, Score
from growth.scoring.retraining import train
from growth.scoring.target import SELLER_WON_90D
from tests.scoring.funnel import add_leads


@pytest.fixture
def now(session: Session, clock: FixedClock) -> datetime:
    """The clock's time, with leads and a champion."""
    add_leads(session, clock.now(), 1200)
    train(session, SELLER_WON_90D, clock.now())
    return clock.now()


def ranks(session: Session) -> dict[int, LeadRank]:
    session.expire_all()
    return {rank.lead_id: rank for rank in session.scalars(select(LeadRank))}


def open_leads(session: Session) -> set[int]:
    return set(session.scalars(select(Lead.id).where(Lead.won_at.is_(None), Lead.closed_at.is_(None))))


def test_every_open_lead_gets_a_score_in_chunks(session: Session, now: datetime) -> None:
    after, done = None, 0
    while True:
        step = score_open(session, now, after, 100)
        done += step.done
        after = step.next
        if after is None:
            break
    found = ranks(session)
    assert set(found) == open_leads(session)
    assert done == len(found)
    model = champion_of(session, SELLER_WON_90D)
    assert model is not None
    for rank in found.values():
        assert 0 < rank.low <= rank.probability <= rank.high < 1
        assert sum(reason["points"] for reason in rank.reasons) == pytest.approx(rank.probability - rank.average)
        assert (rank.model_id, rank.side, rank.as_of) == (model.id, "seller", now)


def test_a_reason_is_a_sentence_with_its_value(session: Session, now: datetime) -> None:
    score_open(session, now, None, 5000)
    by_origin: dict[str, set[float]] = {}
    for rank in ranks(session).values():
        (reason,) = [one for one in rank.reasons if one["feature"] == "origin"]
        assert reason["message"] == "Came by way of %(value)s."
        by_origin.setdefault(reason["values"]["value"], set()).add(reason["points"] > 0)
    assert by_origin["search"] == {True}
    assert by_origin["fair"] == {False}


def test_scoring_again_writes_only_what_moved(session: Session, now: datetime) -> None:
    score_open(session, now, None, 5000)
    first = session.scalar(select(func.count()).select_from(Score))
    score_open(session, now + timedelta(minutes=1), None, 5000)
    assert session.scalar(select(func.count()).select_from(Score)) == first
    fair = select(Lead.id).where(Lead.id.in_(open_leads(session)), Lead.facts["origin"].astext == "fair")
    one = session.scalars(fair.limit(1)).one()
    session.execute(update(Lead).where(Lead.id == one).values(facts={"origin": "search", "landing_page": "page 1"}))
    score_open(session, now + timedelta(minutes=2), None, 5000)
    history = session.scalars(select(Score).where(Score.lead_id == one).order_by(Score.as_of)).all()
    assert history[1].probability > history[0].probability
    assert ranks(session)[one].probability == history[1].probability
    assert session.scalar(select(func.count()).select_from(Score)) == (first or 0) + 1


def test_a_new_model_scores_everybody_again(session: Session, now: datetime) -> None:
    score_open(session, now, None, 5000)
    first = session.scalar(select(func.count()).select_from(Score))
    add_leads(session, now + timedelta(days=300), 1500, oldest=300, newest=91, seed=9)
    train(session, SELLER_WON_90D, now + timedelta(days=300))
    later = now + timedelta(days=300)
    score_open(session, later, None, 5000)
    model = champion_of(session, SELLER_WON_90D)
    assert model is not None
    assert {rank.model_id for rank in ranks(session).values()} == {model.id}
    assert (session.scalar(select(func.count()).select_from(Score)) or 0) > (first or 0)


def test_a_lead_that_is_open_no_more_leaves_the_ranks(session: Session, now: datetime) -> None:
    score_open(session, now, None, 5000)
    gone = sorted(open_leads(session))[:2]
    session.execute(update(Lead).where(Lead.id == gone[0]).values(won_at=now))
    session.execute(update(Lead).where(Lead.id == gone[1]).values(closed_at=now))
    score_open(session, now, None, 5000)
    assert not set(gone) & set(ranks(session))


def test_without_a_model_nothing_is_done(session: Session, clock: FixedClock) -> None:
    add_leads(session, clock.now(), 10)
    assert score_open(session, clock.now(), None, 100).done == 0
    assert ranks(session) == {}
