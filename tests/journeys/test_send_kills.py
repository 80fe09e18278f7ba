"""A send of 10,000 through a provider that fails at random, by workers killed twenty times: all have it once."""

import pytest
from sqlalchemy import Engine, select

from growth.campaigns.records import Delivery
from growth.database.engine import transaction
from tests.journeys.faulty_sending import Workers, send_through_faults
from tests.sandbox.running import Running

PEOPLE = 10_000
KILLS = 20
SHARE = 0.3
SEED = 20_261_124


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
