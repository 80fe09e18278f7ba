"""The database ends in the middle of sending, without a word, and starts again: sending goes on by itself."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from growth.campaigns.records import Campaign, Delivery
from growth.database.embedded import EmbeddedServer
from growth.database.engine import make_engine, transaction
from growth.database.migrate import migrate
from tests.journeys.faulty_sending import SHORT, Mailbox, Minutes, begin, people_of, sent, until, workers
from tests.sandbox.running import Running, leading_to, sandbox

PEOPLE = 2_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A PostgreSQL of its own, with the settings it ships with."""
    made = EmbeddedServer(tmp_path / "home")
    made.enter()
    yield made
    made.leave()


@pytest.fixture
def restarted(server: EmbeddedServer) -> Iterator[Engine]:
    """An engine on it."""
    engine = make_engine(server.url())
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[Running]:
    """A provider that is still at it when the database ends."""
    with sandbox(tmp_path) as running, leading_to(running, **SHORT):
        running.faults.answer_seconds = 0.5
        yield running


def end_at_once(server: EmbeddedServer) -> None:
    """As `pg_ctl stop -m immediate` does: all its processes are gone, and its log is read again at the next start."""
    found = server.pid()
    assert found is not None
    os.kill(found, signal.SIGQUIT)
    until(lambda: server.pid() is None)


@pytest.mark.journey
def test_nothing_is_lost_or_doubled(server: EmbeddedServer, restarted: Engine, mail: Running, tmp_path: Path) -> None:
    mailbox, stranger = Mailbox(restarted, mail), people_of(restarted, PEOPLE)
    with (
        workers(server.url(), tmp_path / "workers.log") as team,
        Minutes(restarted, mailbox, stranger=stranger, silence=range(0)),
    ):
        at_work = [team.start(), team.start()]
        begin(restarted)
        until(lambda: len(mail.mailbox) > PEOPLE // 10)
        end_at_once(server)
        assert 0 < len(mail.mailbox) < PEOPLE
        assert server.ensure_running(ends_with_us=False)
        mailbox.check()
        until(lambda: sent(restarted))
        assert [one.poll() for one in at_work] == [None, None]  # the same workers go on
    mailbox.check()
    with transaction(restarted) as session:
        assert session.scalars(select(Campaign.paused_because)).one() is None
        assert set(mailbox.received) == set(session.scalars(select(Delivery.id)))
    assert len(mailbox.received) == PEOPLE
