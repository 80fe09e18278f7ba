"""What signing in leaves behind, and the job that clears it away with old runs."""

import threading
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.people.accounts import Account, SignInAttempt, WebSession
from growth.people.leavings import forget_attempts, forget_sessions
from growth.scheduling.doing import do, take_up
from growth.scheduling.firing import fire
from growth.scheduling.records import JobLine, JobRun


def leave_behind(session: Session, now: datetime) -> None:
    """Three sessions and three attempts, of which two each are over."""
    account = Account(email="lin@example.com", name="Lin", password_hash="", created_at=now)
    session.add(account)
    session.flush()
    for hours in (2, 1, -1):
        ends = now - timedelta(hours=hours)
        kept = {"account_id": account.id, "created_at": now, "seen_at": now, "expires_at": ends}
        session.add(WebSession(token_hash=bytes([hours + 5]), **kept))
        session.add(SignInAttempt(key=b"x", at=now - timedelta(hours=max(hours, 0))))
        session.flush()


def test_a_few_at_a_time(session: Session, clock: FixedClock) -> None:
    leave_behind(session, clock.now())
    assert forget_sessions(session, clock.now(), None, 1).next is not None
    first = forget_attempts(session, clock.now(), None, 1)
    assert (first.done, first.next is not None) == (1, True)
    second = forget_attempts(session, clock.now(), first.next, 1)
    third = forget_attempts(session, clock.now(), second.next, 1)
    assert (second.done, third.done, third.next) == (1, 0, None)


def test_the_job_clears_it_all_away(engine: Engine, clock: FixedClock) -> None:
    with transaction(engine) as session:
        leave_behind(session, clock.now())
        old = clock.now() - timedelta(days=100)
        for number in range(101):
            at = old + timedelta(minutes=number)
            session.add(JobRun(job="gone", due_at=at, finished_at=at, state="succeeded", fired_by="schedule"))
        session.flush()
        run_id = fire(session, "forget_old_runs", due_at=clock.now(), fired_by="person:test")
    assert run_id is not None
    with transaction(engine) as session:
        task_id = session.get_one(JobRun, run_id).task_id
    assert task_id is not None
    claim = take_up(engine, clock.now(), "run", run_id, task_id)
    assert claim is not None
    do(engine, clock, claim, threading.Event())
    with transaction(engine) as session:
        run = session.get_one(JobRun, run_id)
        assert (run.state, run.detail) == ("succeeded", None)
        assert session.scalars(select(JobLine.words)).one()["values"] == {"runs": 1}
        assert session.scalar(select(func.count()).where(JobRun.job == "gone")) == 100
        assert session.scalar(select(func.count()).select_from(WebSession)) == 1
        assert session.scalar(select(func.count()).select_from(SignInAttempt)) == 1
        assert session.scalar(text("select count(*) from procrastinate_jobs")) == 1
