"""From leads in the database to a champion: labels, the judgement on later leads, and who takes over."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.database.audit import AuditEntry
from growth.errors import PermanentError, RefusedError
from growth.leads.records import Lead
from growth.scoring.artifact import fingerprint, pack, unpack
from growth.scoring.examples import read_examples
from growth.scoring.promotion import champion_of, promote
from growth.scoring.records import ScoringModel
from growth.scoring.retraining import keep, train
from growth.scoring.target import SELLER_WON_90D
from growth.scoring.training import FIRST, NOT_USED, PROMOTED, STAYS, TOO_FEW, WAITS, learn
from tests.scoring.funnel import REVERSED, add_leads


@pytest.fixture
def now(clock: FixedClock) -> datetime:
    return clock.now()


def lead(session: Session, number: int, contacted: datetime, won: datetime | None, closed: datetime | None) -> int:
    made = Lead(
        side="seller",
        source="test",
        source_key=str(number),
        name=f"Lead {number}",
        channel="online",
        facts={"origin": "search"},
        stage="contacted",
        contacted_at=contacted,
        won_at=won,
        closed_at=closed,
        created_at=contacted,
    )
    session.add(made)
    session.flush()
    return made.id


def test_a_lead_younger_than_the_horizon_has_no_label(session: Session, now: datetime) -> None:
    day = timedelta(days=1)
    young = now - 89 * day
    old = now - 91 * day
    lead(session, 1, young, None, None)
    lead(session, 2, young, young + 3 * day, young + 3 * day)
    open_one = lead(session, 3, old, None, None)
    in_time = lead(session, 4, old, old + 8 * day, old + 8 * day)
    too_late = lead(session, 5, old - 30 * day, old + 70 * day, old + 70 * day)
    examples = read_examples(session, SELLER_WON_90D, now)
    ends = {number: set(examples.won[examples.leads == number].tolist()) for number in examples.leads.tolist()}
    assert ends == {open_one: {False}, in_time: {True}, too_late: {False}}


def test_a_lead_is_looked_at_only_while_it_was_open(session: Session, now: datetime) -> None:
    day = timedelta(days=1)
    old = now - 100 * day
    won = lead(session, 1, old, old + 8 * day, old + 8 * day)
    lost = lead(session, 2, old, None, old + 2 * day)
    never = lead(session, 3, old, None, None)
    examples = read_examples(session, SELLER_WON_90D, now)
    looks = {number: int((examples.leads == number).sum()) for number in (won, lost, never)}
    assert looks == {won: 2, lost: 1, never: 3}


def test_reading_as_of_an_earlier_day_gives_that_day_s_labels(session: Session, now: datetime) -> None:
    add_leads(session, now, 300)
    earlier = now - timedelta(days=60)
    then = read_examples(session, SELLER_WON_90D, earlier)
    session.execute(update(Lead).where(Lead.won_at > earlier).values(won_at=None, closed_at=None))
    again = read_examples(session, SELLER_WON_90D, earlier)
    assert then.leads.tolist() == again.leads.tolist()
    assert then.won.tolist() == again.won.tolist()


def test_the_first_model_takes_over_when_it_beats_the_plain_share(session: Session, now: datetime) -> None:
    add_leads(session, now, 2000)
    decision = train(session, SELLER_WON_90D, now)
    assert (decision.promoted, decision.message) == (True, FIRST)
    model = champion_of(session, SELLER_WON_90D)
    assert model is not None
    assert model.measures["auc"] > 0.62
    assert model.measures["log_loss"] < model.measures["champion"]["log_loss"]
    assert model.rows > 2000 * 310 / 400
    assert model.data_until is not None
    assert model.data_until <= now - SELLER_WON_90D.horizon
    assert "origin" in {feature["key"] for feature in model.card["features"]}
    assert "country" in {feature["feature"] for feature in model.card["dropped"]}
    assert model.card["decision"]["values"]["later"] == model.measures["later"]


def test_a_first_model_that_later_leads_prove_wrong_is_not_used(session: Session, now: datetime) -> None:
    add_leads(session, now, 1200, oldest=700, newest=300)
    add_leads(session, now, 700, oldest=299, newest=90, seed=1, shares=REVERSED)
    decision = train(session, SELLER_WON_90D, now)
    assert (decision.promoted, decision.message) == (False, NOT_USED)
    by_state = {model.state: model for model in session.scalars(select(ScoringModel))}
    assert by_state["candidate"].card["decision"]["message"] == NOT_USED
    assert by_state["champion"].kind == "base_rate"
    assert by_state["champion"].card["features"][0]["key"] == "channel"


def test_without_enough_new_ends_the_champion_stays_unjudged(session: Session, now: datetime) -> None:
    add_leads(session, now, 1000)
    train(session, SELLER_WON_90D, now)
    decision = train(session, SELLER_WON_90D, now + timedelta(days=1))
    assert (decision.promoted, decision.message) == (False, WAITS)
    assert session.scalar(select(func.count()).select_from(ScoringModel)) == 1


def test_a_better_model_takes_over_and_the_old_one_is_retired(session: Session, now: datetime) -> None:
    add_leads(session, now, 1000, oldest=400, newest=90)
    train(session, SELLER_WON_90D, now)
    first = champion_of(session, SELLER_WON_90D)
    later = now + timedelta(days=600)
    add_leads(session, later, 4000, oldest=600, newest=90, seed=1, shares=REVERSED)
    decision = train(session, SELLER_WON_90D, later)
    assert (decision.promoted, decision.message) == (True, PROMOTED)
    second = champion_of(session, SELLER_WON_90D)
    assert first is not None
    assert second is not None
    assert (first.state, first.retired_at, second.promoted_at) == ("retired", later, later)
    assert second.id > first.id


def test_a_worse_model_waits_as_a_candidate(session: Session, now: datetime) -> None:
    add_leads(session, now, 1000, oldest=400, newest=200)
    train(session, SELLER_WON_90D, now - timedelta(days=105))
    champion = champion_of(session, SELLER_WON_90D)
    # Since then most leads were of another kind, and the newest are of the old kind again.
    add_leads(session, now, 3000, oldest=199, newest=120, seed=1, shares=REVERSED)
    add_leads(session, now, 1700, oldest=115, newest=91, seed=2)
    decision = train(session, SELLER_WON_90D, now)
    assert (decision.promoted, decision.message) == (False, STAYS)
    assert champion_of(session, SELLER_WON_90D) is champion
    assert session.scalars(select(ScoringModel.state).order_by(ScoringModel.id.desc())).first() == "candidate"


@pytest.mark.parametrize("count", [0, 60])
def test_with_few_ends_the_share_by_channel_drawn_to_the_prior_is_the_score(
    session: Session, now: datetime, count: int
) -> None:
    if count:
        add_leads(session, now, count, oldest=300, newest=100, shares={"search": 1.0})
    decision = train(session, SELLER_WON_90D, now)
    assert (decision.promoted, decision.message) == (True, TOO_FEW)
    model = champion_of(session, SELLER_WON_90D)
    assert model is not None
    average = model.card["average"]
    assert average == pytest.approx(0.1) if count == 0 else 0.8 < average < 0.99


def test_a_model_that_was_changed_in_the_database_is_never_opened(session: Session, now: datetime) -> None:
    add_leads(session, now, 40)
    train(session, SELLER_WON_90D, now)
    model = champion_of(session, SELLER_WON_90D)
    assert model is not None
    unpack(model)
    session.execute(update(ScoringModel).values(kind="logistic"))
    session.refresh(model)
    with pytest.raises(RefusedError, match="not made by this installation"):
        unpack(model)
    session.execute(update(ScoringModel).values(kind="base_rate", artifact=b"cos\nsystem\n(S'false'\ntR."))
    session.refresh(model)
    with pytest.raises(RefusedError, match="not made by this installation"):
        promote(session, model.id, actor="a", now=now)


def test_a_champion_that_can_t_be_read_is_replaced(session: Session, now: datetime) -> None:
    add_leads(session, now, 1000)
    train(session, SELLER_WON_90D, now)
    broken = champion_of(session, SELLER_WON_90D)
    assert broken is not None
    session.execute(update(ScoringModel).values(artifact=b"x"))
    session.refresh(broken)
    decision = train(session, SELLER_WON_90D, now)
    assert decision.message == PROMOTED
    assert broken.state == "retired"


def test_a_model_of_another_scikit_learn_is_not_opened(session: Session, now: datetime) -> None:
    add_leads(session, now, 40)
    train(session, SELLER_WON_90D, now)
    model = champion_of(session, SELLER_WON_90D)
    assert model is not None
    packed, _ = pack(model.target, model.kind, unpack(model))
    _, _, body = packed.partition(b"\n")
    model.artifact, model.fingerprint = resigned(model, b"0.1\n" + body)
    with pytest.raises(PermanentError, match=r"scikit-learn 0\.1"):
        unpack(model)


def resigned(model: ScoringModel, packed: bytes) -> tuple[bytes, bytes]:
    return packed, fingerprint(model.target, model.kind, packed)


def test_a_model_that_took_over_meanwhile_is_not_pushed_aside(session: Session, now: datetime) -> None:
    add_leads(session, now, 1000)
    examples = read_examples(session, SELLER_WON_90D, now)
    learnt = learn(SELLER_WON_90D, examples, None)
    assert keep(session, SELLER_WON_90D, learnt, None, now).promoted
    first = champion_of(session, SELLER_WON_90D)
    assert not keep(session, SELLER_WON_90D, learnt, None, now).promoted
    assert champion_of(session, SELLER_WON_90D) is first


def test_a_person_promotes_a_candidate_and_takes_it_back(session: Session, now: datetime) -> None:
    add_leads(session, now, 1000)
    champion = None
    learnt = learn(SELLER_WON_90D, read_examples(session, SELLER_WON_90D, now), None)
    for _ in range(2):
        keep(session, SELLER_WON_90D, learnt, champion, now)
    first = champion_of(session, SELLER_WON_90D)
    candidate = session.scalars(select(ScoringModel).where(ScoringModel.state == "candidate")).one()
    assert first is not None
    assert promote(session, candidate.id, actor="manager@example.com", now=now) == first.id
    assert (candidate.state, first.state) == ("champion", "retired")
    assert promote(session, first.id, actor="manager@example.com", now=now) == candidate.id
    assert (candidate.state, first.state) == ("candidate", "champion")
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.action, entry.detail["after"]) for entry in entries] == [
        ("promote model", candidate.id),
        ("promote model", first.id),
    ]
