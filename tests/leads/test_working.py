"""Working a lead: what is decided, and that two at once and twice pressed come to one."""

from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from growth.database.engine import transaction
from growth.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from growth.leads import working
from growth.leads.reading import Worker, history, visible_lead
from growth.leads.records import Activity, Assignment, FollowUp, Lead, StageChange
from growth.leads.stages import LOST, OPEN_STAGES, OUTCOMES, STAGES, WON_STAGES
from growth.leads.working import Deed
from growth.people.accounts import Role
from growth.people.records import Organisation
from growth.people.staff import new_account
from tests.conftest import NOON


def a_rep(session: Session, name: str) -> int:
    email = f"{name.lower()}@example.com"
    return new_account(session, email=email, name=name, roles=[Role.REP], password_hash="", now=NOON).id


def a_lead(session: Session, **more: object) -> int:
    known = {"side": "seller", "source": "test", "source_key": "1", "name": "A", "channel": "online", "facts": {}}
    lead = Lead(**known | {"stage": "contacted", "contacted_at": NOON, "created_at": NOON} | more)
    session.add(lead)
    session.flush()
    return lead.id


@given(outcome=st.sampled_from(sorted(OUTCOMES)), promised=st.none() | st.integers(1, 10_000))
def test_a_lead_that_was_called_rests_but_never_beyond_a_promise(outcome: str, promised: int | None) -> None:
    due = NOON + timedelta(minutes=promised) if promised else None
    rests = working.rests_until(Deed(outcome=outcome, follow_up=due), NOON)
    assert rests > NOON
    assert rests == due or due is None


@pytest.mark.parametrize(
    ("deed", "field"),
    [
        (Deed(), "outcome"),
        (Deed(outcome="great"), "outcome"),
        (Deed(kind="fax", outcome="reached"), "kind"),
        (Deed(outcome="reached", note="\0"), "note"),
        (Deed(outcome="reached", follow_up=NOON), "follow_up"),
        (Deed(outcome="reached", follow_up=NOON + timedelta(days=9_999)), "follow_up"),
        (Deed(kind="note", follow_up=NOON + timedelta(days=1)), "follow_up"),
    ],
)
def test_what_can_t_be_logged_names_the_field(deed: Deed, field: str) -> None:
    with pytest.raises(InvalidError) as wrong:
        working.check(deed, NOON)
    assert wrong.value.field == field


def test_a_call_keeps_promises_and_a_note_does_not(session: Session) -> None:
    anna = Worker(a_rep(session, "Anna"))
    lead = a_lead(session)
    tomorrow = NOON + timedelta(days=1)
    working.log(session, anna, lead, Deed(outcome="call_back", follow_up=tomorrow), NOON)
    working.log(session, anna, lead, Deed(kind="note", note="Sells bags"), NOON + timedelta(minutes=1))
    assert session.get_one(Lead, lead).due_at == tomorrow
    working.log(session, anna, lead, Deed(outcome="no_answer"), tomorrow)
    assert session.scalars(select(FollowUp.done_at)).one() == tomorrow
    assert session.get_one(Lead, lead).due_at == tomorrow + timedelta(hours=20)
    assert [one.kind for one in history(session, lead)] == ["call", "note", "call", "assigned"]


def test_undoing_a_call_opens_the_promise_it_kept(session: Session) -> None:
    anna = Worker(a_rep(session, "Anna"))
    lead = a_lead(session)
    tomorrow = NOON + timedelta(days=1)
    working.log(session, anna, lead, Deed(outcome="call_back", follow_up=tomorrow), NOON)
    second = working.log(session, anna, lead, Deed(outcome="reached"), tomorrow)
    with pytest.raises(NotFoundError):
        working.undo(session, Worker(a_rep(session, "Boris"), sees_all=True), lead, second, tomorrow)
    with pytest.raises(RefusedError, match="ten minutes"):
        working.undo(session, anna, lead, second, tomorrow + timedelta(minutes=11))
    working.undo(session, anna, lead, second, tomorrow + timedelta(minutes=9))
    assert session.scalars(select(FollowUp.done_at)).one() is None
    found = session.get_one(Lead, lead)
    assert (found.due_at, found.owner_id) == (tomorrow, anna.account_id)


