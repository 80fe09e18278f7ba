"""`growth events`."""

from growth.events.collecting import collector_key
from tests.running.starting import growth


def test_the_key_is_this_installation_s_unless_one_is_set() -> None:
    answer = growth("events", "key")
    assert (answer.returncode, answer.stdout.strip()) == (0, collector_key())
    assert len(collector_key()) == 64
    assert growth("events", "key", GROWTH_COLLECTOR_KEY="my own").stdout.strip() == "my own"


def test_a_database_that_was_not_moved_stays_as_it_is(database_url: str) -> None:
    answer = growth("events", "after-move", GROWTH_DATABASE_URL=database_url)
    assert answer.returncode == 0
    assert answer.stdout.startswith("Nothing to do")
