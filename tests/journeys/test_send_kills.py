"""A send of 10,000 through a provider that fails at random, by workers killed twenty times: all have it once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from growth.campaigns.records import Delivery
from growth.database.engine import transaction
from tests.journeys.faulty_sending import SHORT, Workers, send_through_faults, workers
from tests.sandbox.running import Running, leading_to, sandbox

PEOPLE = 10_000
KILLS = 20
SHARE = 0.3
SEED = 20_261_124


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[Running]:
    """The pretend SendGrid, and settings for this process and the workers that lead to it."""
    with sandbox(tmp_path) as running, leading_to(running, **SHORT):
        yield running


@pytest.fixture
def team(database_url: str, tmp_path: Path, mail: Running) -> Iterator[Workers]:
    """Real workers whose settings lead to the pretend SendGrid."""
    assert mail.url
    with workers(database_url, tmp_path / "workers.log") as made:
        yield made


@pytest.mark.journey
def test_twenty_kills_and_a_provider_that_fails_and_everybody_has_it_once(
    engine: Engine, mail: Running, team: Workers
) -> None:
    went = send_through_faults(engine, mail, team, people=PEOPLE, kills=KILLS, share=SHARE, seed=SEED)
    assert went.planned % PEOPLE == 0
    assert went.once == went.messages == went.planned
    assert went.batches["released"] > 0  # some left no trace, and were sent again
    assert set(went.batches) <= {"accepted", "released", "refused"}
    with transaction(engine) as session:
        assert set(session.scalars(select(Delivery.state).distinct())) <= {"accepted", "delivered"}