def test_a_rep_sees_their_own_and_nobodys_a_manager_all(session: Session) -> None:
    anna, boris = a_rep(session, "Anna"), a_rep(session, "Boris")
    own, free = a_lead(session, owner_id=anna), a_lead(session, source_key="2")
    assert visible_lead(session, Worker(anna), own).id == own
    assert visible_lead(session, Worker(boris), free).id == free
    assert visible_lead(session, Worker(boris, sees_all=True), own).id == own
    with pytest.raises(NotFoundError, match="colleague"):
        visible_lead(session, Worker(boris), own)
    with pytest.raises(RefusedError):
        working.assign(session, Worker(anna), free, boris, NOON)


def test_giving_a_lead_gives_its_promises(session: Session) -> None:
    anna, boris = a_rep(session, "Anna"), a_rep(session, "Boris")
    lead = a_lead(session)
    working.log(session, Worker(anna), lead, Deed(outcome="reached", follow_up=NOON + timedelta(days=1)), NOON)
    working.assign(session, Worker(0, sees_all=True), lead, boris, NOON)
    assert session.scalars(select(FollowUp.account_id)).one() == boris
    assert [row.account_id for row in session.scalars(select(Assignment).order_by(Assignment.id))] == [anna, boris]


@given(way=st.lists(st.sampled_from(sorted(STAGES)), max_size=8))
def test_won_and_lost_leads_are_closed_and_open_ones_are_not(way: list[str]) -> None:
    won_at: datetime | None = None
    closed_at: datetime | None = None
    for place, stage in enumerate(way):
        before, now = won_at, NOON + timedelta(minutes=place)
        won_at, closed_at = working.ends(stage, won_at, closed_at, now)
        assert (closed_at is None) == (stage in OPEN_STAGES)
        assert (won_at is not None) == (stage in WON_STAGES)
        assert won_at == closed_at or stage == LOST
        assert before is None or won_at in {None, before}


def test_undoing_a_win_opens_the_lead_as_it_was(session: Session) -> None:
    boss = Worker(0, sees_all=True)
    lead = a_lead(session)
    working.move(session, boss, lead, "applied", seen="contacted", reason="", by="Anna", now=NOON)
    later = NOON + timedelta(hours=1)
    working.move(session, boss, lead, "shop_open", seen="applied", reason="", by="Anna", now=later)
    with pytest.raises(NotFoundError):
        working.undo_move(session, boss, lead, by="Boris", now=later)
    found = working.undo_move(session, boss, lead, by="Anna", now=later)
    assert (found.stage, found.won_at, found.closed_at) == ("applied", None, None)
    assert session.scalars(select(StageChange.stage)).all() == ["applied"]


def test_a_second_lead_of_a_company_is_not_opened(session: Session) -> None:
    company = Organisation(legal_name="晨光", created_at=NOON)
    session.add(company)
    session.flush()
    lost = a_lead(session, organisation_id=company.id, stage="lost", closed_at=NOON)
    a_lead(session, organisation_id=company.id, source_key="2")
    with pytest.raises(ConflictError, match="same company"):
        working.move(session, Worker(0, sees_all=True), lost, "contacted", seen="lost", reason="", by="Anna", now=NOON)


def test_two_reps_take_a_lead_and_one_is_told(engine: Engine) -> None:
    with transaction(engine) as session:
        reps = [a_rep(session, name) for name in ("Anna", "Boris")]
        lead = a_lead(session)
    start, told = Barrier(2), list[str]()

    def take(account: int) -> None:
        start.wait()
        try:
            with transaction(engine) as session:
                working.take(session, Worker(account), lead, NOON)
            told.append("taken")
        except ConflictError as error:
            told.append(str(error))

    _both([Thread(target=take, args=(account,)) for account in reps])
    with transaction(engine) as session:
        owner = session.get_one(Lead, lead).owner_id
        assert session.scalars(select(Assignment.account_id)).all() == [owner]
    name = {reps[0]: "Anna", reps[1]: "Boris"}[owner or 0]
    assert sorted(told) == sorted(["taken", f"{name} has taken this lead. Choose the next one."])


def test_a_double_click_logs_once(engine: Engine) -> None:
    with transaction(engine) as session:
        anna = Worker(a_rep(session, "Anna"))
        lead = a_lead(session)
    start, made = Barrier(2), list[int]()

    def log() -> None:
        start.wait()
        with transaction(engine) as session:
            made.append(working.log(session, anna, lead, Deed(outcome="reached", submission="key"), NOON))

    _both([Thread(target=log) for _ in range(2)])
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(Activity)) == 1
    assert len(made) == 2
    assert made[0] == made[1]


def _both(threads: list[Thread]) -> None:
    for one in threads:
        one.start()
    for one in threads:
        one.join()
