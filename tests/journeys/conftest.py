"""The pretend SendGrid and real workers, for journeys that kill them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.faulty_sending import SHORT, Workers, workers
from tests.sandbox.running import Running, leading_to, sandbox


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
