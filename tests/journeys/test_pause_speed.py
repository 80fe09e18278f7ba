"""Pause, resume, another speed and cancel, each in the middle of sending through a provider that takes its time."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from growth.campaigns import planning
from growth.campaigns.changing import change_speed
from growth.campaigns.records import Campaign, Delivery, DeliveryBatch
from growth.clock import SystemClock
from growth.database.engine import transaction
from tests.journeys.faulty_sending import SHORT, Mailbox, Minutes, Workers, begin, people_of, until, workers
from tests.sandbox.running import Running, leading_to, sandbox

PEOPLE = 4_000
ME = "person:test"
SLOW = 600
"""An hour: ten a minute."""


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[Running]:
    """A provider that takes a second per request of a hundred."""
    with sandbox(tmp_path) as running, leading_to(running, **SHORT | {"GROWTH_SENDGRID_TIMEOUT_SECONDS": "20"}):
        running.faults.answer_seconds = 1.0
        yield running


@pytest.fixture
def team(database_url: str, tmp_path: Path, mail: Running) -> Iterator[Workers]:
    """Two workers whose settings lead to it."""
    assert mail.url
    with workers(database_url, tmp_path / "workers.log") as made:
        made.start()
        made.start()
        yield made


class Sending:
    """A campaign on its way, and what the table says of it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        begin(engine)
        with transaction(engine) as session:
            self.id = session.scalars(select(Campaign.id)).one()

    def wish(self, act: Callable[[Session, datetime], object]) -> datetime:
        """Do something to it; gives a moment after it was committed."""
        with transaction(self.engine) as session:
            act(session, SystemClock().now())
        return SystemClock().now()

    def number(self, *states: str) -> int:
        return self._count(Delivery.state.in_(states))

    def claimed_since(self, moment: datetime) -> int:
        """How many were taken up after a moment, by whichever worker."""
        until(lambda: not self._count(DeliveryBatch.state == "claimed"))  # what was under way is written down
        return self._count(Delivery.claimed_at > moment)

    def goes_on(self) -> None:
        """Wait for more than a minute's share of the slow speed, in less than a minute."""
        before = self.number("accepted", "delivered")
        until(lambda: self.number("accepted", "delivered") > before + 2 * SLOW // 60, 40)

    def _count(self, which: object) -> int:
        with transaction(self.engine) as session:
            return session.scalar(select(func.count()).where(which)) or 0  # type: ignore[arg-type]


@pytest.mark.journey
@pytest.mark.usefixtures("team")
def test_each_acts_on_the_very_next_batch_of_both_workers(engine: Engine, mail: Running) -> None:
    mailbox, stranger = Mailbox(engine, mail), people_of(engine, PEOPLE)
    with Minutes(engine, mailbox, stranger=stranger, silence=range(0)):
        campaign = Sending(engine)
        campaign.goes_on()

        paused = campaign.wish(lambda session, now: planning.pause(session, campaign.id, actor=ME, now=now))
        assert campaign.claimed_since(paused) == 0
        assert 0 < campaign.number("accepted", "delivered") < PEOPLE
        assert campaign.claimed_since(paused) == 0
        campaign.wish(lambda session, now: planning.resume(session, campaign.id, actor=ME, now=now))
        campaign.goes_on()

        slow = campaign.wish(lambda session, now: change_speed(session, campaign.id, per_hour=SLOW, actor=ME, now=now))
        taken = campaign.claimed_since(slow)
        assert taken <= ((SystemClock().now() - slow) // timedelta(minutes=1) + 2) * SLOW // 60
        campaign.wish(lambda session, now: change_speed(session, campaign.id, per_hour=None, actor=ME, now=now))
        campaign.goes_on()

        gone = campaign.wish(lambda session, now: planning.cancel(session, campaign.id, actor=ME, now=now))
        assert campaign.claimed_since(gone) == 0
        until(lambda: not campaign.number("planned"))
        assert campaign.claimed_since(gone) == 0
    mailbox.look()
    assert set(mailbox.received.values()) == {1}
    assert len(mailbox.received) == campaign.number("accepted", "delivered")
    assert campaign.number("accepted", "delivered") + campaign.number("cancelled") == PEOPLE
    assert campaign.number("cancelled") > 0
